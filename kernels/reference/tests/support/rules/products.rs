//! Accumulators that leave their type, in every operator that sums products; weights of −8; averages of i16.

use aivm_tosa::DataType;

use super::model::{I4, I8, I16, I32, I48, INT32, Ints, Model, Table};
use super::{Rule, rule};

const WRAPS: &str = "accumulators wrap";

pub(super) fn rules() -> Vec<Rule> {
    let mut rules = vec![
        matmul_i8(),
        matmul_i16(),
        least_weight(),
        average_i16(),
        average_i8(127),
        average_i8(128),
    ];
    for operator in [
        Linear::Conv2d,
        Linear::Conv3d,
        Linear::Depthwise,
        Linear::Transpose,
    ] {
        // The sum itself wraps; then the bias brings it round once more.
        rules.extend([0, i32::MIN].map(|bias| operator.sum_of_bytes(bias)));
        rules.push(operator.bias_of_48_bits());
    }
    rules
}

#[derive(Clone, Copy)]
enum Linear {
    Conv2d,
    Conv3d,
    Depthwise,
    Transpose,
}

impl Linear {
    fn name(self) -> &'static str {
        match self {
            Linear::Conv2d => "CONV2D",
            Linear::Conv3d => "CONV3D",
            Linear::Depthwise => "DEPTHWISE_CONV2D",
            Linear::Transpose => "TRANSPOSE_CONV2D",
        }
    }

    /// Shapes of input, weight and output with `taps` products in one sum (a square number for DEPTHWISE_CONV2D).
    fn shapes(self, taps: i32) -> (Vec<i32>, Vec<i32>, Vec<i32>) {
        let side = taps.isqrt();
        match self {
            Linear::Conv2d | Linear::Transpose => {
                (vec![1, 1, 1, taps], vec![1, 1, 1, taps], vec![1; 4])
            }
            Linear::Conv3d => (vec![1, 1, 1, 1, taps], vec![1, 1, 1, 1, taps], vec![1; 5]),
            Linear::Depthwise => (vec![1, side, side, 1], vec![side, side, 1, 1], vec![1; 4]),
        }
    }

    fn attribute(self, acc_type: i32) -> Table {
        let axes = if matches!(self, Linear::Conv3d) { 3 } else { 2 };
        let ones = || Ints(vec![1; axes]);
        let none = Ints(vec![0; 2 * axes]);
        match self {
            Linear::Transpose => vec![(0, none), (1, ones()), (3, I32(acc_type))],
            _ => vec![(0, none), (1, ones()), (2, ones()), (4, I32(acc_type))],
        }
    }

    /// 182² products of 255 · 255, more than an i32 holds.
    fn sum_of_bytes(self, bias: i32) -> Rule {
        const TAPS: i32 = 182 * 182;
        let (input, weight, output) = self.shapes(TAPS);
        let model = Model::default()
            .input("x", I8, &input)
            .constant("w", I8, &weight, &[127; TAPS as usize])
            .constant("b", INT32, &[1], &bias.to_le_bytes())
            .constant("z", I8, &[1], &[128])
            .output("y", INT32, &output)
            .operator(
                self.name(),
                self.attribute(INT32),
                &["x", "w", "b", "z", "z"],
                &["y"],
            );
        let sum = i64::from(TAPS) * 255 * 255;
        assert!(sum > i64::from(i32::MAX));
        let expected = i64::from((sum + i64::from(bias)) as i32);
        rule(
            WRAPS,
            &model,
            &[(DataType::I8, &[127; TAPS as usize])],
            (DataType::I32, &[expected]),
        )
    }

    /// The largest i48 as bias: 1 · 1 more wraps.
    fn bias_of_48_bits(self) -> Rule {
        let (input, weight, output) = self.shapes(1);
        let largest = (1_u64 << 47) - 1;
        let model = Model::default()
            .input("x", I16, &input)
            .constant("w", I8, &weight, &[1])
            .constant("b", I48, &[1], &largest.to_le_bytes()[..6])
            .constant("zx", I16, &[1], &[0; 2])
            .constant("zw", I8, &[1], &[0])
            .output("y", I48, &output)
            .operator(
                self.name(),
                self.attribute(I48),
                &["x", "w", "b", "zx", "zw"],
                &["y"],
            );
        rule(
            WRAPS,
            &model,
            &[(DataType::I16, &[1])],
            (DataType::I48, &[DataType::I48.min()]),
        )
    }
}

