//! `aivm --help` and `aivm doctor`.

use crate::{json, stdout};

#[test]
fn help_documents_the_exit_codes_and_every_command() {
    let help = stdout(&["--help"]);
    let commands = ["doctor", "model", "infer", "run", "bench", "conformance"];
    for word in commands.iter().chain(&["--json", "Exit codes:"]) {
        assert!(help.contains(word), "{word}");
    }
    for command in [
        &["infer", "--help"][..],
        &["run", "--help"],
        &["doctor", "--help"],
        &["conformance", "--help"],
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
    }
    assert!(stdout(&["doctor"]).starts_with("CPU: "));
}
