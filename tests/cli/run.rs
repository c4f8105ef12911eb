//! `aivm run`: receipts of calls, and what it refuses.

use serde_json::Value;

use crate::{Folder, ROOT, aivm, fails, images, json, labels, model, stdout};

const LARGE_GAS: &str = "5000000";

fn contract() -> String {
    format!("{ROOT}/examples/contracts/digit_classifier.wat")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn run_prints_a_receipt_for_every_call_over_one_state() {
    let image = hex(&images(1));
    let mut receipts = Vec::new();
    for mode in ["interpret", "jit", "compare"] {
        receipts.push(json(&[
            "run",
            &contract(),
            "--call",
            &image,
            "--call",
            "0x00",
            "--call",
            &image,
            "--mode",
            mode,
            "--gas",
            LARGE_GAS,
            "--model",
            &model(),
            "--json",
        ]));
    }
    assert_eq!(receipts[0], receipts[1]);
    assert_eq!(receipts[0], receipts[2]);
    let list = receipts[0].as_array().expect("an array");
    let status: Vec<_> = list
        .iter()
        .map(|receipt| receipt["status"].as_str())
        .collect();
    assert_eq!(status, [Some("ok"), Some("revert"), Some("ok")]);
    for receipt in list {
        let keys: Vec<&String> = receipt.as_object().expect("an object").keys().collect();
        let all = ["gas_used", "inferences", "logs", "output", "status", "trap"];
        assert_eq!(keys, all);
        assert_eq!(receipt["trap"], Value::Null);
    }
    let inference = &list[0]["inferences"][0];
    assert_eq!(
        inference["model"],
        "0xc45a66e019b9b3d736e51c56facd636cda6fa9779984afd853a8f6d8297af01a"
    );
    assert_eq!(inference["output"].as_str().map(str::len), Some(66));
    assert_eq!(list[0]["inferences"], list[2]["inferences"]);
    assert!(list[1]["inferences"].as_array().is_some_and(Vec::is_empty));
    let class = format!("0x{:064x}", labels(1)[0]);
    assert_eq!(list[0]["output"], class.as_str());
    assert_eq!(list[0]["logs"][0]["data"], class.as_str());
    let topic = "0x40b920cb6805ba3f8c612914f6fe4ef9416facb466b4a30e9357889b233291ee";
    assert_eq!(list[0]["logs"][0]["topics"], serde_json::json!([topic]));
    assert_eq!(list[1]["output"], "0xfffffffe");
    assert!(list[1]["logs"].as_array().is_some_and(Vec::is_empty));
    let text = stdout(&["run", &contract(), "--call", "00", "--gas", "700"]);
    assert!(
        text.starts_with("call 0: out_of_gas, gas used 700"),
        "{text}"
    );
}

/// Returns caller and value, 20 and 32 bytes; traps if there is call data.
const WHO: &str = r#"
(module
  (import "vm_hooks" "msg_sender" (func $msg_sender (param i32)))
  (import "vm_hooks" "msg_value" (func $msg_value (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "user_entrypoint") (param $len i32) (result i32)
    (drop (i32.div_u (i32.const 1) (i32.eqz (local.get $len))))
    (call $msg_sender (i32.const 0))
    (call $msg_value (i32.const 20))
    (call $write_result (i32.const 0) (i32.const 52))
    (i32.const 0)))
"#;

#[test]
fn run_passes_sender_and_value_and_says_why_a_call_trapped() {
    let folder = Folder::new("who");
    let text = folder.write("who.wat", WHO.as_bytes());
    let binary = folder.write("who.wasm", &wat::parse_str(WHO).unwrap());
    let sender = "0x00000000000000000000000000000000000000aB";
    for file in [&text, &binary] {
        let receipts = json(&[
            "run", file, "--call", "", "--gas", "100000", "--sender", sender, "--value", "0x102",
            "--json",
        ]);
        let output = format!("0x{:040x}{:064x}", 0xab, 0x102);
        assert_eq!(receipts[0]["output"], output.as_str());
    }
    let trapped = aivm(&["run", &text, "--call", "01", "--gas", "100000", "--json"]);
    assert_eq!(trapped.status.code(), Some(0), "a trap is a receipt");
    let receipts: Value = serde_json::from_slice(&trapped.stdout).unwrap();
    assert_eq!(
        (&receipts[0]["status"], &receipts[0]["gas_used"]),
        (&"trap".into(), &100_000.into())
    );
    assert_eq!(receipts[0]["trap"], "IntegerDivisionByZero");
    let text = stdout(&["run", &text, "--call", "01", "--gas", "100000"]);
    assert!(
        text.starts_with("call 0: trap (IntegerDivisionByZero), gas used"),
        "{text}"
    );
}

#[test]
fn run_refuses_bad_code_and_bad_arguments() {
    let folder = Folder::new("bad_code");
    let float = r#"(module (memory (export "memory") 1)
        (func (export "user_entrypoint") (param i32) (result i32) (drop (f32.const 1)) (i32.const 0)))"#;
    let cases = [
        ("float.wat", float.as_bytes(), "at byte"),
        ("typo.wat", b"(module (memroy 1))", "typo.wat:1:10"),
        ("empty.wasm", b"", "empty.wasm: no WebAssembly"),
        ("text.wasm", b"(module)", "ends with .wat"),
    ];
    for (name, bytes, reason) in cases {
        let file = folder.write(name, bytes);
        let (code, message) = fails(&["run", &file, "--call", "", "--gas", "1000000"]);
        assert_eq!(code, 1, "{message}");
        assert!(message.contains(reason), "{message}");
    }
    let contract = contract();
    for arguments in [
        &["run", &contract, "--call", "0", "--gas", "1"][..],
        &["run", &contract, "--call", "zz", "--gas", "1"],
        &["run", &contract, "--call", "", "--gas", "-1"],
        &["run", &contract, "--call", ""],
        &["run", &contract, "--gas", "1"],
        &[
            "run", &contract, "--call", "", "--gas", "1", "--mode", "fast",
        ],
        &[
            "run", &contract, "--call", "", "--gas", "1", "--sender", "0x12",
        ],
        &[
            "run", &contract, "--call", "", "--gas", "1", "--value", "much",
        ],
        &["infer", "x.tosa"],
        &["model"],
        &[],
    ] {
        let output = aivm(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert!(!output.stderr.is_empty());
    }
    let (code, message) = fails(&[
        "run", &contract, "--call", "", "--gas", "1", "--model", &contract,
    ]);
    assert_eq!(code, 1, "{message}");
}
