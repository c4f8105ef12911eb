//! RESCALE of values beyond its bound, with both widths of scale.

use aivm_tosa::DataType;

use super::model::{I8, I16, I32, I48, INT32, Model, U8};
use super::{Rule, pairs, rule};

const NAME: &str = "RESCALE beyond its bound keeps low bits";

pub(super) fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for (multiplier, shift) in [
        (i32::MAX, 2),
        (1 << 30, 30),
        (1 << 30, 31),
        (i32::MAX, 62),
        (3, 2),
    ] {
        for double in [false, true] {
            rules.push(scale32(multiplier, shift, double));
        }
    }
    rules.extend(
        [(i16::MAX, 2), (i16::MAX, 14), (1, 2), (i16::MAX, 62)].map(|(m, s)| scale16(m, s)),
    );
    rules
}

/// i32 → i8 with zero point 10.
fn scale32(multiplier: i32, shift: u8, double: bool) -> Rule {
    let (values, _) = pairs(DataType::I32);
    let shape = [values.len() as i32];
    let rounding = if double { 3 } else { 1 };
    let model = Model::default()
        .input("x", INT32, &shape)
        .constant("m", INT32, &[1], &multiplier.to_le_bytes())
        .constant("s", I8, &[1], &[shift])
        .constant("zx", INT32, &[1], &[0; 4])
        .constant("zy", I8, &[1], &[10])
        .output("y", I8, &shape)
        .operator(
            "RESCALE",
            vec![(0, U8(1)), (1, I32(rounding))],
            &["x", "m", "s", "zx", "zy"],
            &["y"],
        );
    let expected = |&value: &i64| {
        let mut round = 1_i128 << (shift - 1);
        if double && shift > 31 {
            round += if value < 0 { -(1 << 30) } else { 1 << 30 };
        }
        let scaled = (i128::from(value) * i128::from(multiplier) + round) >> shift;
        // Low 32 bits; then the zero point, wrapping; then saturation.
        i64::from((scaled as i32).wrapping_add(10).clamp(-128, 127))
    };
    let expected: Vec<i64> = values.iter().map(expected).collect();
    rule(
        NAME,
        &model,
        &[(DataType::I32, &values)],
        (DataType::I8, &expected),
    )
}

/// i48 → i32.
fn scale16(multiplier: i16, shift: u8) -> Rule {
    let (values, _) = pairs(DataType::I48);
    let shape = [values.len() as i32];
    let model = Model::default()
        .input("x", I48, &shape)
        .constant("m", I16, &[1], &multiplier.to_le_bytes())
        .constant("s", I8, &[1], &[shift])
        .constant("zx", I48, &[1], &[0; 6])
        .constant("zy", INT32, &[1], &[0; 4])
        .output("y", INT32, &shape)
        .operator(
            "RESCALE",
            vec![(0, U8(0)), (1, I32(1))],
            &["x", "m", "s", "zx", "zy"],
            &["y"],
        );
    let expected = |&value: &i64| {
        let sum = i128::from(value) * i128::from(multiplier) + (1_i128 << (shift - 1));
        i64::from((sum >> shift) as i32)
    };
    let expected: Vec<i64> = values.iter().map(expected).collect();
    rule(
        NAME,
        &model,
        &[(DataType::I48, &values)],
        (DataType::I32, &expected),
    )
}
