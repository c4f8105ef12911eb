//! The list of every refusal begins with the one that counts, and goes on behind it.

use aivm_core::Limits;
use aivm_wasm::{RefusalCode, Rules, refusals, validate};

use crate::rules;

fn list(bytes: &[u8], rules: Rules) -> Vec<String> {
    let list = refusals(bytes, &Limits::CONTRACT, rules);
    let first = validate(bytes, &Limits::CONTRACT, rules).err();
    assert_eq!(list.first(), first.as_ref());
    list.iter().map(ToString::to_string).collect()
}

#[test]
fn the_first_of_the_list_is_the_refusal() {
    let mut modules = 0;
    for case in rules::cases() {
        let bytes = wat::parse_str(case.wat).expect("a module");
        assert!(!list(&bytes, case.rules).is_empty());
        modules += 1;
    }
    for case in rules::binary_cases() {
        assert!(!list(&case.bytes, Rules::Generic).is_empty());
        modules += 1;
    }
    assert!(modules >= 25, "{modules} modules");
}

#[test]
fn an_accepted_module_has_no_list() {
    let bytes = wat::parse_str("(module (func (export \"a\")))").expect("a module");
    assert!(list(&bytes, Rules::Generic).is_empty());
}

#[test]
fn each_rule_that_a_module_breaks_is_listed_with_its_place() {
    let wat = r#"(module
        (import "env" "print" (func (param i32)))
        (import "vm_hooks" "read_args" (func (param i64)))
        (import "env" "memory" (global i32))
        (type (func (param f32) (result f64)))
        (func (local f32) f64.const 1 f64.const 2 f64.add drop)
        (func)
        (func i32.add)
        (func (param externref) (result i32) ref.null extern ref.is_null f32.const 1 drop)
        (func (start 6))
        (export "user_entrypoint" (func 3)))"#
        .replace("(func (start 6))", "(func) (start 6)");
    let bytes = wat::parse_str(wat).expect("a module");
    let found = refusals(&bytes, &Limits::CONTRACT, Rules::Contract);
    let codes: Vec<_> = found
        .iter()
        .map(|refusal| (refusal.code, refusal.function))
        .collect();
    use RefusalCode as C;
    assert_eq!(
        codes,
        [
            (C::Float, None),
            (C::Float, None),
            (C::Reference, None),
            (C::UnknownImport, None),
            (C::ImportKind, None),
            (C::ImportType, None),
            (C::StartFunction, None),
            (C::Float, Some(2)),
            (C::Invalid, Some(4)),
            (C::Reference, Some(5)),
            (C::Float, Some(5)),
            (C::EntrypointType, None),
            (C::MemoryNotExported, None),
        ],
        "{found:#?}"
    );
}

#[test]
fn a_list_is_bounded() {
    let imports = r#"(import "env" "a" (func))"#.repeat(3000);
    let bytes = wat::parse_str(format!("(module {imports})")).expect("a module");
    let length = refusals(&bytes, &Limits::CONTRACT, Rules::Contract).len();
    assert_eq!(length, 1001);
}
