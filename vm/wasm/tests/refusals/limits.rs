//! Each limit: a module exactly at it is accepted, one above it is refused with its own code.

use aivm_core::Limits;
use aivm_wasm::{RefusalCode, Rules, meter, validate};

use crate::check;

/// A limit, and how to build a module that uses `n` of what it limits.
pub(crate) struct Case {
    pub(crate) code: RefusalCode,
    limit: u32,
    module: fn(n: usize) -> String,
}

const L: Limits = Limits::CONTRACT;

pub(crate) fn cases() -> Vec<Case> {
    use RefusalCode as C;
    let case = |code, limit, module| Case {
        code,
        limit,
        module,
    };
    vec![
        case(C::CodeBytes, L.code_bytes, code_bytes),
        case(C::Types, L.types, |n| wrap(&"(type (func))".repeat(n))),
        case(C::Imports, L.imports, |n| {
            let import = r#"(import "vm_hooks" "read_args" (func (param i32)))"#;
            wrap(&import.repeat(n))
        }),
        case(C::Functions, L.functions, |n| wrap(&"(func)".repeat(n))),
        // A body is its count of local groups, its instructions and an `end`.
        case(C::BodyBytes, L.body_bytes, |n| {
            function(&"nop ".repeat(n - 2))
        }),
        case(C::Parameters, L.parameters, |n| {
            function(&format!("(param{})", " i32".repeat(n)))
        }),
        case(C::Results, L.results, |n| {
            function(&format!("(result{}) unreachable", " i64".repeat(n)))
        }),
        case(C::Locals, L.locals, |n| {
            function(&format!("(param i32 i32) (local{})", " i64".repeat(n - 2)))
        }),
        case(C::Nesting, L.nesting, |n| {
            function(&format!("{}{}", "block ".repeat(n), "end ".repeat(n)))
        }),
        case(C::BranchTargets, L.branch_targets, |n| {
            // The last depth is the default, which does not count.
            function(&format!("i32.const 0 br_table{} 0", " 0".repeat(n)))
        }),
        case(C::OperandStack, L.operand_stack, |n| {
            function(&format!("{}return", "i32.const 0 ".repeat(n)))
        }),
        case(C::Globals, L.globals, |n| {
            wrap(&"(global i32 (i32.const 0))".repeat(n))
        }),
        case(C::Exports, L.exports, |n| {
            let exports: String = (0..n)
                .map(|index| format!(r#"(export "{index}" (func 0))"#))
                .collect();
            wrap(&format!("(func){exports}"))
        }),
        case(C::NameBytes, L.name_bytes, |n| {
            wrap(&format!(r#"(func (export "{}"))"#, "x".repeat(n)))
        }),
        case(C::TableEntries, L.table_entries, |n| {
            wrap(&format!("(table {n} funcref)"))
        }),
        case(C::ElementSegments, L.element_segments, |n| {
            wrap(&"(elem func)".repeat(n))
        }),
        case(C::ElementEntries, L.element_entries, |n| {
            // Over two segments, the second as expressions.
            let null = "(ref.null func)".repeat(n - 100);
            wrap(&format!(
                "(func)(elem func{})(elem funcref {null})",
                " 0".repeat(100)
            ))
        }),
        case(C::DataSegments, L.data_segments, |n| {
            wrap(&"(data \"\")".repeat(n))
        }),
        case(C::MemoryPages, L.memory_pages, |n| {
            wrap(&format!("(memory {n})"))
        }),
    ]
}

fn wrap(fields: &str) -> String {
    format!("(module {fields})")
}

fn function(body: &str) -> String {
    wrap(&format!("(func {body})"))
}

/// A module of `n` bytes: a custom section fills what the header leaves.
fn code_bytes(n: usize) -> String {
    // 8 bytes of header, a section id, a length of 3 bytes, a name of 1 byte and its length.
    let filling = n - 14;
    wrap(&format!(r#"(@custom "x" "{}")"#, "y".repeat(filling)))
}

#[test]
fn at_the_limit_accepted_one_above_refused() {
    for case in cases() {
        let name = case.code.name();
        let limit = case.limit as usize;
        if let Err(refusal) = check(&(case.module)(limit), Rules::Generic) {
            panic!("{name}: {limit} was refused: {refusal}");
        }
        let refusal = check(&(case.module)(limit + 1), Rules::Generic)
            .expect_err(&format!("{name}: {} was accepted", limit + 1));
        assert_eq!(refusal.code, case.code, "{refusal}");
        assert!(refusal.what.contains(&(limit + 1).to_string()), "{refusal}");
        assert_eq!(refusal.right, format!("at most {limit} are allowed"));
    }
}

#[test]
fn a_limit_of_nothing_refuses_the_first() {
    let bytes = wat::parse_str("(module (memory 1))").expect("a module");
    let limits = Limits {
        memory_pages: 0,
        ..L
    };
    let refusal = validate(&bytes, &limits, Rules::Generic).expect_err("a page too many");
    assert_eq!(refusal.code, RefusalCode::MemoryPages);
}

#[test]
fn the_plan_carries_the_limits() {
    let plan = |wat| {
        let module = check(wat, Rules::Generic).expect("a module");
        meter(&module, &aivm_core::GasSchedule::V1)
    };
    let max_pages = |wat| plan(wat).memory.map(|memory| memory.max_pages);
    assert_eq!(max_pages("(module (memory 1 4))"), Some(4));
    assert_eq!(max_pages("(module (memory 1))"), Some(L.memory_pages));
    assert_eq!(max_pages("(module (memory 1 65536))"), Some(L.memory_pages));
    assert_eq!(plan("(module)").stack_words, L.stack_words);
}

#[test]
fn the_operand_stack_counts_live_code_in_the_plan_and_all_code_in_the_limit() {
    let module = check(
        "(module (func i32.const 1 drop return i32.const 1 i32.const 2 i32.const 3 drop drop drop))",
        Rules::Generic,
    )
    .expect("a module");
    let plan = meter(&module, &aivm_core::GasSchedule::V1);
    assert_eq!(plan.functions[0].max_operands, 1);
    let dead = format!(
        "(module (func return {} unreachable))",
        "i32.const 0 ".repeat(1025)
    );
    let refusal = check(&dead, Rules::Generic).expect_err("too high a stack");
    assert_eq!(refusal.code, RefusalCode::OperandStack);
}
