//! Each rule that is no limit: a module that breaks it, the code, and what the sentence must say.

use aivm_core::Limits;
use aivm_wasm::{RefusalCode, Rules, Section, validate};

use crate::check;

/// A module in text form that is refused.
pub(crate) struct Case {
    pub(crate) code: RefusalCode,
    pub(crate) rules: Rules,
    pub(crate) wat: &'static str,
    /// Part of the sentence.
    says: &'static str,
}

/// A module in binary form that is refused.
pub(crate) struct BinaryCase {
    pub(crate) code: RefusalCode,
    pub(crate) bytes: Vec<u8>,
    says: &'static str,
}

pub(crate) fn cases() -> Vec<Case> {
    use RefusalCode as C;
    let generic = |code, wat, says| Case {
        code,
        rules: Rules::Generic,
        wat,
        says,
    };
    let contract = |code, wat, says| Case {
        code,
        rules: Rules::Contract,
        wat,
        says,
    };
    vec![
        generic(C::Invalid, "(module (func i32.add drop))", "type mismatch"),
        generic(
            C::Invalid,
            "(module (func (export \"a\")) (export \"a\" (func 0)))",
            "duplicate export",
        ),
        generic(C::Invalid, "(module (func call 7))", "unknown function 7"),
        generic(
            C::Float,
            "(module (func f32.const 1 drop))",
            "instruction `f32.const` in function 0, at byte 23, in the code section",
        ),
        generic(
            C::Float,
            "(module (func) (func (param i32) local.get 0 f64.convert_i32_s drop))",
            "instruction `f64.convert_i32_s` in function 1",
        ),
        generic(
            C::Float,
            "(module (func (param i64) (result i32) i32.const 0 f32.load i32.trunc_sat_f32_u))",
            "instruction `f32.load`",
        ),
        generic(
            C::Float,
            "(module (func unreachable i32.trunc_sat_f32_u drop))",
            "instruction `i32.trunc_sat_f32_u`",
        ),
        generic(
            C::Float,
            "(module (func (param i32 f32)))",
            "type `f32` as a parameter of type 0",
        ),
        generic(
            C::Float,
            "(module (type (func)) (func (result f64) unreachable))",
            "type `f64` as a result of type 1",
        ),
        generic(
            C::Float,
            "(module (func (local i32 f64)))",
            "type `f64` of a local in function 0",
        ),
        generic(
            C::Float,
            "(module (global f32 (f32.const 0)))",
            "type `f32` of global 0",
        ),
        generic(
            C::Float,
            "(module (func block (result f32) unreachable end drop))",
            "type `f32` in function 0",
        ),
        generic(
            C::Float,
            "(module (func unreachable select (result f64) drop))",
            "type `f64` in function 0",
        ),
        generic(
            C::Reference,
            "(module (func (param externref)))",
            "type `externref` as a parameter",
        ),
        generic(
            C::Reference,
            "(module (func (result funcref) unreachable))",
            "type `funcref` as a result",
        ),
        generic(
            C::Reference,
            "(module (func (local funcref)))",
            "type `funcref` of a local",
        ),
        generic(
            C::Reference,
            "(module (global funcref (ref.null func)))",
            "type `funcref` of global 0",
        ),
        generic(
            C::Reference,
            "(module (func unreachable select (result funcref) drop))",
            "type `funcref`",
        ),
        generic(
            C::Reference,
            "(module (func ref.null func drop))",
            "instruction `ref.null`",
        ),
        generic(
            C::Reference,
            "(module (func unreachable ref.is_null drop))",
            "instruction `ref.is_null`",
        ),
        generic(
            C::Reference,
            "(module (elem declare func 0) (func ref.func 0 drop))",
            "instruction `ref.func`",
        ),
        generic(
            C::Reference,
            "(module (table 1 funcref) (func i32.const 0 table.get 0 drop))",
            "instruction `table.get`",
        ),
        generic(
            C::Reference,
            "(module (table 1 funcref) (func unreachable table.set 0))",
            "instruction `table.set`",
        ),
        generic(
            C::Reference,
            "(module (table 1 funcref) (func unreachable table.grow 0 drop))",
            "instruction `table.grow`",
        ),
        generic(
            C::Reference,
            "(module (table 1 funcref) (func unreachable table.fill 0))",
            "instruction `table.fill`",
        ),
        generic(
            C::Feature,
            "(module (func unreachable v128.any_true drop))",
            "a SIMD instruction in function 0",
        ),
        generic(C::Feature, "(module (func (param v128)))", "type `v128`"),
        generic(
            C::Feature,
            "(module (memory 1) (func unreachable i32.atomic.load drop))",
            "of WebAssembly's threads extension",
        ),
        generic(C::Feature, "(module (memory 1 1 shared))", "shared memory"),
        generic(C::Feature, "(module (memory i64 1))", "64-bit"),
        generic(C::Feature, "(module (table i64 1 funcref))", "64-bit"),
        generic(
            C::Feature,
            "(module (func return_call 0))",
            "instruction `return_call` of WebAssembly's tail_call extension",
        ),
        generic(C::Feature, "(module (tag))", "a tag section"),
        generic(
            C::Feature,
            "(module (func unreachable throw_ref))",
            "instruction `throw_ref`",
        ),
        generic(
            C::Feature,
            "(module (type (struct)))",
            "type 0 is no function type",
        ),
        generic(
            C::Feature,
            "(module (rec (type (func)) (type (func))))",
            "type 0 is no function type",
        ),
        generic(
            C::Invalid,
            "(module (global i32 (i32.and (i32.const 1) (i32.const 1))))",
            "non-constant operator: visit_i32_and",
        ),
        generic(C::Feature, "(component)", "a component"),
        generic(
            C::SecondMemory,
            "(module (memory 1) (memory 1))",
            "2 memories",
        ),
        generic(
            C::SecondTable,
            "(module (table 1 funcref) (table 1 funcref))",
            "2 tables",
        ),
        generic(
            C::TableType,
            "(module (table 1 externref))",
            "a table of `externref`",
        ),
        generic(
            C::TableType,
            "(module (elem externref (ref.null extern)))",
            "an element segment of `externref`",
        ),
        generic(
            C::ImportKind,
            r#"(module (import "vm_hooks" "memory" (memory 1)))"#,
            "import `vm_hooks.memory` is no function",
        ),
        generic(
            C::ImportKind,
            r#"(module (import "env" "t" (table 1 funcref)))"#,
            "import `env.t` is no function",
        ),
        generic(
            C::ImportKind,
            r#"(module (import "env" "g" (global i32)))"#,
            "import `env.g` is no function",
        ),
        generic(
            C::UnknownImport,
            r#"(module (import "env" "read_args" (func (param i32))))"#,
            "is `vm_hooks.read_args` meant?",
        ),
        contract(
            C::UnknownImport,
            r#"(module (import "console" "log_i32" (func (param i32))))"#,
            "import `console.log_i32` is no host function",
        ),
        generic(
            C::Float,
            r#"(module (import "console" "log_f32" (func (param f32))))"#,
            "f32",
        ),
        generic(
            C::ImportType,
            r#"(module (import "vm_hooks" "read_args" (func (param i64))))"#,
            "its type is (i32)",
        ),
        generic(
            C::ImportType,
            r#"(module (import "vm_hooks" "read_args" (func (param i32) (result i32))))"#,
            "its type is (i32)",
        ),
        generic(
            C::ImportType,
            r#"(module (import "aivm" "model_info" (func (param i32 i32))))"#,
            "its type is (i32, i32) -> i32",
        ),
        contract(
            C::StartFunction,
            "(module (func) (start 0))",
            "in the start section",
        ),
        contract(
            C::EntrypointMissing,
            "(module (memory (export \"memory\") 1))",
            "no exported function `user_entrypoint`",
        ),
        contract(
            C::EntrypointMissing,
            "(module (memory (export \"user_entrypoint\") 1))",
            "no exported function `user_entrypoint`",
        ),
        contract(
            C::EntrypointMissing,
            r#"(module (import "vm_hooks" "read_args" (func (param i32))) (export "user_entrypoint" (func 0)))"#,
            "names an import",
        ),
        contract(
            C::EntrypointType,
            r#"(module (func (export "user_entrypoint") (param i32)))"#,
            "has another type",
        ),
        contract(
            C::EntrypointType,
            r#"(module (func (export "user_entrypoint") (param i32) (result i64) unreachable))"#,
            "has another type",
        ),
        contract(
            C::MemoryNotExported,
            r#"(module (memory 1) (func (export "user_entrypoint") (param i32) (result i32) i32.const 0))"#,
            "no exported memory `memory`",
        ),
    ]
}

