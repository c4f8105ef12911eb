//! Bombs outside of code: sections with as many entries as they may have, names, segments, encodings.

use super::{Bomb, modules};

/// What every contract has.
const HEAD: &str = r#"(memory (export "memory") 1) (func $f (export "user_entrypoint") (param i32) (result i32) i32.const 0)"#;

fn parse(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("a bomb is no module: {error}"))
}

fn contract(rest: &str) -> Vec<u8> {
    parse(&format!("(module {HEAD} {rest})"))
}

/// So many pieces, each knowing its place.
fn pieces(count: usize, piece: impl Fn(usize) -> String) -> Vec<u8> {
    contract(&(0..count).map(piece).collect::<String>())
}

/// A number in LEB128.
pub(super) fn leb(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7F) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A section of this id.
pub(super) fn section(id: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![id];
    bytes.extend(leb(u32::try_from(content.len()).unwrap_or(u32::MAX)));
    bytes.extend(content);
    bytes
}

/// A contract whose second function has this body, as bytes.
pub(super) fn with_body(body: &[u8]) -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    // (i32) -> i32 and () -> ().
    module.extend(section(1, &[2, 0x60, 1, 0x7F, 1, 0x7F, 0x60, 0, 0]));
    module.extend(section(3, &[2, 0, 1]));
    module.extend(section(5, &[1, 0, 1]));
    let mut exports = vec![2];
    exports.extend(b"\x0Fuser_entrypoint\0\0\x06memory\x02\0");
    module.extend(section(7, &exports));
    let mut code = vec![2, 4, 0, 0x41, 0, 0x0B];
    code.extend(leb(u32::try_from(body.len()).unwrap_or(u32::MAX)));
    code.extend(body);
    module.extend(section(10, &code));
    module
}

pub(super) fn families() -> Vec<Bomb> {
    let mut all = of_functions();
    all.extend(of_sections());
    all.extend(of_encodings());
    all
}

fn of_functions() -> Vec<Bomb> {
    vec![
        modules("empty functions", 4095, |count| {
            contract(&"(func)".repeat(count))
        }),
        modules("functions of one constant", 4095, |count| {
            contract(&"(func (result i32) i32.const 1)".repeat(count))
        }),
        modules("functions of sixty parameters", 4095, |count| {
            contract(&format!("(func (param {}))", "i64 ".repeat(60)).repeat(count))
        }),
        modules("functions of as many types", 1000, |count| {
            pieces(count, |index| {
                format!(
                    "(func (param {} {}))",
                    "i32 ".repeat(index % 32),
                    "i64 ".repeat(index / 32)
                )
            })
        }),
        modules(
            "functions of sixteen results of every type",
            1000,
            |count| {
                pieces(count, |index| {
                    let types: String = (0..16)
                        .map(|bit| ["i32 ", "i64 "][index >> bit & 1])
                        .collect();
                    let values: String = (0..16)
                        .map(|bit| ["i32.const 1 ", "i64.const 1 "][index >> bit & 1])
                        .collect();
                    format!("(func (result {types}) {values})")
                })
            },
        ),
        modules("functions of 300 locals", 4095, |count| {
            contract(&format!("(func (local {}))", "i64 ".repeat(300)).repeat(count))
        }),
        modules("functions of mixed locals", 1000, |count| {
            contract(&format!("(func (local {}))", "i64 i32 ".repeat(150)).repeat(count))
        }),
    ]
}

