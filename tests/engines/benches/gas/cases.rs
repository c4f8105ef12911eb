//! The cases: for each class of instructions a loop that is mostly made of it, in the forms that may differ in time.
//!
//! A class is run as a chain, each result the next operand, so that its latency shows; loads and branches also
//! where no cache and no predictor expects them.

mod memory;

use std::fmt::Write;

/// Units of a class in one round of the loop.
const UNITS: usize = 64;

/// A module that exports `run: (i32) -> i64`, which does its argument's rounds, and perhaps `init`.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) wasm: Vec<u8>,
    /// What is counted in one round.
    pub(crate) units: u64,
    /// Rounds of a run that uses up something of the instance: no more are done, and the next run has a new one.
    pub(crate) rounds_of_an_instance: Option<u64>,
}

/// Parts of a module besides its loop.
#[derive(Default)]
struct Around<'a> {
    /// Imports.
    imports: &'a str,
    /// Fields of the module before `run`.
    fields: &'a str,
    /// Instructions before the loop.
    before: &'a str,
}

/// Every case.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    arithmetic(&mut cases);
    variables(&mut cases);
    memory::accesses(&mut cases);
    memory::pages(&mut cases);
    memory::bulk(&mut cases);
    control(&mut cases);
    calls(&mut cases);
    cases
}

/// One loop whose round is `UNITS` times `unit`.
fn add(cases: &mut Vec<Case>, name: impl Into<String>, unit: &str) {
    add_around(cases, name, unit, &Around::default());
}

fn add_around(cases: &mut Vec<Case>, name: impl Into<String>, unit: &str, around: &Around<'_>) {
    let body = unit.repeat(UNITS);
    push(cases, name.into(), &body, UNITS as u64, around);
}

/// Locals: `$a`, `$b` (i64), `$c`, `$d` (i32), with values that no engine knows beforehand; `$n` counts rounds.
fn push(cases: &mut Vec<Case>, name: String, body: &str, units: u64, around: &Around<'_>) {
    let Around {
        imports,
        fields,
        before,
    } = around;
    let wat = format!(
        r#"(module
            {imports}
            (memory 128 128)
            (global $g (mut i64) (i64.const 0x123456789abcdef1))
            (global $h (mut i32) (i32.const 0x12345671))
            {fields}
            (func (export "run") (param $n i32) (result i64)
                (local $a i64) (local $b i64) (local $c i32) (local $d i32)
                (local.set $a (global.get $g)) (local.set $b (i64.mul (global.get $g) (i64.const 0x9e3779b97f4a7c15)))
                (local.set $c (global.get $h)) (local.set $d (i32.mul (global.get $h) (i32.const 0x9e3779b1)))
                {before}
                (loop $again
                    {body}
                    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                (i64.add (i64.add (local.get $a) (local.get $b))
                    (i64.extend_i32_u (i32.add (local.get $c) (local.get $d))))))"#
    );
    let wasm = wat::parse_str(&wat).unwrap_or_else(|error| panic!("{name}: {error}"));
    cases.push(Case {
        name,
        wasm,
        units,
        rounds_of_an_instance: None,
    });
}

fn arithmetic(cases: &mut Vec<Case>) {
    let types = [("i32", "$c", "$d"), ("i64", "$a", "$b")];
    for (ty, x, y) in types {
        let chained = [
            "add", "sub", "mul", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl", "rotr",
        ];
        for op in chained {
            add(
                cases,
                format!("{ty}.{op}"),
                &format!("(local.set {x} ({ty}.{op} (local.get {x}) (local.get {y})))"),
            );
            add(
                cases,
                format!("{ty}.{op} of a constant"),
                &format!("(local.set {x} ({ty}.{op} (local.get {x}) ({ty}.const 0x1357)))"),
            );
        }
        for op in ["div_s", "div_u", "rem_s", "rem_u"] {
            // Large dividends; the divisor is odd and so not 0.
            let unit = format!(
                "(local.set {x} ({ty}.{op} ({ty}.or (local.get {x}) ({ty}.const 0x7000_0001)) ({ty}.or (local.get {y}) ({ty}.const 1))))"
            );
            add(cases, format!("{ty}.{op}"), &unit);
            let unit = format!(
                "(local.set {x} ({ty}.{op} ({ty}.or (local.get {x}) ({ty}.const 0x7000_0001)) ({ty}.const 10)))"
            );
            add(cases, format!("{ty}.{op} of a constant"), &unit);
        }
        for op in [
            "eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u",
        ] {
            let unit = format!(
                "(local.set $c (i32.add (local.get $c) ({ty}.{op} (local.get {x}) (local.get {y}))))"
            );
            add(cases, format!("{ty}.{op}"), &unit);
        }
        for op in ["clz", "ctz", "popcnt", "extend8_s", "extend16_s"] {
            let unit =
                format!("(local.set {x} ({ty}.add ({ty}.{op} (local.get {x})) (local.get {y})))");
            add(cases, format!("{ty}.{op}"), &unit);
        }
        let select =
            format!("(local.set {x} (select (local.get {x}) (local.get {y}) (local.get $d)))");
        add(cases, format!("{ty} select"), &select);
        let random = format!(
            "(local.set {x} (select ({ty}.add (local.get {x}) (local.get {y})) (local.get {y}) (local.get $c)))"
        );
        add(cases, format!("{ty} select of a sum"), &random);
    }
    add(
        cases,
        "i32.eqz",
        "(local.set $c (i32.add (local.get $c) (i32.eqz (local.get $c))))",
    );
    add(
        cases,
        "i64.eqz",
        "(local.set $a (i64.extend_i32_u (i64.eqz (local.get $a))))",
    );
    add(
        cases,
        "i64.extend_i32_s, i32.wrap_i64",
        "(local.set $c (i32.wrap_i64 (i64.add (i64.extend_i32_s (local.get $c)) (local.get $b))))",
    );
    add(
        cases,
        "i64.extend32_s",
        "(local.set $a (i64.add (i64.extend32_s (local.get $a)) (local.get $b)))",
    );
}

