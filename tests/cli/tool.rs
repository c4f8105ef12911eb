//! `aivm --help` and `aivm doctor`.

use std::process::{Command, Stdio};

use crate::{ROOT, aivm, json, stdout};

#[test]
fn help_documents_the_exit_codes_and_every_command() {
    let help = stdout(&["--help"]);
    let commands = [
        "doctor",
        "model",
        "infer",
        "run",
        "bench",
        "conformance",
        "wast",
    ];
    for word in commands.iter().chain(&["--json", "Exit codes:"]) {
        assert!(help.contains(word), "{word}");
    }
    for command in [
        &["infer", "--help"][..],
        &["run", "--help"],
        &["doctor", "--help"],
        &["conformance", "--help"],
        &["wast", "--help"],
        &["bench", "--help"],
        &["bench", "determinism", "--help"],
        &["model", "--help"],
        &["model", "inspect", "--help"],
        &["model", "bench", "--help"],
        &["model", "compare", "--help"],
    ] {
        assert!(stdout(command).contains("Exit codes:"), "{command:?}");
    }
}

#[test]
fn doctor_reports_the_cpu_and_a_known_answer_for_every_kernel_of_every_adapter() {
    let report = json(&["doctor", "--json"]);
    assert!(report["cpu"]["cores"].as_u64() >= Some(1));
    let chosen = &report["cpu"]["instruction_set"];
    let possible = report["cpu"]["instruction_sets"]
        .as_array()
        .expect("a list");
    assert_eq!(possible[0], "portable");
    assert!(possible.contains(chosen), "{chosen}");
    for adapter in report["adapters"].as_array().expect("a list") {
        assert!(adapter["limits"]["binding_bytes_max"].as_u64() > Some(0));
        let tests = adapter["known_answers"].as_array().expect("a list");
        assert!(!tests.is_empty());
        assert!(tests.iter().all(|test| test["ok"] == true), "{adapter}");
        let metrics = &adapter["metrics"];
        assert_eq!(metrics["devices_opened"], 1, "{metrics}");
        assert!(metrics["pipelines_created"].as_u64() > Some(0), "{metrics}");
    }
    assert!(stdout(&["doctor"]).starts_with("CPU: "));
}

#[test]
fn with_json_a_failure_is_an_object_too() {
    let cases = [
        (
            &["model", "inspect", "none.tosa"][..],
            1,
            "refused",
            "none.tosa",
        ),
        (&["infer", "--input", "a"], 2, "usage", "--output"),
        (&["model", "inspect"], 2, "usage", "MODEL"),
    ];
    for (arguments, code, kind, word) in cases {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let output = aivm(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(
            (&report["kind"], &report["exit_code"]),
            (&kind.into(), &code.into())
        );
        let error = report["error"].as_str().expect("a text");
        assert!(error.contains(word), "{error}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(word));
    }
}

#[test]
fn a_report_of_what_failed_is_the_only_object() {
    // A folder without tests is a report, and a failure.
    let folder = crate::Folder::new("no_tests");
    let output = aivm(&["conformance", &folder.path(""), "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert!(report["error"].is_null(), "{report}");
}

#[cfg(target_os = "linux")]
#[test]
fn readers_that_go_away_and_full_devices_are_no_panic() {
    let contract = format!("{ROOT}/examples/contracts/erc20.wasm");
    let run = |arguments: &[&str], out: Stdio, err: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aivm"));
        let status = command.args(arguments).stdout(out).stderr(err).status();
        status.expect("the tool starts").code()
    };
    let full = || Stdio::from(std::fs::File::create("/dev/full").expect("a device"));
    // A pipe whose reading end is closed.
    let gone = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        Stdio::from(writer)
    };
    let disassemble = ["wasm", "disassemble", &contract];
    assert_eq!(run(&disassemble, gone(), gone()), Some(0));
    assert_eq!(run(&disassemble, full(), Stdio::null()), Some(3));
    assert_eq!(run(&disassemble, full(), full()), Some(3));
    assert_eq!(run(&["--help"], full(), full()), Some(3));
    assert_eq!(run(&["run", "--help"], gone(), gone()), Some(0));
    assert_eq!(
        run(&["check", "nowhere.wasm"], Stdio::null(), full()),
        Some(1)
    );
}
