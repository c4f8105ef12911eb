//! Late values (EXT-DYNAMIC) outside the range that a constant would need.

use aivm_tosa::DataType;

use super::model::{I8, I16, I32, INT32, Model, U8};
use super::{Rule, number, rule};

pub(super) fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    // MUL: 3 · 2^30, shifted by an amount that is brought into 0..=63.
    let product = 3_i64 << 30;
    for (given, shift) in [
        (-1, 0),
        (i64::from(i8::MIN), 0),
        (5, 5),
        (64, 63),
        (127, 63),
    ] {
        let round = if shift == 0 { 0 } else { 1 << (shift - 1) };
        let expected = i64::from(((product + round) >> shift) as i32);
        rules.push(mul(DataType::I32, (3, 1 << 30), given, expected));
    }
    rules.push(mul(DataType::I8, (-128, -128), 5, 16_384));
    rules.push(mul(DataType::I16, (-32_768, 2), -1, -65_536));
    // RESCALE of 1000: the multiplier at least 0, the shift brought into 2..=62.
    for (multiplier, shift, expected) in [
        (-1, 8, 0),
        (i64::from(i32::MIN), 2, 0),
        (7, 0, 1750),
        (7, i64::from(i8::MIN), 1750),
        (i64::from(i32::MAX), 63, 0),
        (256, 8, 1000),
    ] {
        rules.push(rescale(multiplier, shift, expected));
    }
    // Of unsigned 16 bits, a zero point is 0 or 32768: 200 − zero point.
    for (given, expected) in [(0, 200), (5, 200), (-1, 200), (-32_768, 200 - 32_768)] {
        rules.push(unsigned_zero_point(given, expected));
    }
    rules.push(negate_i16());
    rules.push(steep_table());
    rules
}

fn mul(data_type: DataType, (a, b): (i64, i64), shift: i64, expected: i64) -> Rule {
    let kind = number(data_type);
    let model = Model::default()
        .input("a", kind, &[1])
        .input("b", kind, &[1])
        .input("s", I8, &[1])
        .output("c", INT32, &[1])
        .operator("MUL", vec![], &["a", "b", "s"], &["c"]);
    let inputs = [
        (data_type, &[a][..]),
        (data_type, &[b]),
        (DataType::I8, &[shift]),
    ];
    let name = match data_type {
        DataType::I32 => "a late shift of MUL is clamped",
        _ => "a late value that must be 0 is 0",
    };
    rule(name, &model, &inputs, (DataType::I32, &[expected]))
}

fn rescale(multiplier: i64, shift: i64, expected: i64) -> Rule {
    let model = Model::default()
        .input("x", INT32, &[1])
        .input("m", INT32, &[1])
        .input("s", I8, &[1])
        .constant("z", INT32, &[1], &[0; 4])
        .output("y", INT32, &[1])
        .operator(
            "RESCALE",
            vec![(0, U8(1)), (1, I32(1))],
            &["x", "m", "s", "z", "z"],
            &["y"],
        );
    let inputs = [
        (DataType::I32, &[1000][..]),
        (DataType::I32, &[multiplier]),
        (DataType::I8, &[shift]),
    ];
    let name = "late multipliers and shifts of RESCALE are clamped";
    rule(name, &model, &inputs, (DataType::I32, &[expected]))
}

/// u16 → i16 by a factor of 1.
fn unsigned_zero_point(given: i64, expected: i64) -> Rule {
    let model = Model::default()
        .input("x", I16, &[1])
        .input("z", I16, &[1])
        .constant("m", INT32, &[1], &(1_i32 << 30).to_le_bytes())
        .constant("s", I8, &[1], &[30])
        .constant("zy", I16, &[1], &[0; 2])
        .output("y", I16, &[1])
        .operator(
            "RESCALE",
            vec![(0, U8(1)), (1, I32(1)), (3, U8(1))],
            &["x", "m", "s", "z", "zy"],
            &["y"],
        );
    let inputs = [(DataType::I16, &[200][..]), (DataType::I16, &[given])];
    let name = "a late zero point of u16 is 32768 or 0";
    rule(name, &model, &inputs, (DataType::I16, &[expected]))
}

/// Zero points of i16 must be 0.
fn negate_i16() -> Rule {
    let model = Model::default()
        .input("x", I16, &[2])
        .input("zx", I16, &[1])
        .input("zy", I16, &[1])
        .output("y", I16, &[2])
        .operator("NEGATE", vec![], &["x", "zx", "zy"], &["y"]);
    let inputs = [
        (DataType::I16, &[5, -32_768][..]),
        (DataType::I16, &[7]),
        (DataType::I16, &[-9]),
    ];
    let name = "a late value that must be 0 is 0";
    rule(name, &model, &inputs, (DataType::I16, &[-5, 32_767]))
}

/// Neighbours −32768 and 32767: a constant table of that kind is refused.
fn steep_table() -> Rule {
    let model = Model::default()
        .input("x", I16, &[3])
        .input("t", I16, &[513])
        .output("y", INT32, &[3])
        .operator("TABLE", vec![], &["x", "t"], &["y"]);
    let table: Vec<i64> = (0..513)
        .map(|i| if i % 2 == 0 { -32_768 } else { 32_767 })
        .collect();
    let inputs = [
        (DataType::I16, &[-32_768, -32_767, -32_641][..]),
        (DataType::I16, &table),
    ];
    // −32768 · 128, then 65535 more for each step of one.
    let expected = [-4_194_304, -4_194_304 + 65_535, -4_194_304 + 127 * 65_535];
    let name = "a late table may be steep";
    rule(name, &model, &inputs, (DataType::I32, &expected))
}
