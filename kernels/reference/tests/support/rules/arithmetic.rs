//! Element-wise operators whose results leave their type, shift amounts out of range, quotients by 0.

use aivm_tosa::DataType;

use super::model::{I32, Model, Table, U8};
use super::{Rule, number, pairs, rule};

pub(super) fn rules() -> Vec<Rule> {
    let mut rules = vec![
        binary("ADD wraps", "ADD", |a, b| a.wrapping_add(b)),
        binary("SUB wraps", "SUB", |a, b| a.wrapping_sub(b)),
        binary("INTDIV by 0, and −2³¹ by −1", "INTDIV", |a, b| match b {
            0 => 0,
            _ => a.wrapping_div(b),
        }),
        unary("ABS wraps", "ABS", i32::wrapping_abs),
        negate(),
        reduce_sum(),
    ];
    rules.extend([0, 1, 2, 31, 32, 33, 62, 63].map(mul));
    for data_type in [DataType::I8, DataType::I16, DataType::I32] {
        rules.extend(shifts(data_type));
    }
    rules
}

/// An element-wise operator of two tensors of `data_type`, with the pairs of that type.
fn of_pairs(
    name: &'static str,
    operator: &str,
    attribute: Table,
    data_type: DataType,
    expected: impl Fn(i64, i64) -> i64,
) -> Rule {
    let (a, b) = pairs(data_type);
    let (kind, shape) = (number(data_type), [a.len() as i32]);
    let model = Model::default()
        .input("a", kind, &shape)
        .input("b", kind, &shape)
        .output("c", kind, &shape)
        .operator(operator, attribute, &["a", "b"], &["c"]);
    let c: Vec<i64> = a.iter().zip(&b).map(|(&a, &b)| expected(a, b)).collect();
    rule(
        name,
        &model,
        &[(data_type, &a), (data_type, &b)],
        (data_type, &c),
    )
}

fn binary(name: &'static str, operator: &str, expected: fn(i32, i32) -> i32) -> Rule {
    of_pairs(name, operator, vec![], DataType::I32, |a, b| {
        i64::from(expected(a as i32, b as i32))
    })
}

fn mul(shift: u8) -> Rule {
    let (a, b) = pairs(DataType::I32);
    let (kind, shape) = (number(DataType::I32), [a.len() as i32]);
    let model = Model::default()
        .input("a", kind, &shape)
        .input("b", kind, &shape)
        .constant("s", number(DataType::I8), &[1], &[shift])
        .output("c", kind, &shape)
        .operator("MUL", vec![], &["a", "b", "s"], &["c"]);
    let product = |(&a, &b): (&i64, &i64)| {
        let round = if shift == 0 { 0 } else { 1_i128 << (shift - 1) };
        // The sum as 64 bits, the shifted sum as 32.
        let sum = (i128::from(a) * i128::from(b) + round) as i64;
        i64::from((sum >> shift) as i32)
    };
    let c: Vec<i64> = a.iter().zip(&b).map(product).collect();
    let inputs = [(DataType::I32, &a[..]), (DataType::I32, &b[..])];
    rule("MUL keeps low bits", &model, &inputs, (DataType::I32, &c))
}

/// The three shifts, with amounts from the whole type.
fn shifts(data_type: DataType) -> [Rule; 4] {
    const NAME: &str = "shift amounts are taken modulo the bits";
    // Rust's wrapping shifts take the amount modulo the bits of the type.
    let left = move |a: i64, b: i64| match data_type {
        DataType::I8 => i64::from((a as i8).wrapping_shl(b as u32)),
        DataType::I16 => i64::from((a as i16).wrapping_shl(b as u32)),
        _ => i64::from((a as i32).wrapping_shl(b as u32)),
    };
    let right = move |a: i64, b: i64| match data_type {
        DataType::I8 => i64::from((a as u8).wrapping_shr(b as u32) as i8),
        DataType::I16 => i64::from((a as u16).wrapping_shr(b as u32) as i16),
        _ => i64::from((a as u32).wrapping_shr(b as u32) as i32),
    };
    let arithmetic = move |a: i64, b: i64| match data_type {
        DataType::I8 => i64::from((a as i8).wrapping_shr(b as u32)),
        DataType::I16 => i64::from((a as i16).wrapping_shr(b as u32)),
        _ => i64::from((a as i32).wrapping_shr(b as u32)),
    };
    let bits = 8 * data_type.bytes() as i64;
    let rounded = move |a: i64, b: i64| match b.rem_euclid(bits) {
        0 => a,
        amount => (a + (1 << (amount - 1))) >> amount,
    };
    let of = |operator, attribute, expected: &dyn Fn(i64, i64) -> i64| {
        of_pairs(NAME, operator, attribute, data_type, expected)
    };
    [
        of("LOGICAL_LEFT_SHIFT", vec![], &left),
        of("LOGICAL_RIGHT_SHIFT", vec![], &right),
        of("ARITHMETIC_RIGHT_SHIFT", vec![(0, U8(0))], &arithmetic),
        of("ARITHMETIC_RIGHT_SHIFT", vec![(0, U8(1))], &rounded),
    ]
}

fn unary(name: &'static str, operator: &str, expected: fn(i32) -> i32) -> Rule {
    let (a, _) = pairs(DataType::I32);
    let (kind, shape) = (number(DataType::I32), [a.len() as i32]);
    let model = Model::default()
        .input("a", kind, &shape)
        .output("b", kind, &shape)
        .operator(operator, vec![], &["a"], &["b"]);
    let b: Vec<i64> = a.iter().map(|&a| i64::from(expected(a as i32))).collect();
    rule(name, &model, &[(DataType::I32, &a)], (DataType::I32, &b))
}

fn negate() -> Rule {
    let (a, _) = pairs(DataType::I32);
    let (kind, shape) = (number(DataType::I32), [a.len() as i32]);
    let model = Model::default()
        .input("a", kind, &shape)
        .constant("z", kind, &[1], &[0; 4])
        .output("b", kind, &shape)
        .operator("NEGATE", vec![], &["a", "z", "z"], &["b"]);
    let b: Vec<i64> = a
        .iter()
        .map(|&a| i64::from((a as i32).wrapping_neg()))
        .collect();
    rule(
        "NEGATE of i32 wraps",
        &model,
        &[(DataType::I32, &a)],
        (DataType::I32, &b),
    )
}

fn reduce_sum() -> Rule {
    let (mut a, b) = pairs(DataType::I32);
    let rows = a.len();
    a.extend(b);
    let kind = number(DataType::I32);
    let model = Model::default()
        .input("a", kind, &[rows as i32, 2])
        .output("b", kind, &[1, 2])
        .operator("REDUCE_SUM", vec![(0, I32(0))], &["a"], &["b"]);
    let sum = |column: usize| {
        let values = a[column..].iter().step_by(2);
        i64::from(values.fold(0_i32, |sum, &value| sum.wrapping_add(value as i32)))
    };
    let sums = [sum(0), sum(1)];
    rule(
        "REDUCE_SUM wraps",
        &model,
        &[(DataType::I32, &a)],
        (DataType::I32, &sums),
    )
}