pub(crate) fn binary_cases() -> Vec<BinaryCase> {
    use RefusalCode as C;
    let header = b"\0asm\x01\0\0\0".as_slice();
    let case = |code, sections: &[u8], says| BinaryCase {
        code,
        bytes: [header, sections].concat(),
        says,
    };
    vec![
        BinaryCase {
            code: C::Malformed,
            bytes: Vec::new(),
            says: "unexpected end",
        },
        BinaryCase {
            code: C::Malformed,
            bytes: b"\0asm\x02\0\0\0".to_vec(),
            says: "unknown binary version",
        },
        case(C::Malformed, &[1, 9], "unexpected end"),
        case(C::Malformed, &[1, 1, 0, 1, 1, 0], "section out of order"),
        case(
            C::Malformed,
            &[1, 2, 0, 0],
            "unexpected data at the end of the section",
        ),
        // An unknown opcode in a body: type, function and code section.
        case(
            C::Malformed,
            &[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 5, 1, 3, 0, 0xf7, 0x0b],
            "illegal opcode: 0xf7 in function 0, at byte 23",
        ),
        // A body without its `end`.
        case(
            C::Malformed,
            &[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 4, 1, 2, 0, 0x01],
            "in function 0",
        ),
        case(C::UnknownSection, &[77, 1, 0], "unknown id 77"),
        // A recursion group that claims 2³² − 1 types, in six bytes.
        case(
            C::Feature,
            &[1, 7, 1, 0x4e, 0xff, 0xff, 0xff, 0xff, 0x0f],
            "type 0 is no function type",
        ),
    ]
}

