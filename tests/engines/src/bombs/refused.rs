//! Modules behind the limits: each is refused for the reason it is made for, and at once.

use aivm_wasm::RefusalCode;

use super::module::{leb, section, with_body};

/// A module and the rule it breaks.
pub struct Refused {
    /// What it has too much of.
    pub name: &'static str,
    /// The module.
    pub bytes: Vec<u8>,
    /// The rule.
    pub code: RefusalCode,
}

fn text(name: &'static str, code: RefusalCode, rest: &str) -> Refused {
    let head = r#"(memory (export "memory") 1) (func $f (export "user_entrypoint") (param i32) (result i32) i32.const 0)"#;
    bytes(name, code, whole(&format!("{head} {rest}")))
}

fn whole(fields: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {fields})"))
        .unwrap_or_else(|error| panic!("not even a module: {error}"))
}

fn bytes(name: &'static str, code: RefusalCode, bytes: Vec<u8>) -> Refused {
    Refused { name, bytes, code }
}

/// A module of this section alone.
fn alone(id: u8, content: &[u8]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0".to_vec(), section(id, content)].concat()
}

/// A count that no file has room for.
fn many() -> Vec<u8> {
    leb(u32::MAX)
}

/// All of them.
#[must_use]
pub fn refused() -> Vec<Refused> {
    use RefusalCode as Code;
    let nest = |depth: usize| format!("(func {} {})", "block ".repeat(depth), "end ".repeat(depth));
    let locals = |count: usize| format!("(func (local {}))", "i64 ".repeat(count));
    let long = "i64.const 1 drop ".repeat(25_000);
    let mut all = vec![
        text(
            "a long module",
            Code::CodeBytes,
            &format!(r#"(data "{}")"#, "x".repeat(128 << 10)),
        ),
        text(
            "a very long module",
            Code::CodeBytes,
            &format!(r#"(data "{}")"#, "x".repeat(8 << 20)),
        ),
        text("a long body", Code::BodyBytes, &format!("(func {long})")),
        text("blocks in blocks", Code::Nesting, &nest(257)),
        text("ten thousand blocks", Code::Nesting, &nest(10_000)),
        text("locals", Code::Locals, &locals(349)),
        text(
            "a table of branches",
            Code::BranchTargets,
            &format!("(func i32.const 0 br_table {})", "0 ".repeat(4098)),
        ),
        text(
            "a very long table of branches",
            Code::BranchTargets,
            &format!("(func i32.const 0 br_table {})", "0 ".repeat(60_000)),
        ),
        text(
            "a deep operand stack",
            Code::OperandStack,
            &format!("(func {} unreachable)", "i64.const 1 ".repeat(1025)),
        ),
        text("types", Code::Types, &"(type (func))".repeat(1025)),
        bytes(
            "imports",
            Code::Imports,
            whole(&r#"(import "vm_hooks" "msg_reentrant" (func (result i32)))"#.repeat(65)),
        ),
        text("functions", Code::Functions, &"(func)".repeat(4097)),
        text(
            "parameters",
            Code::Parameters,
            &format!("(func (param {}))", "i32 ".repeat(65)),
        ),
        text(
            "results",
            Code::Results,
            &format!("(func (result {}) unreachable)", "i32 ".repeat(17)),
        ),
        text(
            "globals",
            Code::Globals,
            &"(global i32 (i32.const 0))".repeat(1025),
        ),
        text(
            "exports",
            Code::Exports,
            &(0..65)
                .map(|index| format!(r#"(export "{index}" (func $f))"#))
                .collect::<String>(),
        ),
        text(
            "a long name",
            Code::NameBytes,
            &format!(r#"(export "{}" (func $f))"#, "x".repeat(256)),
        ),
        text(
            "entries of a table",
            Code::TableEntries,
            "(table 4097 funcref)",
        ),
        text(
            "a table without end",
            Code::TableEntries,
            "(table 4294967295 funcref)",
        ),
        text(
            "tables",
            Code::SecondTable,
            "(table 1 funcref) (table 1 funcref)",
        ),
        text(
            "entries of segments",
            Code::ElementEntries,
            &format!("(table 1 funcref) (elem func {})", "$f ".repeat(4097)),
        ),
        text(
            "segments of elements",
            Code::ElementSegments,
            &format!(
                "(table 1 funcref) {}",
                "(elem (i32.const 0) func)".repeat(129)
            ),
        ),
        text(
            "segments of data",
            Code::DataSegments,
            &r#"(data "")"#.repeat(129),
        ),
        bytes(
            "pages",
            Code::MemoryPages,
            whole(r#"(memory (export "memory") 129)"#),
        ),
        bytes(
            "pages without end",
            Code::MemoryPages,
            whole(r#"(memory (export "memory") 65536)"#),
        ),
        text(
            "a float at the end",
            Code::Float,
            &format!(
                "(func {} f32.const 0 drop)",
                "i64.const 1 drop ".repeat(15_000)
            ),
        ),
        text(
            "a vector at the end",
            Code::Feature,
            &format!(
                "(func {} v128.const i64x2 0 0 drop)",
                "i64.const 1 drop ".repeat(15_000)
            ),
        ),
        text(
            "a start function",
            Code::StartFunction,
            "(func $s) (start $s)",
        ),
        bytes(
            "locals without end",
            Code::Locals,
            with_body(&[&[1][..], &many(), &[0x7E, 0x0B]].concat()),
        ),
        bytes(
            "locals in many groups",
            Code::Locals,
            with_body(&[&leb(20_000)[..], &[1, 0x7E].repeat(20_000), &[0x0B]].concat()),
        ),
        bytes("types that are not there", Code::Types, alone(1, &many())),
        bytes(
            "imports that are not there",
            Code::Imports,
            alone(2, &many()),
        ),
        bytes(
            "functions that are not there",
            Code::Functions,
            alone(3, &many()),
        ),
        bytes(
            "globals that are not there",
            Code::Globals,
            alone(6, &many()),
        ),
        bytes(
            "exports that are not there",
            Code::Exports,
            alone(7, &many()),
        ),
        bytes(
            "segments that are not there",
            Code::ElementSegments,
            alone(9, &many()),
        ),
        bytes(
            "data that is not there",
            Code::DataSegments,
            alone(12, &many()),
        ),
        bytes(
            "an unknown section",
            Code::UnknownSection,
            alone(77, &[0; 100_000]),
        ),
        bytes(
            "a broken end",
            Code::Malformed,
            with_body(&[0x0B].repeat(3)),
        ),
    ];
    // Every prefix of a module is none, wherever it ends.
    let mut cut = with_body(&[&[0][..], &[0x42, 1, 0x1A].repeat(20_000), &[0x0B]].concat());
    cut.truncate(cut.len() - 1);
    all.push(bytes("a module that ends early", Code::Malformed, cut));
    all
}
