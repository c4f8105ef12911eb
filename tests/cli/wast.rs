//! `aivm wast`.

use crate::{Folder, aivm, json, stdout};

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
