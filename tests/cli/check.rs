//! `aivm check` and `aivm wasm disassemble`.

use crate::{Folder, ROOT, aivm, json, stdout};

const BROKEN: &str = r#"(module
  (import "env" "now" (func (result i64)))
  (memory 1)
  (func (export "half") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5))))"#;

#[test]
fn check_names_every_rule_that_a_contract_breaks() {
    let folder = Folder::new("check");
    let path = folder.write("broken.wat", BROKEN.as_bytes());
    let output = aivm(&["check", &path, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("a report, also of a refused contract");
    assert_eq!(report["accepted"], false);
    assert!(report["plan"].is_null());
    let refusals = report["refusals"].as_array().expect("a list");
    let rules: Vec<&str> = refusals
        .iter()
        .filter_map(|one| one["rule"].as_str())
        .collect();
    for rule in ["float", "unknown_import"] {
        assert!(rules.contains(&rule), "{rules:?}");
    }
    for refusal in refusals {
        assert!(refusal["offset"].is_u64());
        assert!(
            refusal["right"]
                .as_str()
                .is_some_and(|right| !right.is_empty())
        );
    }
    let output = aivm(&["check", &path]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("float: ") && text.contains("at byte"),
        "{text}"
    );
}

#[test]
fn check_says_what_an_accepted_contract_needs() {
    let contract = format!("{ROOT}/examples/contracts/digit_classifier.wasm");
    let report = json(&["check", &contract, "--json"]);
    assert_eq!(report["accepted"], true);
    assert_eq!(report["refusals"].as_array().map(Vec::len), Some(0));
    let plan = &report["plan"];
    for number in [
        "functions",
        "ops",
        "charges",
        "frame_words",
        "stack_words",
        "compile_work",
        "activation_gas",
        "native_bytes",
    ] {
        assert!(plan[number].as_u64() > Some(0), "{number}: {plan}");
    }
    let imports = plan["imports"].as_array().expect("a list");
    assert!(
        imports.iter().any(|import| import == "aivm.infer"),
        "{imports:?}"
    );
    assert!(stdout(&["check", &contract]).starts_with("accepted "));
}

#[test]
fn disassemble_shows_a_function_in_three_forms() {
    let contract = format!("{ROOT}/examples/contracts/digit_classifier.wat");
    let entry = "user_entrypoint";
    let plan = stdout(&["wasm", "disassemble", &contract, entry]);
    assert!(
        plan.starts_with("function ") && plan.contains("charge "),
        "{plan}"
    );
    let clif = stdout(&["wasm", "disassemble", &contract, entry, "--clif"]);
    assert!(clif.contains("block0("), "{clif}");
    let native = stdout(&["wasm", "disassemble", &contract, entry, "--native"]);
    assert!(native.lines().count() > 10, "{native}");
    let all = stdout(&["wasm", "disassemble", &contract]);
    assert!(
        all.contains("import 0 ") && all.contains("function "),
        "{all}"
    );
    let output = aivm(&["wasm", "disassemble", &contract, "nowhere"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn check_accepts_the_console_where_it_is_asked_to() {
    let folder = Folder::new("check-console");
    let text = r#"(module
      (import "console" "log_i32" (func (param i32)))
      (memory (export "memory") 1)
      (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#;
    let path = folder.write("console.wat", text.as_bytes());
    let refused = String::from_utf8(aivm(&["check", &path]).stdout).expect("text");
    assert!(refused.contains("for debugging only"), "{refused}");
    assert!(stdout(&["check", "--debug", &path]).contains("accepted"));
}

#[test]
fn functions_have_the_names_that_the_file_keeps() {
    let folder = Folder::new("check-names");
    let broken = r#"(module (func $_ZN3foo4halfE (drop (f32.const 1))))"#;
    let path = folder.write("broken.wat", broken.as_bytes());
    let text = String::from_utf8(aivm(&["check", &path]).stdout).expect("text");
    assert!(
        text.contains(" in function 0 (foo::half), at byte"),
        "{text}"
    );
    let report: serde_json::Value =
        serde_json::from_slice(&aivm(&["check", &path, "--json"]).stdout).expect("a report");
    assert_eq!(report["refusals"][0]["function_name"], "foo::half");

    let named = r#"(module (func $_ZN3foo3oneE nop) (func $twice nop) (func (@name "twice") nop))"#;
    let path = folder.write("named.wat", named.as_bytes());
    for name in ["foo::one", "_ZN3foo3oneE", "0", "twice"] {
        let output = aivm(&["wasm", "disassemble", &path, name, "--clif"]);
        let text = String::from_utf8(output.stdout).expect("text");
        match name {
            "twice" => {
                let message = String::from_utf8(output.stderr).expect("text");
                assert_eq!(output.status.code(), Some(2));
                assert!(message.contains("among them 1 and 2"), "{message}");
            }
            _ => assert!(text.starts_with(";; function 0 foo::one"), "{text}"),
        }
    }
}

#[test]
fn the_contract_on_the_page_for_authors_does_what_the_page_says() {
    let page = include_str!("../../docs/contracts.md");
    let (_, rest) = page.split_once("```wat\n").expect("the contract");
    let (text, _) = rest.split_once("```").expect("its end");
    let folder = Folder::new("page");
    let path = folder.write("page.wat", text.as_bytes());
    assert!(stdout(&["check", &path]).starts_with("accepted "));
    let report = json(&[
        "run", &path, "--call", "07ff", "--call", "00", "--gas", "100000", "--json",
    ]);
    for (call, status, output) in [(0, "ok", "0x07ff"), (1, "revert", "0x00")] {
        assert_eq!(report[call]["status"], status, "{report}");
        assert_eq!(report[call]["output"], output, "{report}");
    }
}

#[test]
fn names_in_files_move_no_cursor_and_make_no_lines() {
    let folder = Folder::new("check-escapes");
    let text = r#"(module (import "vm_hooks" "x\1b[31m\n\01y" (func)))"#;
    let path = folder.write("escapes.wat", text.as_bytes());
    let output = aivm(&["check", &path]);
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains(r"`vm_hooks.x\u{1b}[31m\n\u{1}y`"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    let run = aivm(&["run", &path, "--call", "", "--gas", "1"]);
    assert!(!run.stderr.contains(&0x1b));
}

#[test]
fn a_line_that_is_wrong_is_shown_as_far_as_people_read() {
    let folder = Folder::new("check-long");
    let path = folder.write("deep.wat", "(".repeat(100_000).as_bytes());
    let output = aivm(&["check", &path]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.len() < 2000, "{}", output.stderr.len());
    let binary = folder.write("binary.wat", b"\0asm\x01\0\0\0\xff");
    let output = aivm(&["check", &binary]);
    let message = String::from_utf8(output.stderr).expect("text");
    assert!(
        message.contains("binary WebAssembly, where WebAssembly's text form"),
        "{message}"
    );
}

#[test]
fn disassemble_prints_json_too() {
    let contract = format!("{ROOT}/examples/contracts/digit_classifier.wat");
    for (form, flag) in [
        ("plan", None),
        ("clif", Some("--clif")),
        ("native", Some("--native")),
    ] {
        for function in [None, Some("user_entrypoint")] {
            let words = ["wasm", "disassemble", &contract].into_iter();
            let words: Vec<&str> = words.chain(function).chain(flag).collect();
            let text = stdout(&words);
            let report = json(&[&words[..], &["--json"]].concat());
            assert_eq!(report["form"], form);
            assert_eq!(report["function"].is_u64(), function.is_some());
            assert_eq!(report["text"].as_str(), Some(text.trim_end()));
        }
    }
}
