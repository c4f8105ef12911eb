//! `aivm wast`.

use crate::{Folder, aivm, fails, json, stdout};

const SCRIPT: &str = r#"
(module
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "half") (param f32) (result f32) (f32.mul (local.get 0) (f32.const 0.5))))
(assert_return (invoke "add" (i32.const 1) (i32.const -2)) (i32.const -1))
(assert_return (invoke "half" (f32.const 1)) (f32.const 0.5))
(assert_invalid (module (func (result i32))) "type mismatch")
"#;

#[test]
fn a_script_is_counted_in_every_mode_and_a_wrong_one_fails() {
    let folder = Folder::new("wast");
    let good = folder.write("good.wast", SCRIPT.as_bytes());
    let bad = folder.write("bad.wast", SCRIPT.replace("-1))", "-3))").as_bytes());
    for mode in ["interpret", "jit", "compare"] {
        let report = json(&["wast", &good, "--mode", mode, "--json"]);
        assert_eq!(report[0]["passed"]["assert_return"], 1, "{report}");
        assert_eq!(report[0]["passed"]["assert_invalid"], 1, "{report}");
        let excluded = &report[0]["excluded"][0];
        assert_eq!(excluded["reason"], "executes float arithmetic");
        assert_eq!(excluded["count"], 1);
    }
    assert!(stdout(&["wast", &good]).ends_with("3 passed, 0 failed, 1 excluded\n"));
    let failed = aivm(&["wast", &bad]);
    assert_eq!(failed.status.code(), Some(1));
    let text = String::from_utf8_lossy(&failed.stdout).into_owned();
    assert!(text.contains("bad.wast:5: assert_return: "), "{text}");
}

/// The values are right in every line, the types are not.
const MISTYPED: &str = r#"(module
  (func (export "one") (result i32) (i32.const 1))
  (func (export "same") (param i32) (result i32) (local.get 0))
  (global (export "global") i64 (i64.const 1)))
(assert_return (invoke "one") (i64.const 1))
(assert_return (invoke "one") (f32.const 0x1p-149))
(assert_return (invoke "same" (i64.const 1)) (i32.const 1))
(assert_return (invoke "same" (f32.const 1)) (i32.const 0x3f800000))
(assert_return (invoke "same") (i32.const 0))
(assert_return (invoke "one"))
(assert_return (get "global") (i32.const 1))
(assert_trap (invoke "same" (i64.const 1)) "unreachable")
"#;

#[test]
fn values_of_another_type_are_not_equal() {
    let folder = Folder::new("wast_types");
    let path = folder.write("types.wast", MISTYPED.as_bytes());
    for mode in ["interpret", "jit", "compare"] {
        let output = aivm(&["wast", &path, "--mode", mode, "--json"]);
        assert_eq!(output.status.code(), Some(1));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
        let failed = report[0]["failed"].as_array().expect("a list");
        let lines: Vec<_> = failed
            .iter()
            .map(|one| one["line"].as_u64().unwrap())
            .collect();
        assert_eq!(lines, (5..=12).collect::<Vec<_>>(), "{report}");
    }
}

#[test]
fn what_is_no_script_is_refused_with_its_place() {
    let folder = Folder::new("no_script");
    for (name, bytes, right) in [
        (
            "typo.wast",
            &b"(module)\n(assert_retrun)"[..],
            "typo.wast:2:2",
        ),
        (
            "binary.wast",
            b"\0asm\x01\0\0\0\xff",
            "binary.wast: binary WebAssembly",
        ),
        ("latin.wast", b"(module) ;; \xe9", "byte 12 is no UTF-8"),
    ] {
        let path = folder.write(name, bytes);
        let (code, message) = fails(&["wast", &path]);
        assert_eq!(code, 1, "{message}");
        assert!(message.contains(right), "{message}");
    }
}
