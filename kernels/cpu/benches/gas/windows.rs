//! Operators of one step over windows and products, see `operators`.

use aivm_tosa::DataType::{self, I8, I16, I32, I48};

use crate::operators::{elements, fits};
use crate::step::{Fill, Operand, Step, ints};
use aivm_cases::model::{Field, I32 as Number, U8};

/// Multiply-accumulates of an operator that is measured at most.
const PRODUCTS_MAX: usize = 60_000_000;

fn fits_products(products: usize, step: Step) -> Option<Step> {
    (products <= PRODUCTS_MAX).then_some(step).and_then(fits)
}

/// One axis of a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side {
    /// Of the output.
    pub out: usize,
    pub kernel: usize,
    pub stride: usize,
    pub dilation: usize,
    pub pad: [usize; 2],
}

impl Side {
    pub(crate) fn plain(out: usize, kernel: usize) -> Side {
        Side {
            out,
            kernel,
            stride: 1,
            dilation: 1,
            pad: [0; 2],
        }
    }

    /// The side of the input.
    fn input(self) -> Option<usize> {
        let window = (self.kernel - 1) * self.dilation + 1;
        let side = (self.out - 1) * self.stride + window;
        let fits = self.kernel * self.dilation <= 8192;
        side.checked_sub(self.pad[0] + self.pad[1])
            .filter(|&side| side > 0 && fits)
    }
}

/// The attribute of windows: padding, strides and dilations of all axes.
fn windows(sides: &[Side]) -> [Field; 3] {
    let pads: Vec<usize> = sides.iter().flat_map(|side| side.pad).collect();
    let list = |value: fn(&Side) -> usize| ints(&sides.iter().map(value).collect::<Vec<_>>());
    [
        ints(&pads),
        list(|side| side.stride),
        list(|side| side.dilation),
    ]
}

fn describe(sides: &[Side]) -> String {
    let side = |s: &Side| {
        format!(
            "{}k{}s{}d{}p{:?}",
            s.out, s.kernel, s.stride, s.dilation, s.pad
        )
    };
    sides.iter().map(side).collect::<Vec<_>>().join(" ")
}

/// The types of a linear operator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factors {
    pub input: DataType,
    pub weight: DataType,
    /// Whether the weight is a constant.
    pub constant: bool,
    /// Whether the bias has an element for each channel.
    pub bias: bool,
    pub weight_zp: i64,
}

impl Factors {
    pub(crate) const I8: Factors = Factors {
        input: I8,
        weight: I8,
        constant: true,
        bias: true,
        weight_zp: 0,
    };

    pub(crate) fn sum(self) -> DataType {
        if self.input == I16 { I48 } else { I32 }
    }

    fn accumulator(self) -> Field {
        Number(if self.input == I16 { 6 } else { 5 })
    }

    fn operands(self, input: &[usize], weight: &[usize], channels: usize) -> Vec<Operand> {
        let bias = if self.bias { channels } else { 1 };
        let zp = if self.weight == I8 && self.input == I8 {
            self.weight_zp
        } else {
            0
        };
        vec![
            Operand::input(self.input, input),
            Operand::constant(self.weight, weight, Fill::Any)
                .if_constant(self.constant || self.weight != I8),
            Operand::constant(self.sum(), &[bias], Fill::Range(-1000, 1000)),
            Operand::zero(self.input),
            Operand::constant(self.weight, &[1], Fill::Range(zp, zp)),
        ]
    }
}

/// CONV2D (two sides) and CONV3D (three).
pub(crate) fn convolution(
    f: Factors,
    n: usize,
    sides: &[Side],
    [ic, oc]: [usize; 2],
) -> Option<Step> {
    let op = if sides.len() == 2 { "CONV2D" } else { "CONV3D" };
    let (mut input, mut weight, mut output) = (vec![n], vec![oc], vec![n]);
    for side in sides {
        input.push(side.input()?);
        weight.push(side.kernel);
        output.push(side.out);
    }
    input.push(ic);
    weight.push(ic);
    output.push(oc);
    let [pad, stride, dilation] = windows(sides);
    let attribute = vec![
        (0, pad),
        (1, stride),
        (2, dilation),
        (3, U8(0)),
        (4, f.accumulator()),
    ];
    let operands = f.operands(&input, &weight, oc);
    let step = Step::new(op, attribute, operands, (f.sum(), &output));
    let products = elements(&output) * elements(&weight) / oc;
    fits_products(products, step.note(describe(sides)))
}

/// DEPTHWISE_CONV2D.
pub(crate) fn depthwise(
    f: Factors,
    n: usize,
    sides: [Side; 2],
    [c, m]: [usize; 2],
) -> Option<Step> {
    let input = [n, sides[0].input()?, sides[1].input()?, c];
    let weight = [sides[0].kernel, sides[1].kernel, c, m];
    let output = [n, sides[0].out, sides[1].out, c * m];
    let [pad, stride, dilation] = windows(&sides);
    let attribute = vec![
        (0, pad),
        (1, stride),
        (2, dilation),
        (3, U8(0)),
        (4, f.accumulator()),
    ];
    let operands = f.operands(&input, &weight, c * m);
    let step = Step::new("DEPTHWISE_CONV2D", attribute, operands, (f.sum(), &output));
    fits_products(
        elements(&output) * weight[0] * weight[1],
        step.note(describe(&sides)),
    )
}

