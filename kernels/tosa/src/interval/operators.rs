//! What each operator makes of intervals, and where it may wrap.

use super::wide::{Wide, scaled};
use super::{Interval, Scans};
use crate::operator::{ResizeMode, TableContent};
use crate::{DataType, Operator, Tensor, bytes};

/// An input of a node with its values.
#[derive(Clone, Copy)]
pub(super) struct Operand<'a> {
    pub tensor: &'a Tensor,
    pub values: Interval,
}

impl Operand<'_> {
    fn side(&self, axis: usize) -> u64 {
        let sides = self.tensor.shape.dimensions();
        sides.get(axis).copied().map_or(1, u64::from)
    }
}

const TRUTH: Interval = Interval { min: 0, max: 1 };

/// The values of `output`, which `operator` makes of `inputs`; `None` if it may wrap.
pub(super) fn result(
    operator: &Operator,
    inputs: &[Operand<'_>],
    output: &Tensor,
    scans: &mut Scans,
) -> Option<Interval> {
    let to = output.data_type;
    let full = Interval::of(to);
    let values = |index: usize| inputs[index].values;
    let wide = |index: usize| Wide::from(inputs[index].values);
    match operator {
        Operator::Conv2d {
            input_zp,
            weight_zp,
            ..
        }
        | Operator::Conv3d {
            input_zp,
            weight_zp,
            ..
        }
        | Operator::TransposeConv2d {
            input_zp,
            weight_zp,
            ..
        } => sums(inputs, (*input_zp, *weight_zp), Rows::Outer, to, scans),
        Operator::DepthwiseConv2d {
            input_zp,
            weight_zp,
            ..
        } => sums(inputs, (*input_zp, *weight_zp), Rows::Inner, to, scans),
        Operator::MatMul { a_zp, b_zp } => {
            let product = wide(0).minus(*a_zp).product(wide(1).minus(*b_zp));
            product.or_zero().times(inputs[0].side(2)).fit(to)
        }
        Operator::AvgPool2d {
            kernel,
            input_zp,
            output_zp,
            ..
        } => {
            let window = u64::from(kernel.y) * u64::from(kernel.x);
            let value = wide(0).minus(*input_zp);
            value.or_zero().times(window).fit(DataType::I32)?;
            // The average is that of a rounded reciprocal: one beside the true one at most.
            let average = Wide {
                min: value.min - 1,
                max: value.max + 1,
            };
            Some(average.minus(-*output_zp).clamp(full))
        }
        Operator::MaxPool2d { .. }
        | Operator::Reshape
        | Operator::Reverse { .. }
        | Operator::Slice { .. }
        | Operator::Tile
        | Operator::Transpose { .. }
        | Operator::Gather
        | Operator::Identity
        | Operator::ReduceAll { .. }
        | Operator::ReduceAny { .. }
        | Operator::ReduceMax { .. }
        | Operator::ReduceMin { .. } => Some(values(0)),
        Operator::Resize { mode, y, x } => match mode {
            ResizeMode::Nearest => Some(values(0)),
            ResizeMode::Bilinear => {
                let weight = i64::from(y.scale_n) * i64::from(x.scale_n);
                wide(0).times(weight.unsigned_abs()).fit(to)
            }
        },
        Operator::ArgMax { axis } => Some(Interval {
            min: 0,
            max: inputs[0].side(*axis as usize) as i64 - 1,
        }),
        Operator::ReduceSum { axis } => {
            let count = inputs[0].side(*axis as usize);
            // Sums on the way count, too.
            wide(0).or_zero().times(count).fit(to)?;
            wide(0).times(count).fit(to)
        }
        Operator::Clamp { min, max } => Some(wide(0).clamp(Interval {
            min: *min,
            max: *max,
        })),
        Operator::Add => wide(0).plus(wide(1)).fit(to),
        Operator::Sub => {
            let negative = Wide {
                min: -wide(1).max,
                max: -wide(1).min,
            };
            wide(0).plus(negative).fit(to)
        }
        Operator::Mul { shift } => {
            let product = wide(0).product(wide(1));
            let round = if *shift == 0 {
                0
            } else {
                1_i128 << (shift - 1)
            };
            let sum = Wide {
                min: product.min + round,
                max: product.max + round,
            };
            // The rounding sum has 64 bits.
            if sum.max > i64::MAX.into() {
                return None;
            }
            let shifted = Wide {
                min: sum.min >> shift,
                max: sum.max >> shift,
            };
            shifted.fit(to)
        }
        Operator::IntDiv => {
            if values(0).min == i64::from(i32::MIN) && (values(1).min..=values(1).max).contains(&-1)
            {
                return None;
            }
            let largest = values(0).min.abs().max(values(0).max.abs());
            let positive = values(0).min >= 0 && values(1).min >= 0;
            Some(Interval {
                min: if positive { 0 } else { -largest },
                max: largest,
            })
        }
        Operator::ArithmeticRightShift { round } => {
            let amount = amount(values(1), to)?;
            let (low, high) = (values(0).min, values(0).max);
            let max = (high >> amount.min).max(high >> amount.max);
            Some(Interval {
                min: (low >> amount.min).min(low >> amount.max),
                max: full.max.min(max + i64::from(*round)),
            })
        }
        Operator::LogicalLeftShift => {
            let amount = amount(values(1), to)?;
            let ends = [amount.min, amount.max].map(|amount| Wide {
                min: i128::from(values(0).min) << amount,
                max: i128::from(values(0).max) << amount,
            });
            let shifted = Wide {
                min: ends[0].min.min(ends[1].min),
                max: ends[0].max.max(ends[1].max),
            };
            shifted.fit(to)
        }
        Operator::LogicalRightShift => {
            let amount = amount(values(1), to)?;
            if values(0).min >= 0 {
                return Some(Interval {
                    min: values(0).min >> amount.max,
                    max: values(0).max >> amount.min,
                });
            }
            if amount.min == 0 {
                return Some(full);
            }
            let bits = 8 * to.bytes() as i64;
            Some(Interval {
                min: 0,
                max: (1 << (bits - amount.min)) - 1,
            })
        }
        Operator::BitwiseAnd => Some(if values(0).min >= 0 && values(1).min >= 0 {
            Interval {
                min: 0,
                max: values(0).max.min(values(1).max),
            }
        } else {
            full
        }),
        Operator::BitwiseOr | Operator::BitwiseXor => {
            Some(if values(0).min >= 0 && values(1).min >= 0 {
                let above = (values(0).max.max(values(1).max) + 1).unsigned_abs();
                Interval {
                    min: 0,
                    max: full.max.min(above.next_power_of_two() as i64 - 1),
                }
            } else {
                full
            })
        }
        Operator::BitwiseNot => Some(Interval {
            min: !values(0).max,
            max: !values(0).min,
        }),
        Operator::LogicalAnd
        | Operator::LogicalOr
        | Operator::LogicalXor
        | Operator::LogicalNot
        | Operator::Equal
        | Operator::Greater
        | Operator::GreaterEqual => Some(TRUTH),
        Operator::Maximum => Some(Interval {
            min: values(0).min.max(values(1).min),
            max: values(0).max.max(values(1).max),
        }),
        Operator::Minimum => Some(Interval {
            min: values(0).min.min(values(1).min),
            max: values(0).max.min(values(1).max),
        }),
        Operator::Table(content) => Some(table(content, values(0))),
        Operator::Abs => {
            let (min, max) = (values(0).min, values(0).max);
            let largest = Wide {
                min: 0,
                max: i128::from(min.abs().max(max.abs())),
            };
            largest.fit(to)
        }
        Operator::Clz => Some(leading_zeros(values(0))),
        Operator::Negate {
            input_zp,
            output_zp,
        } => {
            let value = wide(0).minus(*input_zp);
            let negated = Wide {
                min: -value.max,
                max: -value.min,
            };
            let moved = negated.minus(-*output_zp);
            // The sum is an i32; shorter types saturate.
            moved.fit(DataType::I32)?;
            Some(moved.clamp(full))
        }
        Operator::Select => Some(values(1).or(values(2))),
        Operator::Scatter => Some(values(0).or(values(2))),
        Operator::Concat { .. } => inputs.iter().map(|input| input.values).reduce(Interval::or),
        Operator::Pad { pad_const, .. } => Some(values(0).or(Interval {
            min: *pad_const,
            max: *pad_const,
        })),
        Operator::Cast => match to {
            DataType::Bool => Some(TRUTH),
            _ => wide(0).fit(to),
        },
        Operator::Rescale {
            factors,
            rounding,
            input_zp,
            output_zp,
            input_unsigned,
            output_unsigned,
            ..
        } => {
            if !scans.take(factors.len() as u64) {
                return None;
            }
            let read = if *input_unsigned {
                unsigned(values(0), inputs[0].tensor.data_type)
            } else {
                values(0)
            };
            let value = Wide::from(read).minus(*input_zp);
            let scaled = scaled(value, factors, *rounding)?;
            // The result and its sum with the zero point are i32.
            scaled.fit(DataType::I32)?;
            let moved = scaled.minus(-*output_zp);
            moved.fit(DataType::I32)?;
            Some(if *output_unsigned {
                signed(moved.clamp(unsigned(full, to)), to)
            } else {
                moved.clamp(full)
            })
        }
        // Control flow is looked at by the caller; a variable may hold anything.
        Operator::VariableRead(_)
        | Operator::VariableWrite(_)
        | Operator::CondIf { .. }
        | Operator::WhileLoop { .. } => Some(full),
    }
}

/// Where the weights of one output channel stand.
#[derive(Clone, Copy)]
enum Rows {
    /// One after the other: the channel is the first axis.
    Outer,
    /// Apart: the channel is what follows the first two axes.
    Inner,
}

/// Sums of products of a convolution with its bias: inputs are input, weight, bias.
///
/// A sum may lack products (padding) and is looked at on the way, so each product counts only where it makes the
/// interval larger.
fn sums(
    inputs: &[Operand<'_>],
    (input_zp, weight_zp): (i32, i32),
    rows: Rows,
    to: DataType,
    scans: &mut Scans,
) -> Option<Interval> {
    let [input, weight, bias] = inputs else {
        return None;
    };
    let value = Wide::from(input.values).minus(input_zp).or_zero();
    let elements = u64::from(weight.tensor.shape.elements());
    let channels = match rows {
        Rows::Outer => weight.side(0),
        Rows::Inner => weight.side(2) * weight.side(3),
    };
    let count = elements / channels;
    let Some(constant) = &weight.tensor.constant else {
        let product = value.product(Wide::from(weight.values).minus(weight_zp));
        let sum = product.or_zero().times(count);
        sum.fit(to)?;
        return sum.plus(bias.values.into()).fit(to);
    };
    if !scans.take(elements + channels) {
        return None;
    }
    let data_type = weight.tensor.data_type;
    let len = data_type.bytes() as usize;
    let mut all: Option<Interval> = None;
    for channel in 0..channels as usize {
        let (first, step) = match rows {
            Rows::Outer => (channel * count as usize, 1),
            Rows::Inner => (channel, channels as usize),
        };
        // Sums of the positive and of the negative weights.
        let (mut above, mut below) = (0_i64, 0_i64);
        for index in 0..count as usize {
            let at = len * (first + index * step);
            let weight = bytes::read(data_type, &constant[at..]) - i64::from(weight_zp);
            above += weight.max(0);
            below += weight.min(0);
        }
        let (above, below) = (i128::from(above), i128::from(below));
        let sum = Wide {
            min: above * value.min + below * value.max,
            max: above * value.max + below * value.min,
        };
        sum.fit(to)?;
        let sum = sum.plus(of_channel(bias, channel)).fit(to)?;
        all = Some(all.map_or(sum, |all| all.or(sum)));
    }
    all
}

/// The bias of a channel.
fn of_channel(bias: &Operand<'_>, channel: usize) -> Wide {
    let (tensor, index) = (bias.tensor, channel.min(bias.side(0) as usize - 1));
    match &tensor.constant {
        Some(constant) => {
            let at = index * tensor.data_type.bytes() as usize;
            let value = i128::from(bytes::read(tensor.data_type, &constant[at..]));
            Wide {
                min: value,
                max: value,
            }
        }
        None => bias.values.into(),
    }
}

/// Amounts of a shift, if none is taken modulo the bits of `data_type`.
fn amount(values: Interval, data_type: DataType) -> Option<Interval> {
    let bits = 8 * data_type.bytes() as i64;
    (values.min >= 0 && values.max < bits).then_some(values)
}

/// The values of a table for indices of `values`.
fn table(content: &TableContent, values: Interval) -> Interval {
    let extremes = |entries: &mut dyn Iterator<Item = i64>, factor: i64| {
        let points = entries.map(|entry| Interval {
            min: factor * entry,
            max: factor * entry,
        });
        points.reduce(Interval::or)
    };
    let found = match content {
        TableContent::I8(entries) => {
            let range = (values.min + 128) as usize..=(values.max + 128) as usize;
            let entries = entries.get(range).unwrap_or(entries);
            extremes(&mut entries.iter().map(|&entry| entry.into()), 1)
        }
        TableContent::I16(entries) => {
            let place = |value: i64| ((value + 32_768) >> 7) as usize;
            // Between two entries; each has 7 more bits.
            let range = place(values.min)..=place(values.max) + 1;
            let entries = entries.get(range).unwrap_or(entries);
            extremes(&mut entries.iter().map(|&entry| entry.into()), 128)
        }
    };
    found.unwrap_or(Interval { min: 0, max: 0 })
}

fn leading_zeros(values: Interval) -> Interval {
    if values.min < 0 {
        // A negative value has none.
        return Interval { min: 0, max: 32 };
    }
    let zeros = |value: i64| i64::from((value as i32).leading_zeros());
    Interval {
        min: zeros(values.max),
        max: zeros(values.min),
    }
}

/// The values of signed bits read as unsigned ones.
fn unsigned(values: Interval, data_type: DataType) -> Interval {
    let turn = 1_i64 << (8 * data_type.bytes());
    if values.min >= 0 {
        values
    } else if values.max < 0 {
        Interval {
            min: values.min + turn,
            max: values.max + turn,
        }
    } else {
        Interval {
            min: 0,
            max: turn - 1,
        }
    }
}

/// The values of unsigned bits read as signed ones.
fn signed(values: Interval, data_type: DataType) -> Interval {
    let turn = 1_i64 << (8 * data_type.bytes());
    if values.max <= data_type.max() {
        values
    } else if values.min > data_type.max() {
        Interval {
            min: values.min - turn,
            max: values.max - turn,
        }
    } else {
        Interval::of(data_type)
    }
}
