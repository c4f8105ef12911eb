//! Intervals against the integers: random operands inside random intervals, computed without any bound.

use std::sync::Arc;

use super::operators::{Operand, result};
use super::{Interval, Scans};
use crate::operator::{Extent, Padding, RescaleFactor, TableContent};
use crate::{DataType, Operator, RescaleRounding, Shape, Tensor};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn within(&mut self, values: Interval) -> i64 {
        let span = (i128::from(values.max) - i128::from(values.min) + 1) as u128;
        (i128::from(values.min) + (u128::from(self.next()) % span) as i128) as i64
    }

    /// An interval of the type: small ones and such that touch the ends are as frequent as any.
    fn interval(&mut self, data_type: DataType) -> Interval {
        let full = Interval::of(data_type);
        let mut end = || {
            let any = self.within(full);
            match self.next() % 4 {
                0 => any,
                1 => any >> (self.next() % 32),
                2 => full.min,
                _ => full.max,
            }
        };
        let (a, b) = (end(), end());
        Interval {
            min: a.min(b),
            max: a.max(b),
        }
    }

    /// A value of the interval; its ends are frequent.
    fn value(&mut self, values: Interval) -> i64 {
        match self.next() % 3 {
            0 => values.min,
            1 => values.max,
            _ => self.within(values),
        }
    }
}

fn tensor(data_type: DataType, sides: &[u32]) -> Tensor {
    Tensor {
        name: String::new(),
        data_type,
        shape: Shape::new(sides).expect("a small shape"),
        constant: None,
    }
}

/// An element-wise operator over the integers; `None` where its result is outside of what the operator defines.
fn exact(operator: &Operator, to: DataType, [a, b, c]: [i128; 3]) -> Option<i128> {
    let bits = 8 * i128::from(to.bytes());
    let in_range = (0..bits).contains(&b);
    let truth = |truth: bool| Some(i128::from(truth));
    match operator {
        Operator::Add => Some(a + b),
        Operator::Sub => Some(a - b),
        Operator::Mul { shift: 0 } => Some(a * b),
        Operator::Mul { shift } => {
            let sum = a * b + (1 << (shift - 1));
            (sum <= i64::MAX.into()).then_some(sum >> shift)
        }
        Operator::IntDiv => Some(if b == 0 { 0 } else { a / b }),
        Operator::ArithmeticRightShift { round } => in_range.then(|| {
            let last = if *round && b > 0 {
                (a >> (b - 1)) & 1
            } else {
                0
            };
            (a >> b) + last
        }),
        Operator::LogicalLeftShift => in_range.then(|| a << b),
        Operator::LogicalRightShift => in_range.then(|| {
            let shifted = a.rem_euclid(1 << bits) >> b;
            if shifted < 1 << (bits - 1) {
                shifted
            } else {
                shifted - (1 << bits)
            }
        }),
        Operator::BitwiseAnd => Some(a & b),
        Operator::BitwiseOr => Some(a | b),
        Operator::BitwiseXor => Some(a ^ b),
        Operator::BitwiseNot => Some(!a),
        Operator::Maximum => Some(a.max(b)),
        Operator::Minimum => Some(a.min(b)),
        Operator::Abs => Some(a.abs()),
        Operator::Clz => Some((a as i32).leading_zeros().into()),
        Operator::Select => Some(if a == 1 { b } else { c }),
        Operator::Greater => truth(a > b),
        Operator::Cast if to == DataType::Bool => truth(a != 0),
        Operator::Cast | Operator::Identity => Some(a),
        Operator::Clamp { min, max } => Some(a.clamp((*min).into(), (*max).into())),
        Operator::Negate {
            input_zp,
            output_zp,
        } => {
            let sum = i128::from(*output_zp) - (a - i128::from(*input_zp));
            let fits = sum >= i32::MIN.into() && sum <= i32::MAX.into();
            fits.then(|| sum.clamp(to.min().into(), to.max().into()))
        }
        Operator::Table(TableContent::I8(entries)) => Some(entries[(a + 128) as usize].into()),
        Operator::Table(TableContent::I16(entries)) => {
            let index = ((a + 32_768) >> 7) as usize;
            let (base, next) = (i128::from(entries[index]), i128::from(entries[index + 1]));
            Some((base << 7) + (next - base) * (a & 0x7f))
        }
        _ => panic!("{} is no element-wise operator", operator.name()),
    }
}