fn variables(cases: &mut Vec<Case>) {
    add(cases, "drop of a local", "(drop (local.get $a))");
    add(
        cases,
        "locals exchanged",
        "(local.get $a) (local.get $b) (local.set $a) (local.set $b)",
    );
    add(
        cases,
        "local.tee",
        "(local.set $a (local.tee $b (i64.add (local.get $a) (local.get $b))))",
    );
    add(
        cases,
        "local set to a constant",
        "(local.set $a (i64.const 0x123456789a))",
    );
    add(
        cases,
        "global.get i64",
        "(local.set $a (i64.add (local.get $a) (global.get $g)))",
    );
    add(
        cases,
        "global.set i64",
        "(global.set $g (i64.add (global.get $g) (local.get $b)))",
    );
    add(
        cases,
        "global.set i32",
        "(global.set $h (i32.add (global.get $h) (local.get $d)))",
    );
}

fn control(cases: &mut Vec<Case>) {
    let around = Around::default();
    push(cases, "an empty loop's round".to_owned(), "", 1, &around);
    add(cases, "br", "(block $out (br $out))");
    add(
        cases,
        "br_if taken",
        "(block $out (br_if $out (local.get $d)) (local.set $c (i32.const 1)))",
    );
    add(
        cases,
        "br_if not taken",
        "(block $out (br_if $out (i32.eqz (local.get $d))))",
    );
    // A linear congruence whose high bit is as good as random.
    let random = "(local.set $c (i32.add (i32.mul (local.get $c) (i32.const 1664525)) (i32.const 1013904223)))";
    add(
        cases,
        "br_if as a coin says",
        &format!(
            "{random} (block $out (br_if $out (i32.lt_s (local.get $c) (i32.const 0))) (local.set $a (i64.add (local.get $a) (local.get $b))))"
        ),
    );
    add(
        cases,
        "if else as a coin says",
        &format!(
            "{random} (if (i32.lt_s (local.get $c) (i32.const 0)) (then (i64.store (i32.const 8) (local.get $a))) (else (i64.store (i32.const 16) (local.get $b))))"
        ),
    );
    let mut table = random.to_owned();
    for label in (0..8).rev() {
        let _ = write!(table, "(block ${label} ");
    }
    table += "(br_table $0 $1 $2 $3 $4 $5 $6 $7 $0 (i32.shr_u (local.get $c) (i32.const 29))))";
    for label in 1..8 {
        let _ = write!(
            table,
            "(i32.store (i32.const {}) (local.get $c)))",
            label * 4
        );
    }
    push(
        cases,
        "br_table as a die says".to_owned(),
        &table.repeat(16),
        16,
        &around,
    );
    add(
        cases,
        "br_table, always the same",
        "(block $0 (block $1 (br_table $0 $1 $0 (i32.const 0))))",
    );
}

fn calls(cases: &mut Vec<Case>) {
    let around = Around {
        fields: r#"(type $t (func (param i64) (result i64)))
            (table 4 4 funcref) (elem (i32.const 0) $one $one $one $one)
            (func $none)
            (func $one (type $t) (i64.add (local.get 0) (i64.const 3)))
            (func $ten (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64) (i64.add (local.get 0) (local.get 9)))
            (func $results (param i64) (result i64 i64 i64 i64 i64 i64) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0))
            (func $deep (param i32) (result i32)
                (if (result i32) (local.get 0) (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1))) (else (i32.const 0))))"#,
        ..Around::default()
    };
    add_around(cases, "call of nothing", "(call $none)", &around);
    add_around(
        cases,
        "call of one parameter",
        "(local.set $a (call $one (local.get $a)))",
        &around,
    );
    let a = "(local.get $a) ".repeat(10);
    add_around(
        cases,
        "call of ten parameters",
        &format!("(local.set $a (call $ten {a}))"),
        &around,
    );
    add_around(
        cases,
        "call of six results",
        &format!(
            "(call $results (local.get $a)) {}",
            "(local.set $a)".repeat(6)
        ),
        &around,
    );
    add_around(
        cases,
        "call_indirect",
        "(local.set $a (call_indirect (type $t) (local.get $a) (i32.and (i32.wrap_i64 (local.get $a)) (i32.const 3))))",
        &around,
    );
    push(
        cases,
        "calls 1,000 deep".to_owned(),
        "(local.set $c (call $deep (i32.const 1000)))",
        1000,
        &around,
    );
    for locals in [30, 300] {
        let fields = format!("(func $many (local {}))", "i64 ".repeat(locals));
        add_around(
            cases,
            format!("call of {locals} locals"),
            "(call $many)",
            &Around {
                fields: &fields,
                ..Around::default()
            },
        );
        // All of them live to the end.
        let sums: String = (0..locals)
            .map(|local| {
                format!(
                    "(local.set {local} (i64.add (local.get {local}) (local.get {}))) ",
                    (local + 7) % locals
                )
            })
            .collect();
        let fields = format!("(func $many (local {}) {sums})", "i64 ".repeat(locals));
        add_around(
            cases,
            format!("call of {locals} locals in use"),
            "(call $many)",
            &Around {
                fields: &fields,
                ..Around::default()
            },
        );
    }
    add_around(
        cases,
        "call of the host",
        "(local.set $c (i32.add (local.get $c) (call $host)))",
        &Around {
            imports: r#"(import "vm_hooks" "msg_reentrant" (func $host (result i32)))"#,
            ..Around::default()
        },
    );
}
