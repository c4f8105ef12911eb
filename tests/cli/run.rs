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

/// A function that spends in a loop, one that has no name, and a trap in a third.
const SPENDER: &str = r#"
(module
  (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
  (memory (export "memory") 1)
  (func $_ZN5token5spendE (param $n i32)
    (loop (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if 0 (local.get $n))))
  (func (param i32) (drop (i32.div_u (i32.const 1) (local.get 0))))
  (func (export "user_entrypoint") (param $len i32) (result i32)
    (call $_ZN5token5spendE (i32.const 1000))
    (call 2 (local.get $len))
    (call $reentrant)))
"#;

#[test]
fn a_trace_shows_every_call_and_a_flame_graph_where_the_gas_went() {
    let folder = Folder::new("trace");
    let file = folder.write("spender.wat", SPENDER.as_bytes());
    let arguments = ["run", &file, "--call", "01", "--call", "", "--gas", "10000"];
    let plain = json(&[&arguments[..], &["--json"]].concat());
    let mut traced = json(&[&arguments[..], &["--json", "--trace"]].concat());
    let calls: Vec<_> = [0, 1]
        .map(|index| {
            let trace = traced[index].as_object_mut().unwrap().remove("trace");
            let trace = trace.expect("a trace in each receipt");
            assert_eq!(trace["calls_left_out"], 0);
            trace["calls"].as_array().expect("a list").clone()
        })
        .into();
    assert_eq!(traced, plain, "a trace changes nothing else");
    let names: Vec<_> = calls[0].iter().skip(1).map(|call| &call["name"]).collect();
    let expected = [
        "user_entrypoint",
        "token::spend",
        "function 2",
        "vm_hooks.msg_reentrant",
    ];
    assert_eq!(names, expected);
    let kinds: Vec<_> = calls[0].iter().map(|call| &call["kind"]).collect();
    assert_eq!(
        kinds,
        ["contract", "function", "function", "function", "host"]
    );
    assert_eq!(calls[0][2]["arguments"], serde_json::json!([1000]));
    assert!(calls[0].iter().all(|call| call["returned"] == true));
    let returned: Vec<_> = calls[1].iter().map(|call| &call["returned"]).collect();
    assert_eq!(returned, [false, false, true, false]);

    let text = stdout(&[&arguments[..], &["--trace"]].concat());
    assert!(text.contains("\n      token::spend(1000): "), "{text}");
    assert!(text.contains("\n      function 2(0): "), "{text}");
    assert!(text.contains(" gas, ended here\n"), "{text}");

    let collapsed = folder.path("gas.folded");
    stdout(&[&arguments[..], &["--flamegraph", &collapsed]].concat());
    let collapsed = std::fs::read_to_string(collapsed).unwrap();
    let ink: Vec<(&str, u64)> = collapsed
        .lines()
        .map(|line| line.rsplit_once(' ').expect("a stack and its ink"))
        .map(|(stack, ink)| (stack, ink.parse().expect("a number")))
        .collect();
    let spent = |call: &Vec<Value>| call[0]["ink"].as_u64().expect("ink");
    let sum = |around: bool| {
        let of_kind = ink
            .iter()
            .filter(|(stack, _)| stack.starts_with('(') == around);
        of_kind.map(|(_, ink)| ink).sum::<u64>()
    };
    assert_eq!(sum(false), calls.iter().map(spent).sum::<u64>());
    let receipts = plain.as_array().expect("a list").iter();
    let gas_used = receipts.map(|receipt| receipt["gas_used"].as_u64());
    let gas_used: u64 = gas_used.map(|gas| gas.expect("gas")).sum();
    assert_eq!(sum(false) + sum(true), 10_000 * gas_used);
    let spender = ink
        .iter()
        .filter(|(stack, _)| stack.ends_with(";user_entrypoint;token::spend"));
    assert_eq!(
        spender.map(|(_, ink)| ink).sum::<u64>(),
        2 * calls[0][2]["ink"].as_u64().unwrap()
    );

    let svg = folder.path("gas.svg");
    stdout(&[&arguments[..], &["--flamegraph", &svg]].concat());
    let svg = std::fs::read_to_string(svg).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("<title>token::spend: "), "{svg}");
}