/// TRANSPOSE_CONV2D: `out` of a side is the side of its input, `pad` is cut from the output.
pub(crate) fn transpose_conv2d(
    f: Factors,
    n: usize,
    sides: [Side; 2],
    [ic, oc]: [usize; 2],
) -> Option<Step> {
    let mut output = vec![n];
    for side in sides {
        let whole = (side.out - 1) * side.stride + side.kernel;
        output.push(
            whole
                .checked_sub(side.pad[0] + side.pad[1])
                .filter(|&side| side > 0)?,
        );
    }
    output.push(oc);
    let input = [n, sides[0].out, sides[1].out, ic];
    let weight = [oc, sides[0].kernel, sides[1].kernel, ic];
    let cut = |side: Side| side.pad.map(|pad| -(pad as i32));
    let out_pad = [cut(sides[0]), cut(sides[1])].concat();
    let attribute = vec![
        (0, Field::Ints(out_pad)),
        (1, ints(&[sides[0].stride, sides[1].stride])),
        (2, U8(0)),
        (3, f.accumulator()),
    ];
    let operands = f.operands(&input, &weight, oc);
    let products = elements(&input) * elements(&weight) / ic;
    let step = Step::new("TRANSPOSE_CONV2D", attribute, operands, (f.sum(), &output));
    fits_products(products, step.note(describe(&sides)))
}

/// MATMUL of `[n, h, c]` and `[n, c, w]`; the second is a constant if `constant`.
pub(crate) fn matmul(
    data_type: DataType,
    [n, h, c, w]: [usize; 4],
    constant: bool,
) -> Option<Step> {
    let operands = vec![
        Operand::input(data_type, &[n, h, c]),
        Operand::input(data_type, &[n, c, w]).if_constant(constant),
        Operand::zero(data_type),
        Operand::zero(data_type),
    ];
    let result = if data_type == I8 { I32 } else { I48 };
    fits_products(
        n * h * c * w,
        Step::new("MATMUL", vec![], operands, (result, &[n, h, w])),
    )
}

/// AVG_POOL2D and MAX_POOL2D.
pub(crate) fn pool(
    op: &'static str,
    data_type: DataType,
    n: usize,
    sides: [Side; 2],
    c: usize,
) -> Option<Step> {
    let input = [n, sides[0].input()?, sides[1].input()?, c];
    let output = [n, sides[0].out, sides[1].out, c];
    if sides
        .iter()
        .any(|side| side.pad[0].max(side.pad[1]) >= side.kernel)
    {
        return None;
    }
    let [pad, stride, _] = windows(&sides);
    let kernel = ints(&sides.map(|side| side.kernel));
    let number = if op == "AVG_POOL2D" { 5 } else { 1 };
    let attribute = vec![(0, kernel), (1, stride), (2, pad), (3, Number(number))];
    let mut operands = vec![Operand::input(data_type, &input)];
    if op == "AVG_POOL2D" {
        operands.extend([Operand::zero(data_type), Operand::zero(data_type)]);
    }
    let step = Step::new(op, attribute, operands, (data_type, &output));
    let products = elements(&output) * sides[0].kernel * sides[1].kernel;
    fits_products(products, step.note(describe(&sides)))
}

/// One axis of RESIZE: the side of the input and the scale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaled {
    pub side: usize,
    pub numerator: usize,
    pub denominator: usize,
}

/// RESIZE.
pub(crate) fn resize(
    data_type: DataType,
    bilinear: bool,
    [n, c]: [usize; 2],
    axes: [Scaled; 2],
) -> Option<Step> {
    let result = match (bilinear, data_type) {
        (false, data_type) => data_type,
        (true, I8) => I32,
        (true, _) => I48,
    };
    let (mut scale, mut border, mut out) = (Vec::new(), Vec::new(), Vec::new());
    for axis in axes {
        let (n, d) = (axis.numerator, axis.denominator);
        let room = (axis.side - 1) * n;
        // The largest output whose border is below the numerator.
        let last = (room + n - 1) / d;
        let valid = d < 16 * n && n <= 2048 && n <= 256 * d && last < 16_383 && axis.side < 16_384;
        if !valid {
            return None;
        }
        scale.extend([n as i64, d as i64]);
        border.push((last * d) as i64 - room as i64);
        out.push(last + 1);
    }
    let operands = vec![
        Operand::input(data_type, &[n, axes[0].side, axes[1].side, c]),
        Operand::Shape(scale),
        Operand::Shape(vec![0, 0]),
        Operand::Shape(border),
    ];
    let attribute = vec![(0, Number(1 + i32::from(bilinear)))];
    let step = Step::new(
        "RESIZE",
        attribute,
        operands,
        (result, &[n, out[0], out[1], c]),
    );
    fits(step.note(if bilinear {
        "bilinear".to_owned()
    } else {
        "nearest".to_owned()
    }))
}
