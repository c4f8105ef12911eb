//! Every arithmetic instruction on the values where it could go wrong, with operands as parameters and, since
//! constants take other ways through the compiler, as constants.

use super::*;

const EDGES: [u64; 14] = [
    0,
    1,
    2,
    3,
    7,
    31,
    32,
    63,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_ffff_ffff,
];

/// Result or trap.
type Answer = Result<u64, TrapCode>;

/// Runs `instruction` both ways for each pair of edges and compares with `expected`.
fn check_binary(instruction: &str, expected: impl Fn(u64, u64) -> Answer) {
    let ty = &instruction[..3];
    let is_test = ["eq", "ne", "lt", "gt", "le", "ge"]
        .iter()
        .any(|name| instruction[4..].starts_with(name));
    let result = if is_test { "i32" } else { ty };
    let narrow = |x: u64| if ty == "i32" { x & 0xffff_ffff } else { x };
    let mut with_constants = String::new();
    let mut cases = Vec::new();
    for x in EDGES {
        for y in EDGES {
            let (x, y) = (narrow(x), narrow(y));
            let (sx, sy) = match ty {
                "i32" => (i64::from(x as i32), i64::from(y as i32)),
                _ => (x as i64, y as i64),
            };
            with_constants += &format!(
                "(func (export \"r{0}\") (param {ty}) (result {result})
                   local.get 0 {ty}.const {sy} {instruction})
                 (func (export \"l{0}\") (param {ty}) (result {result})
                   {ty}.const {sx} local.get 0 {instruction})",
                cases.len()
            );
            cases.push((x, y));
        }
    }
    let limits = Limits {
        exports: 1000,
        ..Limits::CONTRACT
    };
    let mut instance = instance_of(plan_within(
        &format!(
            "(module (func (export \"f\") (param {ty} {ty}) (result {result})
               local.get 0 local.get 1 {instruction}) {with_constants})"
        ),
        &limits,
    ));
    for (index, (x, y)) in cases.into_iter().enumerate() {
        let expected = match expected(x, y) {
            Ok(value) => returns(&[value]),
            Err(trap) => traps(trap),
        };
        let named = format!("{instruction} of {x:#x} and {y:#x}");
        assert_eq!(instance.exit("f", &[x, y]), expected, "{named}");
        let right = instance.exit(&format!("r{index}"), &[x]);
        assert_eq!(right, expected, "{named}, right constant");
        let left = instance.exit(&format!("l{index}"), &[y]);
        assert_eq!(left, expected, "{named}, left constant");
    }
}

macro_rules! i32_case {
    ($name:literal, |$x:ident, $y:ident| $value:expr) => {
        check_binary($name, |x, y| {
            let ($x, $y) = (x as i32, y as i32);
            let value: Result<i32, TrapCode> = $value;
            value.map(|value| u64::from(value as u32))
        })
    };
}

macro_rules! i64_case {
    ($name:literal, |$x:ident, $y:ident| $value:expr) => {
        check_binary($name, |x, y| {
            let ($x, $y) = (x as i64, y as i64);
            let value: Result<i64, TrapCode> = $value;
            value.map(|value| value as u64)
        })
    };
}

fn nonzero<T: PartialEq + Default>(y: T) -> Result<T, TrapCode> {
    match y == T::default() {
        true => Err(TrapCode::IntegerDivisionByZero),
        false => Ok(y),
    }
}

#[test]
fn i32_arithmetic() {
    i32_case!("i32.add", |x, y| Ok(x.wrapping_add(y)));
    i32_case!("i32.sub", |x, y| Ok(x.wrapping_sub(y)));
    i32_case!("i32.mul", |x, y| Ok(x.wrapping_mul(y)));
    i32_case!("i32.and", |x, y| Ok(x & y));
    i32_case!("i32.or", |x, y| Ok(x | y));
    i32_case!("i32.xor", |x, y| Ok(x ^ y));
    i32_case!("i32.shl", |x, y| Ok(x.wrapping_shl(y as u32)));
    i32_case!("i32.shr_s", |x, y| Ok(x.wrapping_shr(y as u32)));
    i32_case!("i32.shr_u", |x, y| Ok(
        (x as u32).wrapping_shr(y as u32) as i32
    ));
    i32_case!("i32.rotl", |x, y| Ok(x.rotate_left(y as u32 % 32)));
    i32_case!("i32.rotr", |x, y| Ok(x.rotate_right(y as u32 % 32)));
}

#[test]
fn i64_arithmetic() {
    i64_case!("i64.add", |x, y| Ok(x.wrapping_add(y)));
    i64_case!("i64.sub", |x, y| Ok(x.wrapping_sub(y)));
    i64_case!("i64.mul", |x, y| Ok(x.wrapping_mul(y)));
    i64_case!("i64.and", |x, y| Ok(x & y));
    i64_case!("i64.or", |x, y| Ok(x | y));
    i64_case!("i64.xor", |x, y| Ok(x ^ y));
    i64_case!("i64.shl", |x, y| Ok(x.wrapping_shl(y as u32)));
    i64_case!("i64.shr_s", |x, y| Ok(x.wrapping_shr(y as u32)));
    i64_case!("i64.shr_u", |x, y| Ok(
        (x as u64).wrapping_shr(y as u32) as i64
    ));
    i64_case!("i64.rotl", |x, y| Ok(x.rotate_left(y as u32 % 64)));
    i64_case!("i64.rotr", |x, y| Ok(x.rotate_right(y as u32 % 64)));
}

