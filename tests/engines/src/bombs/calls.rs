//! Bombs of calls: many, with many values, by table, to the host and in chains.

use super::{Bomb, bodies, modules, repeated};

const SIXTY: &str = "i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 \
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 \
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64";

fn with_sixty(name: &'static str, call: &'static str) -> Bomb {
    bodies(name, move |_| "local.get 1 ".repeat(60) + call).declaring(format!(
        "(type $sixty (func (param {SIXTY}))) (func $sixty (type $sixty))"
    ))
}

/// The start of a module whose functions the caller writes.
const HEAD: &str = r#"(module (memory (export "memory") 1)
    (func (export "user_entrypoint") (param i32) (result i32) i32.const 0) "#;

fn parse(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("a bomb is no module: {error}"))
}

pub(super) fn families() -> Vec<Bomb> {
    vec![
        repeated("calls of nothing", "call $nothing"),
        with_sixty("calls of sixty parameters", "call $sixty"),
        with_sixty(
            "calls by table of sixty parameters",
            "local.get 0 call_indirect (type $sixty)",
        ),
        repeated(
            "calls of sixteen results",
            "call $gives16 drop drop drop drop drop drop drop drop drop drop drop drop drop drop drop drop",
        ),
        repeated("results handed on", "call $gives16 call $takes16"),
        repeated(
            "calls by table",
            "local.get 1 local.get 0 call_indirect (type $i64)",
        ),
        repeated("calls of the host", "call $host drop"),
        repeated("calls of itself", "local.get 0 local.get 1 call $bomb0"),
        repeated(
            "calls in arms",
            "local.get 0 if call $nothing else call $takes end",
        )
        .declaring("(func $takes)"),
        repeated("calls in loops", "loop call $host br_if 0 end"),
        modules("a chain of functions", 4000, |count| {
            let links: String = (0..count)
                .map(|index| format!("(func call {})", (index + 2).min(count)))
                .collect();
            parse(&format!("{HEAD} {links})"))
        }),
        modules("functions that call each other", 240, |count| {
            let calls: String = (1..=count)
                .map(|callee| format!("call {callee} "))
                .collect();
            parse(&format!(
                "{HEAD} {})",
                format!("(func {calls})").repeat(count)
            ))
        }),
        modules("calls by table of every type", 1000, |count| {
            let calls: String = (0..count)
                .map(|index| {
                    let (low, high) = (1 + index % 32, index / 32);
                    let types = format!("{} {}", "i32 ".repeat(low), "i64 ".repeat(high));
                    let values: String = (0..low + high)
                        .map(|local| format!("local.get {local} "))
                        .collect();
                    format!(
                        "(func (param {types}) {values} local.get 0 call_indirect (param {types}))"
                    )
                })
                .collect();
            parse(&format!("{HEAD} (table 1 funcref) {calls})"))
        }),
        modules("imports called", 64, |count| {
            let imports = r#"(import "vm_hooks" "native_keccak256" (func (param i32 i32 i32)))"#
                .repeat(count);
            let calls: String = (0..count)
                .map(|index| format!("i32.const 0 i32.const 0 i32.const 0 call {index} "))
                .collect();
            let rest = HEAD.trim_start_matches("(module");
            parse(&format!("(module {imports} {rest} (func {calls}))"))
        }),
    ]
}