fn of_sections() -> Vec<Bomb> {
    vec![
        modules("types never used", 1000, |count| {
            pieces(count, |index| {
                format!(
                    "(type (func (param {} {})))",
                    "i32 ".repeat(index % 32),
                    "i64 ".repeat(index / 32)
                )
            })
        }),
        modules("equal types", 1000, |count| {
            contract(&format!("(type (func (param {})))", "i64 ".repeat(60)).repeat(count))
        }),
        modules("imports never called", 64, |count| {
            let import = r#"(import "vm_hooks" "msg_reentrant" (func (result i32)))"#;
            parse(&format!("(module {} {HEAD})", import.repeat(count)))
        }),
        modules("globals", 1024, |count| {
            contract(&"(global (mut i64) (i64.const -1))".repeat(count))
        }),
        modules("exports with long names", 62, |count| {
            pieces(count, |index| {
                format!(r#"(export "{index:0255}" (func $f))"#)
            })
        }),
        modules("entries of a segment of elements", 4096, |count| {
            contract(&format!(
                "(table 4096 funcref) (elem (i32.const 0) {})",
                "0 ".repeat(count)
            ))
        }),
        modules("entries as expressions", 4096, |count| {
            contract(&format!(
                "(table 4096 funcref) (elem funcref {})",
                "(ref.func 0)".repeat(count)
            ))
        }),
        modules("segments of elements", 128, |count| {
            contract(&format!(
                "(table 4096 funcref) {}",
                format!("(elem (i32.const 0) {})", "0 ".repeat(32)).repeat(count)
            ))
        }),
        modules("empty segments of elements", 128, |count| {
            contract(&format!(
                "(table 1 funcref) {}",
                "(elem (i32.const 0) func)".repeat(count)
            ))
        }),
        modules("bytes of a segment of data", 60_000, |count| {
            contract(&format!(r#"(data (i32.const 0) "{}")"#, "x".repeat(count)))
        }),
        modules("bytes of a passive segment", 125_000, |count| {
            contract(&format!(r#"(data "{}")"#, "x".repeat(count)))
        }),
        modules("segments of data", 128, |count| {
            contract(&format!(r#"(data (i32.const 0) "{}")"#, "x".repeat(900)).repeat(count))
        }),
        modules("empty segments of data", 128, |count| {
            contract(&r#"(data (i32.const 0) "")"#.repeat(count))
        }),
        modules("names of functions", 4095, |count| {
            pieces(count, |index| {
                format!("(func $a_rather_long_name_of_a_function_{index})")
            })
        }),
        modules("names of locals", 340, |count| {
            let locals: String = (0..count)
                .map(|local| format!("(local $a_rather_long_name_of_a_local_{local} i64)"))
                .collect();
            contract(&format!("(func {locals})"))
        }),
    ]
}

fn of_encodings() -> Vec<Bomb> {
    vec![
        modules("custom sections", 40_000, |count| {
            let mut module = contract("");
            module.extend(section(0, &[0]).repeat(count));
            module
        }),
        modules("bytes of a custom section", 125_000, |count| {
            let mut module = contract("");
            module.extend(section(0, &[&[1, b'x'][..], &vec![0; count]].concat()));
            module
        }),
        modules("groups of no locals", 30_000, |count| {
            let mut body = leb(u32::try_from(count).unwrap_or(u32::MAX));
            body.extend([0, 0x7E].repeat(count));
            body.push(0x0B);
            with_body(&body)
        }),
        modules("constants in ten bytes", 5_000, |count| {
            let constant = [
                0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x1A,
            ];
            with_body(&[&[0][..], &constant.repeat(count), &[0x0B]].concat())
        }),
        modules("indices in five bytes", 10_000, |count| {
            let call = [0x10, 0x81, 0x80, 0x80, 0x80, 0];
            with_body(&[&[0][..], &call.repeat(count), &[0x0B]].concat())
        }),
        modules("sums in a global's first value", 10_000, |count| {
            contract(&format!(
                "(global i64 i64.const 1 {})",
                "i64.const 1 i64.add ".repeat(count)
            ))
        }),
        modules("sums in an offset", 10_000, |count| {
            contract(&format!(
                r#"(data (offset i32.const 1 {}) "x")"#,
                "i32.const 0 i32.add ".repeat(count)
            ))
        }),
    ]
}