#[test]
fn i32_division() {
    i32_case!("i32.div_s", |x, y| nonzero(y)
        .and_then(|y| x.checked_div(y).ok_or(TrapCode::IntegerOverflow)));
    i32_case!("i32.div_u", |x, y| nonzero(y)
        .map(|y| (x as u32 / y as u32) as i32));
    i32_case!("i32.rem_s", |x, y| nonzero(y).map(|y| x.wrapping_rem(y)));
    i32_case!("i32.rem_u", |x, y| nonzero(y)
        .map(|y| (x as u32 % y as u32) as i32));
}

#[test]
fn i64_division() {
    i64_case!("i64.div_s", |x, y| nonzero(y)
        .and_then(|y| x.checked_div(y).ok_or(TrapCode::IntegerOverflow)));
    i64_case!("i64.div_u", |x, y| nonzero(y)
        .map(|y| (x as u64 / y as u64) as i64));
    i64_case!("i64.rem_s", |x, y| nonzero(y).map(|y| x.wrapping_rem(y)));
    i64_case!("i64.rem_u", |x, y| nonzero(y)
        .map(|y| (x as u64 % y as u64) as i64));
}

#[test]
fn i32_comparisons() {
    i32_case!("i32.eq", |x, y| Ok((x == y).into()));
    i32_case!("i32.ne", |x, y| Ok((x != y).into()));
    i32_case!("i32.lt_s", |x, y| Ok((x < y).into()));
    i32_case!("i32.lt_u", |x, y| Ok(((x as u32) < y as u32).into()));
    i32_case!("i32.gt_s", |x, y| Ok((x > y).into()));
    i32_case!("i32.gt_u", |x, y| Ok((x as u32 > y as u32).into()));
    i32_case!("i32.le_s", |x, y| Ok((x <= y).into()));
    i32_case!("i32.le_u", |x, y| Ok((x as u32 <= y as u32).into()));
    i32_case!("i32.ge_s", |x, y| Ok((x >= y).into()));
    i32_case!("i32.ge_u", |x, y| Ok((x as u32 >= y as u32).into()));
}

#[test]
fn i64_comparisons() {
    i64_case!("i64.eq", |x, y| Ok((x == y).into()));
    i64_case!("i64.ne", |x, y| Ok((x != y).into()));
    i64_case!("i64.lt_s", |x, y| Ok((x < y).into()));
    i64_case!("i64.lt_u", |x, y| Ok(((x as u64) < y as u64).into()));
    i64_case!("i64.gt_s", |x, y| Ok((x > y).into()));
    i64_case!("i64.gt_u", |x, y| Ok((x as u64 > y as u64).into()));
    i64_case!("i64.le_s", |x, y| Ok((x <= y).into()));
    i64_case!("i64.le_u", |x, y| Ok((x as u64 <= y as u64).into()));
    i64_case!("i64.ge_s", |x, y| Ok((x >= y).into()));
    i64_case!("i64.ge_u", |x, y| Ok((x as u64 >= y as u64).into()));
}

#[test]
fn one_operand() {
    type Case = (&'static str, &'static str, &'static str, fn(u64) -> u64);
    let cases: [Case; 16] = [
        ("i32.eqz", "i32", "i32", |x| u64::from(x as u32 == 0)),
        ("i32.clz", "i32", "i32", |x| {
            (x as u32).leading_zeros().into()
        }),
        ("i32.ctz", "i32", "i32", |x| {
            (x as u32).trailing_zeros().into()
        }),
        ("i32.popcnt", "i32", "i32", |x| {
            (x as u32).count_ones().into()
        }),
        ("i32.extend8_s", "i32", "i32", |x| {
            u64::from(i32::from(x as i8) as u32)
        }),
        ("i32.extend16_s", "i32", "i32", |x| {
            u64::from(i32::from(x as i16) as u32)
        }),
        ("i32.wrap_i64", "i64", "i32", |x| u64::from(x as u32)),
        ("i64.eqz", "i64", "i32", |x| u64::from(x == 0)),
        ("i64.clz", "i64", "i64", |x| x.leading_zeros().into()),
        ("i64.ctz", "i64", "i64", |x| x.trailing_zeros().into()),
        ("i64.popcnt", "i64", "i64", |x| x.count_ones().into()),
        ("i64.extend8_s", "i64", "i64", |x| i64::from(x as i8) as u64),
        ("i64.extend16_s", "i64", "i64", |x| {
            i64::from(x as i16) as u64
        }),
        ("i64.extend32_s", "i64", "i64", |x| {
            i64::from(x as i32) as u64
        }),
        ("i64.extend_i32_s", "i32", "i64", |x| {
            i64::from(x as i32) as u64
        }),
        ("i64.extend_i32_u", "i32", "i64", |x| u64::from(x as u32)),
    ];
    for (instruction, from, to, expected) in cases {
        let mut instance = instance(&format!(
            "(module (func (export \"f\") (param {from}) (result {to}) local.get 0 {instruction}))"
        ));
        for x in EDGES
            .into_iter()
            .chain([0x80, 0xff, 0x8000, 0x1_0000, 0xdead_beef_0000_0080])
        {
            // The high half of an i32 argument is not part of it.
            assert_eq!(
                instance.exit("f", &[x]),
                returns(&[expected(x)]),
                "{instruction} of {x:#x}"
            );
        }
    }
}