#[test]
fn a_trace_is_the_interpreters() {
    let contract = contract();
    let run = ["run", &contract, "--call", "", "--gas", "1"];
    for wrong in [
        &["--trace", "--mode", "jit"][..],
        &["--flamegraph", "x.svg", "--mode", "compare"],
        &["--flamegraph", "x.png"],
        &["--flamegraph", &contract.replace(".wat", ".wat/x.svg")],
    ] {
        let output = aivm(&[&run[..], wrong].concat());
        assert_ne!(output.status.code(), Some(0), "{wrong:?}");
        assert!(output.stdout.is_empty(), "{wrong:?}");
    }
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
        &["run", &contract, "--call", ""],
        &["run", &contract, "--gas", "1"],
        &[
            "run", &contract, "--call", "", "--gas", "1", "--mode", "fast",
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

#[test]
fn wrong_values_are_told_what_would_be_right() {
    let contract = contract();
    let run = ["run", &contract, "--call", "", "--gas", "1"];
    for (option, values, right) in [
        (
            "--value",
            &["", "0x", "0x_", "1_000", "0o17", "0b11", "much", "-1"][..],
            "decimal digits, or 0x and hex digits",
        ),
        (
            "--value",
            &["0x1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"],
            "2^256",
        ),
        ("--sender", &["0x12", ""], "20 bytes, 40 hex digits"),
        (
            "--call",
            &["0", "zz"],
            "an even number of hex digits, or @ and a file",
        ),
        ("--call", &["@"], "no file behind it"),
        ("--block-number", &["-1", "x"], "invalid digit"),
    ] {
        for value in values {
            let (code, message) = fails(&[&run[..], &[option, value]].concat());
            assert_eq!(code, 2, "{option} {value}: {message}");
            assert!(message.contains(right), "{option} {value}: {message}");
        }
    }
    let (code, message) = fails(&["run", &contract, "--call", "", "--gas", "-1"]);
    assert_eq!(code, 2);
    assert!(message.contains("invalid digit"), "{message}");
}

#[test]
fn call_data_can_come_from_a_file() {
    let folder = Folder::new("call_data");
    let echo = r#"(module
      (import "vm_hooks" "read_args" (func $read_args (param i32)))
      (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
      (memory (export "memory") 2)
      (func (export "user_entrypoint") (param $len i32) (result i32)
        (call $read_args (i32.const 0))
        (call $write_result (i32.const 0) (local.get $len))
        (i32.const 0)))"#;
    let contract = folder.write("echo.wat", echo.as_bytes());
    let limit = 128 * 1024;
    let longest = folder.write("longest", &vec![7; limit]);
    let too_long = folder.write("too_long", &vec![7; limit + 1]);
    let run = |file: &str| {
        let data = format!("@{file}");
        [
            "run", &contract, "--call", &data, "--gas", "1000000", "--json",
        ]
        .map(str::to_owned)
    };
    let words = run(&longest);
    let receipts = json(&words.each_ref().map(String::as_str));
    assert_eq!(receipts[0]["output"], format!("0x{}", "07".repeat(limit)));
    let words = run(&too_long);
    let (code, message) = fails(&words.each_ref().map(String::as_str));
    assert_eq!(code, 1, "{message}");
    assert!(message.contains("longer than 131072 bytes"), "{message}");
    // What is read is not written.
    let svg = folder.write("data.svg", b"x");
    let data = format!("@{svg}");
    let (code, message) = fails(&[
        "run",
        &contract,
        "--call",
        &data,
        "--gas",
        "1",
        "--flamegraph",
        &svg,
    ]);
    assert_eq!(code, 2, "{message}");
}