fn matmul(kind: (i32, i32), taps: i32, zero_point: &[u8]) -> Model {
    Model::default()
        .input("a", kind.0, &[1, 1, taps])
        .input("b", kind.0, &[1, taps, 1])
        .constant("z", kind.0, &[1], zero_point)
        .output("c", kind.1, &[1, 1, 1])
        .operator("MATMUL", vec![], &["a", "b", "z", "z"], &["c"])
}

fn matmul_i8() -> Rule {
    const TAPS: i32 = 33_030;
    let model = matmul((I8, INT32), TAPS, &[128]);
    let input = [
        (DataType::I8, &[127; TAPS as usize][..]),
        (DataType::I8, &[127; TAPS as usize]),
    ];
    let sum = i64::from(TAPS) * 255 * 255;
    assert!(sum > i64::from(i32::MAX));
    rule(
        WRAPS,
        &model,
        &input,
        (DataType::I32, &[i64::from(sum as i32)]),
    )
}

fn matmul_i16() -> Rule {
    // 2^17 products of 2^30: just one more than an i48 holds.
    const TAPS: usize = 1 << 17;
    let model = matmul((I16, I48), TAPS as i32, &[0; 2]);
    let least = vec![DataType::I16.min(); TAPS];
    let input = [(DataType::I16, &least[..]), (DataType::I16, &least[..])];
    rule(
        WRAPS,
        &model,
        &input,
        (DataType::I48, &[DataType::I48.min()]),
    )
}

/// TOSA's int4_t leaves −8 out.
fn least_weight() -> Rule {
    let attribute = Linear::Conv2d.attribute(INT32);
    let model = Model::default()
        .input("x", I8, &[1, 1, 1, 2])
        .constant("w", I4, &[1, 1, 1, 2], &[0x78]) // −8 and 7
        .constant("b", INT32, &[1], &[0; 4])
        .constant("zx", I8, &[1], &[0])
        .constant("zw", I4, &[1], &[0])
        .output("y", INT32, &[1, 1, 1, 1])
        .operator("CONV2D", attribute, &["x", "w", "b", "zx", "zw"], &["y"]);
    rule(
        "a weight of −8 is −8",
        &model,
        &[(DataType::I8, &[100, 3])],
        (DataType::I32, &[-779]),
    )
}

fn average(kind: i32, side: i32, zero_points: (&[u8], &[u8])) -> Model {
    let attribute = vec![
        (0, Ints(vec![side; 2])),
        (1, Ints(vec![1; 2])),
        (2, Ints(vec![0; 4])),
        (3, I32(INT32)),
    ];
    Model::default()
        .input("x", kind, &[1, side, side, 1])
        .constant("zx", kind, &[1], zero_points.0)
        .constant("zy", kind, &[1], zero_points.1)
        .output("y", kind, &[1, 1, 1, 1])
        .operator("AVG_POOL2D", attribute, &["x", "zx", "zy"], &["y"])
}

/// 257² elements of 32767 leave an i32.
fn average_i16() -> Rule {
    const SIDE: i32 = 257;
    let model = average(I16, SIDE, (&[0; 2], &[0; 2]));
    let count = i64::from(SIDE * SIDE);
    let sum = i64::from((count * 32_767) as i32);
    assert!(sum < 0);
    // 2^17 is the least power of two that is not below the count.
    let multiplier = (((1_i64 << 30) + 1) << 17) / count;
    let expected = (sum * multiplier + (1 << 46)) >> 47;
    let input = vec![32_767; count as usize];
    rule(
        "AVG_POOL2D's sum wraps",
        &model,
        &[(DataType::I16, &input)],
        (DataType::I16, &[expected]),
    )
}

/// An i8 cannot leave: every element is ±128 − 127, and with the output's zero point −128 the average saturates.
fn average_i8(element: u8) -> Rule {
    const SIDE: i32 = 64;
    let model = average(I8, SIDE, (&[127], &[128]));
    let input = vec![i64::from(element as i8); (SIDE * SIDE) as usize];
    rule(
        "AVG_POOL2D's sum wraps",
        &model,
        &[(DataType::I8, &input)],
        (DataType::I8, &[-128]),
    )
}