/// Drives an element-wise operator; gives how often it was found not to wrap, and to wrap.
fn drive(operator: &Operator, from: &[DataType], to: DataType, random: &mut Random) -> [u32; 2] {
    let output = tensor(to, &[1]);
    let tensors: Vec<Tensor> = from.iter().map(|&from| tensor(from, &[1])).collect();
    let mut counts = [0; 2];
    for _ in 0..2000 {
        let mut inputs: Vec<Operand<'_>> = Vec::new();
        for tensor in &tensors {
            let mut values = random.interval(tensor.data_type);
            let amounts = matches!(
                operator,
                Operator::ArithmeticRightShift { .. }
                    | Operator::LogicalLeftShift
                    | Operator::LogicalRightShift
            );
            if amounts && inputs.len() == 1 && !random.next().is_multiple_of(4) {
                values = values.clamped(0, 8 * to.bytes() as i64 - 1);
            }
            inputs.push(Operand { tensor, values });
        }
        let Some(found) = result(operator, &inputs, &output, &mut Scans(0)) else {
            counts[1] += 1;
            continue;
        };
        counts[0] += 1;
        assert!(found.min <= found.max);
        for _ in 0..20 {
            let mut operands = [0; 3];
            for (operand, input) in operands.iter_mut().zip(&inputs) {
                *operand = random.value(input.values).into();
            }
            let exact = exact(operator, to, operands);
            let inside = exact.is_some_and(|exact| {
                (i128::from(found.min)..=i128::from(found.max)).contains(&exact)
            });
            let intervals: Vec<_> = inputs.iter().map(|input| input.values).collect();
            assert!(
                inside,
                "{operator:?} of {operands:?} in {intervals:?} is {exact:?}, found {found:?}"
            );
        }
    }
    counts
}

impl Interval {
    fn clamped(self, min: i64, max: i64) -> Interval {
        Interval {
            min: self.min.clamp(min, max),
            max: self.max.clamp(min, max),
        }
    }
}

#[test]
fn elementwise_results_stay_in_their_intervals() {
    use DataType::{Bool, I8, I16, I32};
    let mut random = Random(1);
    let steps: Arc<[i8]> = (0..=255).map(|n| (n as i8).wrapping_mul(37)).collect();
    let slopes: Arc<[i16]> = (0..513).map(|n: i16| (n % 97) * 300 - 12_000).collect();
    // Whether the operator can be free of wrapping, and can wrap.
    for (operator, from, to, can) in [
        (Operator::Add, &[I32, I32][..], I32, [true, true]),
        (Operator::Sub, &[I32, I32], I32, [true, true]),
        (Operator::Mul { shift: 0 }, &[I32, I32], I32, [true, true]),
        (Operator::Mul { shift: 0 }, &[I16, I16], I32, [true, false]),
        (Operator::Mul { shift: 20 }, &[I32, I32], I32, [true, true]),
        (Operator::Mul { shift: 63 }, &[I32, I32], I32, [true, true]),
        (Operator::IntDiv, &[I32, I32], I32, [true, true]),
        (
            Operator::ArithmeticRightShift { round: true },
            &[I16, I16],
            I16,
            [true, true],
        ),
        (
            Operator::ArithmeticRightShift { round: false },
            &[I32, I32],
            I32,
            [true, true],
        ),
        (Operator::LogicalLeftShift, &[I8, I8], I8, [true, true]),
        (Operator::LogicalLeftShift, &[I32, I32], I32, [true, true]),
        (Operator::LogicalRightShift, &[I8, I8], I8, [true, true]),
        (Operator::LogicalRightShift, &[I32, I32], I32, [true, true]),
        (Operator::BitwiseAnd, &[I8, I8], I8, [true, false]),
        (Operator::BitwiseOr, &[I16, I16], I16, [true, false]),
        (Operator::BitwiseXor, &[I32, I32], I32, [true, false]),
        (Operator::BitwiseNot, &[I32], I32, [true, false]),
        (Operator::Maximum, &[I32, I32], I32, [true, false]),
        (Operator::Minimum, &[I32, I32], I32, [true, false]),
        (Operator::Abs, &[I32], I32, [true, true]),
        (Operator::Clz, &[I32], I32, [true, false]),
        (Operator::Select, &[Bool, I8, I8], I8, [true, false]),
        (Operator::Greater, &[I32, I32], Bool, [true, false]),
        (Operator::Cast, &[I32], I8, [true, true]),
        (Operator::Cast, &[I8], I32, [true, false]),
        (Operator::Cast, &[I16], Bool, [true, false]),
        (
            Operator::Clamp { min: -7, max: 90 },
            &[I8],
            I8,
            [true, false],
        ),
        (
            Operator::Negate {
                input_zp: 100,
                output_zp: -128,
            },
            &[I8],
            I8,
            [true, false],
        ),
        (
            Operator::Negate {
                input_zp: 0,
                output_zp: 0,
            },
            &[I32],
            I32,
            [true, true],
        ),
        (
            Operator::Table(TableContent::I8(steps)),
            &[I8],
            I8,
            [true, false],
        ),
        (
            Operator::Table(TableContent::I16(slopes)),
            &[I16],
            I32,
            [true, false],
        ),
    ] {
        let counts = drive(&operator, from, to, &mut random);
        let seen = counts.map(|count| count > 0);
        assert_eq!(seen, can, "{operator:?}: {counts:?}");
    }
}

