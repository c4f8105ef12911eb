//! Tests of the analysis against arithmetic: whatever it claims of an expression must be true of the numbers.
//!
//! A round picks numbers for a few unknowns, builds random expressions over them, and computes each one as the machine
//! does. Random comparisons are then assumed with the truth they have for these numbers. Every interval and every proved
//! difference must hold for the numbers; a single unsound rule shows within seconds.

use naga::{BinaryOperator as Op, MathFunction as Mf, UnaryOperator};

use crate::facts::Facts;
use crate::range::{Kind, Range};
use crate::values::{Taint, Value, Values};

const ROUNDS: u32 = 3_000;
/// Numbers at which wrapping, signs and guards change.
const EDGES: &[i64] = &[
    0,
    1,
    2,
    3,
    4,
    7,
    31,
    32,
    63,
    255,
    0x7fff_fffe,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffb,
    0xffff_fffe,
    0xffff_ffff,
];

/// A small generator with a fixed seed, so that a failure repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % bound
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

fn wrap(number: i64, kind: Kind) -> i64 {
    match kind {
        Kind::I32 => i64::from(number as i32),
        _ => i64::from(number as u32),
    }
}

/// The machine's result, or none where the lint refuses the operation.
fn computed(op: Op, a: i64, b: i64, kind: Kind) -> Option<i64> {
    Some(match op {
        Op::Add => wrap(a + b, kind),
        Op::Subtract => wrap(a - b, kind),
        Op::Multiply => wrap(a.wrapping_mul(b), kind),
        Op::Divide if b >= 1 => a / b,
        Op::Modulo if b >= 1 => a % b,
        Op::And => wrap(a & b, kind),
        Op::InclusiveOr => wrap(a | b, kind),
        Op::ExclusiveOr => wrap(a ^ b, kind),
        Op::ShiftLeft if (0..32).contains(&b) => wrap(a << b, kind),
        Op::ShiftRight if (0..32).contains(&b) => a >> b,
        Op::Less => (a < b).into(),
        Op::LessEqual => (a <= b).into(),
        Op::Greater => (a > b).into(),
        Op::GreaterEqual => (a >= b).into(),
        Op::Equal => (a == b).into(),
        Op::NotEqual => (a != b).into(),
        _ => return None,
    })
}

/// Expressions with the number that each has.
#[derive(Default)]
struct Pool {
    numbers: Vec<(Value, i64, Kind)>,
    conditions: Vec<(Value, bool)>,
}

fn grow(random: &mut Random, values: &mut Values, pool: &mut Pool) {
    let (a, number_a, kind) = random.of(&pool.numbers);
    let same: Vec<_> = pool
        .numbers
        .iter()
        .copied()
        .filter(|entry| entry.2 == kind)
        .collect();
    let (b, number_b, _) = random.of(&same);
    match random.below(10) {
        0..=4 => {
            let arithmetic = [
                Op::Add,
                Op::Add,
                Op::Subtract,
                Op::Subtract,
                Op::Multiply,
                Op::Divide,
                Op::Modulo,
                Op::And,
                Op::InclusiveOr,
                Op::ExclusiveOr,
                Op::ShiftLeft,
                Op::ShiftRight,
            ];
            let op = random.of(&arithmetic);
            if let Some(number) = computed(op, number_a, number_b, kind) {
                pool.numbers
                    .push((values.binary(op, a, b, kind, 1), number, kind));
            }
        }
        5 => {
            let (function, number) = random.of(&[
                (Mf::Min, number_a.min(number_b)),
                (Mf::Max, number_a.max(number_b)),
            ]);
            pool.numbers
                .push((values.math(function, vec![a, b], kind, 1), number, kind));
        }
        6 => {
            let other = if kind == Kind::I32 {
                Kind::U32
            } else {
                Kind::I32
            };
            pool.numbers
                .push((values.cast(a, other), wrap(number_a, other), other));
        }
        7 if !pool.conditions.is_empty() => {
            let (condition, truth) = random.of(&pool.conditions);
            pool.numbers.push((
                values.select(condition, a, b),
                if truth { number_a } else { number_b },
                kind,
            ));
        }
        8 if pool.conditions.len() > 1 => {
            let ((c, c_truth), (d, d_truth)) =
                (random.of(&pool.conditions), random.of(&pool.conditions));
            let entry = match random.below(4) {
                0 => (
                    values.binary(Op::LogicalAnd, c, d, Kind::Bool, 1),
                    c_truth && d_truth,
                ),
                1 => (
                    values.binary(Op::LogicalOr, c, d, Kind::Bool, 1),
                    c_truth || d_truth,
                ),
                2 => (values.unary(UnaryOperator::LogicalNot, c), !c_truth),
                _ => {
                    let constant = random.below(2) == 1;
                    let side = values.constant(constant.into(), Kind::Bool);
                    (
                        values.select(c, d, side),
                        if c_truth { d_truth } else { constant },
                    )
                }
            };
            pool.conditions.push(entry);
        }
        _ => {
            let op = random.of(&[
                Op::Less,
                Op::LessEqual,
                Op::Greater,
                Op::GreaterEqual,
                Op::Equal,
                Op::NotEqual,
            ]);
            if let Some(truth) = computed(op, number_a, number_b, kind) {
                pool.conditions
                    .push((values.binary(op, a, b, Kind::Bool, 1), truth == 1));
            }
        }
    }
}