#[test]
fn each_rule_refuses_and_says_why() {
    for case in cases() {
        let refusal = check(case.wat, case.rules).expect_err(case.wat);
        assert_eq!(refusal.code, case.code, "{}: {refusal}", case.wat);
        let sentence = refusal.to_string();
        assert!(sentence.contains(case.says), "{}: {sentence}", case.wat);
    }
}

#[test]
fn each_broken_file_is_refused_and_says_why() {
    for case in binary_cases() {
        let refusal = validate(&case.bytes, &Limits::CONTRACT, Rules::Generic)
            .expect_err("a broken file was accepted");
        assert_eq!(refusal.code, case.code, "{:?}: {refusal}", case.bytes);
        let sentence = refusal.to_string();
        assert!(sentence.contains(case.says), "{:?}: {sentence}", case.bytes);
    }
}

#[test]
fn a_refusal_names_instruction_function_and_offset() {
    let wat = r#"(module
        (import "vm_hooks" "read_args" (func (param i32)))
        (func)
        (func (result i64) i64.const 2 f64.convert_i64_s i64.trunc_f64_s))"#;
    let refusal = check(wat, Rules::Generic).expect_err("floats");
    let bytes = wat::parse_str(wat).expect("a module");
    let offset = usize::try_from(refusal.offset).expect("an offset");
    assert_eq!(
        bytes.get(offset),
        Some(&0xb9),
        "the opcode of f64.convert_i64_s"
    );
    assert_eq!(refusal.function, Some(2));
    assert_eq!(refusal.section, Section::Code);
    assert_eq!(
        refusal.to_string(),
        format!(
            "instruction `f64.convert_i64_s` in function 2, at byte {offset}, in the code section: \
             contracts compute with i32 and i64 only"
        )
    );
}

#[test]
fn generic_rules_allow_what_only_contracts_must_not_do() {
    let wat = "(module (func) (start 0))";
    let module = check(wat, Rules::Generic).expect("a generic module");
    let plan = aivm_wasm::meter(&module, &aivm_core::GasSchedule::V1);
    assert_eq!(plan.start, Some(0));
}

#[test]
fn custom_sections_are_ignored() {
    let wat =
        r#"(module (@custom "anything" "\00\ff") (@producers (language "x" "1")) (func $named))"#;
    check(wat, Rules::Generic).expect("a module with custom sections");
}