#[test]
fn rescaled_values_stay_in_their_intervals() {
    let mut random = Random(2);
    let mut counts = [0; 2];
    for _ in 0..20_000 {
        let (from, to) = match random.next() % 4 {
            0 => (DataType::I8, DataType::I8),
            1 => (DataType::I16, DataType::I8),
            2 => (DataType::I32, DataType::I16),
            _ => (DataType::I48, DataType::I32),
        };
        let scale32 = from != DataType::I48;
        let short = from != DataType::I32 && from != DataType::I48 && to != DataType::I32;
        let input_unsigned = short && random.next().is_multiple_of(3);
        let output_unsigned = short && !input_unsigned && random.next().is_multiple_of(3);
        let rounding = if scale32 && random.next().is_multiple_of(2) {
            RescaleRounding::Double
        } else {
            RescaleRounding::Single
        };
        let factors: Arc<[RescaleFactor]> = (0..1 + random.next() % 3)
            .map(|_| RescaleFactor {
                multiplier: (random.next() >> if scale32 { 33 } else { 49 }) as i32,
                shift: (2 + random.next() % 61) as u8,
            })
            .collect();
        let zero_point = |random: &mut Random, data_type: DataType, unsigned: bool| {
            let low = if unsigned { 0 } else { -128 };
            if data_type == DataType::I8 {
                low + (random.next() % 256) as i32
            } else {
                0
            }
        };
        let (input_zp, output_zp) = (
            zero_point(&mut random, from, input_unsigned),
            zero_point(&mut random, to, output_unsigned),
        );
        let operator = Operator::Rescale {
            per_channel: factors.len() > 1,
            factors: Arc::clone(&factors),
            scale32,
            rounding,
            input_zp,
            output_zp,
            input_unsigned,
            output_unsigned,
        };
        let input = tensor(from, &[factors.len() as u32]);
        let values = random.interval(from);
        let operand = Operand {
            tensor: &input,
            values,
        };
        let output = tensor(to, &[factors.len() as u32]);
        let Some(found) = result(&operator, &[operand], &output, &mut Scans(3)) else {
            counts[1] += 1;
            continue;
        };
        counts[0] += 1;
        for _ in 0..20 {
            let element = random.value(values);
            let factor = factors[(random.next() % factors.len() as u64) as usize];
            let turn = |data_type: DataType| 1_i128 << (8 * data_type.bytes());
            let mut value = i128::from(element);
            if input_unsigned {
                value = value.rem_euclid(turn(from));
            }
            value -= i128::from(input_zp);
            let mut round = 1_i128 << (factor.shift - 1);
            if rounding == RescaleRounding::Double && factor.shift > 31 {
                round += if value >= 0 { 1 << 30 } else { -(1 << 30) };
            }
            let scaled = (value * i128::from(factor.multiplier) + round) >> factor.shift;
            let moved = scaled + i128::from(output_zp);
            for sum in [scaled, moved] {
                assert!(
                    i32::try_from(sum).is_ok(),
                    "{operator:?} of {element}: {sum}"
                );
            }
            let limits = if output_unsigned {
                (0, turn(to) - 1)
            } else {
                (to.min().into(), to.max().into())
            };
            let mut stored = moved.clamp(limits.0, limits.1);
            if stored > to.max().into() {
                stored -= turn(to);
            }
            let inside = (i128::from(found.min)..=i128::from(found.max)).contains(&stored);
            assert!(
                inside,
                "{operator:?} of {element} in {values:?} is {stored}, found {found:?}"
            );
        }
    }
    assert!(counts.iter().all(|&count| count > 1000), "{counts:?}");
}