#[test]
fn every_interval_and_every_proof_holds_for_the_numbers() {
    let mut random = Random(7);
    let mut proofs = 0;
    let mut narrowed = 0;
    for round in 0..ROUNDS {
        let mut values = Values::new([64, 1, 1]);
        let mut pool = Pool::default();
        for _ in 0..4 {
            let kind = random.of(&[Kind::U32, Kind::U32, Kind::U32, Kind::I32]);
            let number = wrap(random.of(EDGES), kind);
            let spread = random.of(&[0, 1, 40, 1 << 33]);
            let all = Range::all(kind);
            let range = Range::new((number - spread).max(all.lo), (number + spread).min(all.hi));
            let value = if spread == 0 {
                values.constant(number, kind)
            } else {
                values.opaque(kind, 1, Taint::NONE, range)
            };
            pool.numbers.push((value, number, kind));
        }
        let one = values.constant(1 + random.below(4) as i64, Kind::U32);
        pool.numbers
            .push((one, values.constant_of(one).expect("a constant"), Kind::U32));
        for _ in 0..24 {
            grow(&mut random, &mut values, &mut pool);
        }
        let mut facts = Facts::default();
        for _ in 0..random.below(8) {
            if !pool.conditions.is_empty() {
                let (condition, truth) = random.of(&pool.conditions);
                facts.assume(&values, condition, truth);
            }
        }
        for &(value, number, _) in &pool.numbers {
            let range = facts.range(&values, value);
            assert!(
                range.lo <= number && number <= range.hi,
                "round {round}: {number} in {range:?}: {:?}",
                values.node(value)
            );
            narrowed += u32::from(range != values.range(value));
        }
        for _ in 0..40 {
            let ((a, number_a, _), (b, number_b, _)) =
                (random.of(&pool.numbers), random.of(&pool.numbers));
            let k = random.of(&[-2, -1, -1, 0, 0, 1]);
            if a != b && facts.proves(&values, a, b, k) {
                assert!(
                    number_a <= number_b + k,
                    "round {round}: {number_a} <= {number_b} + {k}: {:?} {:?}",
                    values.node(a),
                    values.node(b)
                );
                // Proofs that intervals alone give are no test of the search.
                proofs += u32::from(facts.range(&values, a).hi > facts.range(&values, b).lo + k);
            }
        }
    }
    assert!(proofs > 1_000, "only {proofs} proofs beyond intervals");
    assert!(narrowed > 1_000, "only {narrowed} intervals narrowed");
}
