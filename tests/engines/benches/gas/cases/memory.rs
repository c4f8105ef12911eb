//! Loads and stores, growth, and what acts on many bytes or entries.

use std::fmt::Write;

use super::{Around, Case, UNITS, add, add_around, push};

/// Fills memory with a chain of addresses that visits all of it in an order that no cache expects: the next place of
/// an odd multiple of 64 modulo the size is that of the multiple after a full period's step.
const CHAIN: &str = r#"(func (export "init") (local $i i32)
    (loop $next
        (i32.store (i32.and (i32.mul (local.get $i) (i32.const 64)) (i32.const 0x7fffc0))
            (i32.and (i32.mul (i32.add (i32.mul (local.get $i) (i32.const 77773)) (i32.const 12345)) (i32.const 64))
                (i32.const 0x7fffc0)))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 0x20000)))))"#;

/// New pages of memory, one a round.
pub(super) fn pages(cases: &mut Vec<Case>) {
    let touches = [
        ("memory.grow by a page", ""),
        (
            "memory.grow by a page, all of it touched",
            "(loop $touch
                (i32.store (local.get $at) (i32.const 1))
                (local.set $at (i32.add (local.get $at) (i32.const 4096)))
                (br_if $touch (i32.and (local.get $at) (i32.const 0xffff))))",
        ),
    ];
    for (name, touch) in touches {
        let wat = format!(
            r#"(module
            (memory 1 128)
            (func (export "run") (param $n i32) (result i64)
                (local $at i32)
                (local.set $at (i32.const 0x10000))
                (loop $again
                    (if (i32.lt_s (memory.grow (i32.const 1)) (i32.const 0)) (then (unreachable)))
                    {touch}
                    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                (i64.const 0)))"#
        );
        cases.push(Case {
            name: name.to_owned(),
            wasm: wat::parse_str(&wat).unwrap_or_else(|error| panic!("{name}: {error}")),
            units: 1,
            rounds_of_an_instance: Some(112),
        });
    }
}

pub(super) fn accesses(cases: &mut Vec<Case>) {
    let loads = [
        ("i32.load", "$c"),
        ("i32.load8_s", "$c"),
        ("i32.load8_u", "$c"),
        ("i32.load16_s", "$c"),
        ("i32.load16_u", "$c"),
        ("i64.load", "$a"),
        ("i64.load8_s", "$a"),
        ("i64.load8_u", "$a"),
        ("i64.load16_s", "$a"),
        ("i64.load16_u", "$a"),
        ("i64.load32_s", "$a"),
        ("i64.load32_u", "$a"),
    ];
    for (load, to) in loads {
        let ty = &load[..3];
        let mut body = String::new();
        for at in 0..UNITS {
            let _ = write!(
                body,
                "(local.set {to} ({ty}.add (local.get {to}) ({load} offset={} (i32.and (local.get $n) (i32.const 0xffff)))))",
                at * 8
            );
        }
        push(
            cases,
            format!("{load}, one after another"),
            &body,
            UNITS as u64,
            &Around::default(),
        );
    }
    add(
        cases,
        "i32.load, each gives the next address",
        "(local.set $c (i32.load (i32.and (local.get $c) (i32.const 0xfff0))))",
    );
    add_around(
        cases,
        "i32.load through all of memory",
        "(local.set $c (i32.load (local.get $c)))",
        &Around {
            fields: CHAIN,
            before: "(local.set $c (i32.const 0))",
            ..Around::default()
        },
    );
    let stores = [
        ("i32.store", "$c"),
        ("i32.store8", "$c"),
        ("i32.store16", "$c"),
        ("i64.store", "$a"),
        ("i64.store8", "$a"),
        ("i64.store16", "$a"),
        ("i64.store32", "$a"),
    ];
    for (store, from) in stores {
        let mut body = String::new();
        for at in 0..UNITS {
            let _ = write!(
                body,
                "({store} offset={} (i32.and (local.get $n) (i32.const 0xffff)) (local.get {from}))",
                at * 8
            );
        }
        push(
            cases,
            format!("{store}, one after another"),
            &body,
            UNITS as u64,
            &Around::default(),
        );
    }
    add(
        cases,
        "i64.store all over memory",
        "(i64.store (i32.and (local.tee $c (i32.mul (local.get $c) (i32.const 0x9e3779b1))) (i32.const 0x7ffff8)) (local.get $a))",
    );
    add(
        cases,
        "i64.load all over memory",
        "(local.set $a (i64.add (local.get $a) (i64.load (i32.and (local.tee $c (i32.mul (local.get $c) (i32.const 0x9e3779b1))) (i32.const 0x7ffff8)))))",
    );
    add(
        cases,
        "i64.load and i64.store not aligned",
        "(i64.store offset=61 (i32.and (local.get $c) (i32.const 0x7fc0)) (i64.add (i64.load offset=61 (i32.and (local.get $c) (i32.const 0x7fc0))) (local.get $b)))",
    );
}

pub(super) fn bulk(cases: &mut Vec<Case>) {
    add(
        cases,
        "memory.size",
        "(local.set $c (i32.add (local.get $c) (memory.size)))",
    );
    add(
        cases,
        "memory.grow 0",
        "(local.set $c (i32.add (local.get $c) (memory.grow (i32.const 0))))",
    );
    add(
        cases,
        "memory.grow in vain",
        "(local.set $c (i32.add (local.get $c) (memory.grow (i32.const 1))))",
    );
    for len in [0, 1, 31, 256, 4096, 65_536, 1 << 20] {
        add(
            cases,
            format!("memory.fill of {len}"),
            &format!("(memory.fill (i32.const 4096) (local.get $c) (i32.const {len}))"),
        );
        add(
            cases,
            format!("memory.copy of {len}"),
            &format!("(memory.copy (i32.const 64) (i32.const 0x300001) (i32.const {len}))"),
        );
    }
    let data = Around {
        fields: "(data $d \"0123456789abcdef0123456789abcdef\")",
        ..Around::default()
    };
    for len in [0, 32] {
        add_around(
            cases,
            format!("memory.init of {len}"),
            &format!("(memory.init $d (i32.const 77) (i32.const 0) (i32.const {len}))"),
            &data,
        );
    }
    add_around(cases, "data.drop", "(data.drop $d)", &data);
    let table = Around {
        fields: "(table 4096 funcref) (func $f) (elem $e func $f $f $f $f $f $f $f $f)",
        ..Around::default()
    };
    for len in [0, 8] {
        add_around(
            cases,
            format!("table.init of {len}"),
            &format!("(table.init $e (i32.const 7) (i32.const 0) (i32.const {len}))"),
            &table,
        );
    }
    for len in [0, 8, 2000] {
        add_around(
            cases,
            format!("table.copy of {len}"),
            &format!("(table.copy (i32.const 7) (i32.const 1000) (i32.const {len}))"),
            &table,
        );
    }
    add_around(cases, "elem.drop", "(elem.drop $e)", &table);
}