/// Sums of products as a brute-force convolution makes them: with any products left out, in any order.
#[test]
fn sums_of_products_stay_in_their_intervals_on_the_way() {
    let pad = Padding {
        top: 0,
        bottom: 0,
        left: 0,
        right: 0,
    };
    let one = Extent { y: 1, x: 1 };
    let mut random = Random(3);
    let mut counts = [0; 2];
    for round in 0..5000 {
        let depthwise = round % 2 == 1;
        let (channels, count) = (
            1 + (random.next() % 3) as u32,
            1 + (random.next() % 5) as u32,
        );
        let sides = if depthwise {
            [count, 1, channels, 1]
        } else {
            [channels, 1, 1, count]
        };
        let small = random.next().is_multiple_of(2);
        let weights: Vec<i64> = (0..channels * count)
            .map(|_| random.value(Interval::of(DataType::I8)) >> if small { 3 } else { 0 })
            .collect();
        // Biases near the ends of i32, so that a few products decide.
        let biases: Vec<i64> = (0..channels)
            .map(|_| {
                let room = random.within(Interval {
                    min: 0,
                    max: 90_000,
                });
                if random.next().is_multiple_of(2) {
                    i64::from(i32::MAX) - room
                } else {
                    i64::from(i32::MIN) + room
                }
            })
            .collect();
        let (input_zp, weight_zp) = (
            random.value(Interval::of(DataType::I8)) as i32,
            (random.value(Interval::of(DataType::I8)) / 4) as i32,
        );
        let mut weight = tensor(DataType::I8, &sides);
        let mut bias = tensor(DataType::I32, &[channels]);
        let mut held = Vec::new();
        crate::bytes::encode(DataType::I8, &weights, &mut held);
        weight.constant = Some(held.into());
        let mut held = Vec::new();
        crate::bytes::encode(DataType::I32, &biases, &mut held);
        bias.constant = Some(held.into());
        let input = tensor(DataType::I8, &[1, 1, 1, count]);
        let values = random.interval(DataType::I8);
        let operator = if depthwise {
            Operator::DepthwiseConv2d {
                pad,
                stride: one,
                dilation: one,
                input_zp,
                weight_zp,
            }
        } else {
            Operator::Conv2d {
                pad,
                stride: one,
                dilation: one,
                input_zp,
                weight_zp,
            }
        };
        let operands = [
            (&input, values),
            (&weight, Interval::of(DataType::I8)),
            (&bias, Interval::of(DataType::I32)),
        ]
        .map(|(tensor, values)| Operand { tensor, values });
        let output = tensor(DataType::I32, &[1, 1, 1, channels]);
        let found = result(&operator, &operands, &output, &mut Scans(1000));
        counts[usize::from(found.is_none())] += 1;
        // The worst that subsets of products can do, found product by product.
        let mut wraps = false;
        for (channel, &bias) in biases.iter().enumerate() {
            let of_channel = (0..count as usize).map(|index| {
                let at = if depthwise {
                    index * channels as usize + channel
                } else {
                    channel * count as usize + index
                };
                i128::from(weights[at] - i64::from(weight_zp))
            });
            let (mut least, mut most) = (i128::from(bias), i128::from(bias));
            for weight in of_channel {
                let ends = [values.min, values.max]
                    .map(|value| weight * i128::from(value - i64::from(input_zp)));
                most += ends[0].max(ends[1]).max(0);
                least += ends[0].min(ends[1]).min(0);
            }
            wraps |= most > i32::MAX.into() || least < i32::MIN.into();
            if let Some(found) = found {
                assert!(i128::from(found.min) <= least && most <= i128::from(found.max));
            }
        }
        // Nothing is lost between the products and the interval: it is exact.
        assert_eq!(found.is_none(), wraps, "{operator:?} with {biases:?}");
    }
    assert!(counts.iter().all(|&count| count > 500), "{counts:?}");
}

#[test]
fn constants_are_scanned_as_often_as_the_budget_allows() {
    let mut weight = tensor(DataType::I8, &[1, 1, 1, 4]);
    weight.constant = Some(Arc::from([1_u8; 4]));
    let mut bias = tensor(DataType::I32, &[1]);
    bias.constant = Some(Arc::from([0_u8; 4]));
    let input = tensor(DataType::I8, &[1, 1, 1, 4]);
    let operands = [&input, &weight, &bias].map(|tensor| Operand {
        tensor,
        values: Interval::of(tensor.data_type),
    });
    let output = tensor(DataType::I32, &[1, 1, 1, 1]);
    let extent = Extent { y: 1, x: 1 };
    let operator = Operator::Conv2d {
        pad: Padding {
            top: 0,
            bottom: 0,
            left: 0,
            right: 0,
        },
        stride: extent,
        dilation: extent,
        input_zp: 0,
        weight_zp: 0,
    };
    let mut scans = Scans(9);
    let expected = Interval {
        min: -512,
        max: 508,
    };
    let mut run = || result(&operator, &operands, &output, &mut scans);
    assert_eq!(run(), Some(expected));
    assert_eq!(run(), None);
}
