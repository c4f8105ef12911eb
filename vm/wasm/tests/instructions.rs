//! Every accepted instruction that has a name of its own comes through validation and metering as itself.

use aivm_core::{GasSchedule, Limits};
use aivm_wasm::{Rules, meter, validate};

/// The plan of a function of this body, as text.
fn plan(body: &str) -> String {
    let wat = format!("(module (memory 1) (func {body}))");
    let bytes = wat::parse_str(&wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    let module = validate(&bytes, &Limits::CONTRACT, Rules::Generic)
        .unwrap_or_else(|refusal| panic!("{wat}: {refusal}"));
    meter(&module, &GasSchedule::V1).to_string()
}

/// The plan of `name` with constant operands of types `operands`; checks that its line is there.
fn passes(operands: &[&str], name: &str, line: &str) {
    let constants: String = operands.iter().map(|ty| format!("{ty}.const 1 ")).collect();
    let returns = if name.contains("store") { "" } else { "drop" };
    let plan = plan(&format!("{constants}{name} {returns}"));
    assert!(
        plan.lines().any(|found| found.trim() == line),
        "{name}:\n{plan}"
    );
}

#[test]
fn arithmetic() {
    for ty in ["i32", "i64"] {
        for name in [
            "add", "sub", "mul", "div_s", "div_u", "rem_s", "rem_u", "and", "or", "xor", "shl",
            "shr_s", "shr_u", "rotl", "rotr", "eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s",
            "le_u", "ge_s", "ge_u",
        ] {
            let name = format!("{ty}.{name}");
            passes(&[ty, ty], &name, &name);
        }
        for name in ["eqz", "clz", "ctz", "popcnt", "extend8_s", "extend16_s"] {
            let name = format!("{ty}.{name}");
            passes(&[ty], &name, &name);
        }
    }
    for name in ["i64.extend_i32_s", "i64.extend_i32_u"] {
        passes(&["i32"], name, name);
    }
    for name in ["i32.wrap_i64", "i64.extend32_s"] {
        passes(&["i64"], name, name);
    }
}

#[test]
fn memory_accesses() {
    let narrow = ["load", "load8_s", "load8_u", "load16_s", "load16_u"];
    let with_offset = |operands: &[&str], name: &str| {
        for offset in [0_u32, 7, u32::MAX] {
            let line = format!("{name} offset={offset}");
            passes(operands, &line, &line);
        }
    };
    for name in narrow {
        with_offset(&["i32"], &format!("i32.{name}"));
        with_offset(&["i32"], &format!("i64.{name}"));
    }
    for name in ["i64.load32_s", "i64.load32_u"] {
        with_offset(&["i32"], name);
    }
    for name in ["i32.store", "i32.store8", "i32.store16"] {
        with_offset(&["i32", "i32"], name);
    }
    for name in ["i64.store", "i64.store8", "i64.store16", "i64.store32"] {
        with_offset(&["i32", "i64"], name);
    }
}

#[test]
fn constants_keep_their_bits() {
    for value in [i64::MIN, -1, 0, i64::MAX] {
        let line = format!("i64.const {value}");
        assert!(plan(&format!("{line} drop")).contains(&line));
    }
    for value in [i32::MIN, -1, i32::MAX] {
        let line = format!("i32.const {value}");
        assert!(plan(&format!("{line} drop")).contains(&line));
    }
}
