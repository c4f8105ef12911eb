//! Operators of one step: functions from sizes to a [`Step`], used by the table and by the search.
//!
//! A function gives `None` where the sizes make no valid operator or one that takes too long to measure.

use aivm_tosa::DataType::{self, Bool, I8, I16, I32, I48};

use crate::model::{Bytes, Field, I32 as Number, Table, U8};
use crate::step::{Fill, Operand, Step, ints};

/// Operators that are measured have at most so many bytes of tensors and so many multiply-accumulates.
const BYTES_MAX: usize = 24 << 20;
const PRODUCTS_MAX: usize = 60_000_000;

fn fits(step: Step) -> Option<Step> {
    (step.bytes() <= BYTES_MAX).then_some(step)
}

fn fits_products(products: usize, step: Step) -> Option<Step> {
    (products <= PRODUCTS_MAX).then_some(step).and_then(fits)
}

fn elements(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// The attribute of one axis.
fn axis_attribute(axis: usize) -> Table {
    vec![(0, Number(axis as i32))]
}

/// The shape that operands broadcast to.
fn broadcast(shapes: &[Vec<usize>]) -> Vec<usize> {
    let side = |axis| shapes.iter().map(|shape| shape[axis]).max().unwrap_or(1);
    (0..shapes[0].len()).map(side).collect()
}

/// Element-wise operators of two tensors of `data_type`.
pub(crate) fn binary(
    op: &'static str,
    data_type: DataType,
    shapes: &[Vec<usize>],
    constant: bool,
) -> Option<Step> {
    let result = match op {
        "EQUAL" | "GREATER" | "GREATER_EQUAL" => Bool,
        _ => data_type,
    };
    let fill = match op {
        "ARITHMETIC_RIGHT_SHIFT" | "LOGICAL_LEFT_SHIFT" | "LOGICAL_RIGHT_SHIFT" => {
            Fill::Range(0, 7)
        }
        _ => Fill::Any,
    };
    let attribute = match op {
        "ARITHMETIC_RIGHT_SHIFT" => vec![(0, U8(1))],
        "MAXIMUM" | "MINIMUM" => vec![(0, Number(1))],
        _ => vec![],
    };
    let operands = vec![
        Operand::input(data_type, &shapes[0]),
        Operand::constant(data_type, &shapes[1], fill).if_constant(constant),
    ];
    fits(Step::new(
        op,
        attribute,
        operands,
        (result, &broadcast(shapes)),
    ))
}

/// MUL.
pub(crate) fn mul(
    data_type: DataType,
    shapes: &[Vec<usize>],
    shift: i64,
    late: bool,
) -> Option<Step> {
    let shift = if data_type == I32 { shift } else { 0 };
    let operands = vec![
        Operand::input(data_type, &shapes[0]),
        Operand::input(data_type, &shapes[1]),
        Operand::constant(I8, &[1], Fill::Range(shift, shift)).if_constant(!late),
    ];
    let step = Step::new("MUL", vec![], operands, (I32, &broadcast(shapes)));
    fits(step.note(format!("shift {shift}")))
}

/// SELECT.
pub(crate) fn select(data_type: DataType, shapes: &[Vec<usize>]) -> Option<Step> {
    let operands = vec![
        Operand::input(Bool, &shapes[0]),
        Operand::input(data_type, &shapes[1]),
        Operand::input(data_type, &shapes[2]),
    ];
    fits(Step::new(
        "SELECT",
        vec![],
        operands,
        (data_type, &broadcast(shapes)),
    ))
}

/// Element-wise operators of one tensor without parameters.
pub(crate) fn unary(op: &'static str, data_type: DataType, shape: &[usize]) -> Option<Step> {
    let operands = vec![Operand::input(data_type, shape)];
    fits(Step::new(op, vec![], operands, (data_type, shape)))
}

/// NEGATE.
pub(crate) fn negate(data_type: DataType, shape: &[usize], late: bool) -> Option<Step> {
    let operands = vec![
        Operand::input(data_type, shape),
        Operand::zero(data_type).if_constant(!late),
        Operand::zero(data_type),
    ];
    fits(Step::new("NEGATE", vec![], operands, (data_type, shape)))
}

/// CLAMP.
pub(crate) fn clamp(data_type: DataType, shape: &[usize]) -> Option<Step> {
    let width = data_type.bytes() as usize;
    let bound = |value: i64| Bytes(value.to_le_bytes()[..width].to_vec());
    let attribute = vec![(0, bound(-100)), (1, bound(100)), (2, Number(1))];
    let operands = vec![Operand::input(data_type, shape)];
    fits(Step::new("CLAMP", attribute, operands, (data_type, shape)))
}

/// CAST.
pub(crate) fn cast(from: DataType, to: DataType, shape: &[usize]) -> Option<Step> {
    let operands = vec![Operand::input(from, shape)];
    (from != to)
        .then(|| Step::new("CAST", vec![], operands, (to, shape)))
        .and_then(fits)
}

/// How RESCALE is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rescaling {
    pub from: DataType,
    pub to: DataType,
    pub per_channel: bool,
    pub double: bool,
    /// Of all elements, or spread over 2 to 62.
    pub shift: Option<u8>,
    pub late: bool,
}

/// RESCALE.
pub(crate) fn rescale(how: Rescaling, shape: &[usize]) -> Option<Step> {
    let scale32 = how.from != I48;
    let (multiplier, max) = if scale32 {
        (I32, 0x7fff_ffff)
    } else {
        (I16, 0x7fff)
    };
    let channels = if how.per_channel { *shape.last()? } else { 1 };
    let shift = how
        .shift
        .map_or(Fill::Range(2, 62), |s| Fill::Range(s.into(), s.into()));
    let attribute = vec![
        (0, U8(u8::from(scale32))),
        (1, Number(if how.double && scale32 { 3 } else { 1 })),
        (2, U8(u8::from(how.per_channel))),
        (3, U8(0)),
        (4, U8(0)),
    ];
    let operands = vec![
        Operand::input(how.from, shape),
        Operand::constant(multiplier, &[channels], Fill::Range(max / 2, max))
            .if_constant(!how.late),
        Operand::constant(I8, &[channels], shift).if_constant(!how.late),
        Operand::zero(how.from),
        Operand::zero(how.to),
    ];
    let step = Step::new("RESCALE", attribute, operands, (how.to, shape));
    fits(step.note(format!("{how:?}")))
}

/// TABLE.
pub(crate) fn table(data_type: DataType, shape: &[usize], late: bool) -> Option<Step> {
    let (entries, result) = if data_type == I8 {
        (256, I8)
    } else {
        (513, I32)
    };
    let operands = vec![
        Operand::input(data_type, shape),
        Operand::constant(data_type, &[entries], Fill::Range(-100, 100)).if_constant(!late),
    ];
    fits(Step::new("TABLE", vec![], operands, (result, shape)))
}

/// Reductions and ARGMAX.
pub(crate) fn reduce(
    op: &'static str,
    data_type: DataType,
    shape: &[usize],
    axis: usize,
) -> Option<Step> {
    let mut attribute = axis_attribute(axis);
    if matches!(op, "ARGMAX" | "REDUCE_MAX" | "REDUCE_MIN") {
        attribute.push((1, Number(1)));
    }
    let (mut to, mut result) = (shape.to_vec(), data_type);
    if op == "ARGMAX" {
        to.remove(axis);
        result = I32;
    } else {
        to[axis] = 1;
    }
    let operands = vec![Operand::input(data_type, shape)];
    let step = Step::new(op, attribute, operands, (result, &to));
    fits(step.note(format!("axis {axis}")))
}

/// CONCAT of `count` inputs, all the same tensor if `aliased`.
pub(crate) fn concat(
    data_type: DataType,
    shape: &[usize],
    axis: usize,
    count: usize,
) -> Option<Step> {
    let mut to = shape.to_vec();
    to[axis] *= count;
    let operands = vec![Operand::input(data_type, shape); count];
    let step = Step::new("CONCAT", axis_attribute(axis), operands, (data_type, &to));
    fits(step.note(format!("axis {axis}, {count} inputs")))
}

/// PAD by `before` and `after`.
pub(crate) fn pad(
    data_type: DataType,
    shape: &[usize],
    amounts: &[[usize; 2]],
    late: bool,
) -> Option<Step> {
    let to: Vec<usize> = shape
        .iter()
        .zip(amounts)
        .map(|(side, [a, b])| side + a + b)
        .collect();
    let padding = amounts
        .as_flattened()
        .iter()
        .map(|&amount| amount as i64)
        .collect();
    let operands = vec![
        Operand::input(data_type, shape),
        Operand::Shape(padding),
        Operand::zero(data_type).if_constant(!late),
    ];
    fits(Step::new("PAD", vec![], operands, (data_type, &to)))
}

/// RESHAPE to one axis.
pub(crate) fn reshape(data_type: DataType, shape: &[usize]) -> Option<Step> {
    let to = [elements(shape)];
    let operands = vec![
        Operand::input(data_type, shape),
        Operand::Shape(vec![to[0] as i64]),
    ];
    fits(Step::new("RESHAPE", vec![], operands, (data_type, &to)))
}

/// REVERSE.
pub(crate) fn reverse(data_type: DataType, shape: &[usize], axis: usize) -> Option<Step> {
    let operands = vec![Operand::input(data_type, shape)];
    let step = Step::new(
        "REVERSE",
        axis_attribute(axis),
        operands,
        (data_type, shape),
    );
    fits(step.note(format!("axis {axis}")))
}

/// SLICE of a box of shape `to` at `start` of `start + to + behind`.
pub(crate) fn slice(
    data_type: DataType,
    to: &[usize],
    start: &[usize],
    behind: &[usize],
) -> Option<Step> {
    let from: Vec<usize> = (0..to.len())
        .map(|axis| start[axis] + to[axis] + behind[axis])
        .collect();
    let list = |sides: &[usize]| Operand::Shape(sides.iter().map(|&side| side as i64).collect());
    let operands = vec![Operand::input(data_type, &from), list(start), list(to)];
    fits(Step::new("SLICE", vec![], operands, (data_type, to)))
}

/// TILE.
pub(crate) fn tile(data_type: DataType, shape: &[usize], times: &[usize]) -> Option<Step> {
    let to: Vec<usize> = shape
        .iter()
        .zip(times)
        .map(|(side, times)| side * times)
        .collect();
    let times = times.iter().map(|&times| times as i64).collect();
    let operands = vec![Operand::input(data_type, shape), Operand::Shape(times)];
    fits(Step::new("TILE", vec![], operands, (data_type, &to)))
}

/// TRANSPOSE.
pub(crate) fn transpose(data_type: DataType, shape: &[usize], perms: &[usize]) -> Option<Step> {
    let to: Vec<usize> = perms.iter().map(|&axis| shape[axis]).collect();
    let operands = vec![Operand::input(data_type, shape)];
    let step = Step::new(
        "TRANSPOSE",
        vec![(0, ints(perms))],
        operands,
        (data_type, &to),
    );
    fits(step.note(format!("perms {perms:?}")))
}

/// GATHER of `w` rows out of `k`.
pub(crate) fn gather(data_type: DataType, [n, k, c, w]: [usize; 4]) -> Option<Step> {
    let indices = Operand::Tensor {
        data_type: I32,
        shape: vec![n, w],
        fill: Fill::Range(0, k as i64 - 1),
        constant: false,
    };
    let operands = vec![Operand::input(data_type, &[n, k, c]), indices];
    fits(Step::new(
        "GATHER",
        vec![],
        operands,
        (data_type, &[n, w, c]),
    ))
}

/// SCATTER of `w` rows into `k`.
pub(crate) fn scatter(data_type: DataType, [n, k, c, w]: [usize; 4]) -> Option<Step> {
    let gather = gather(data_type, [n, k, c, w.min(k)])?;
    let mut operands = gather.operands;
    operands.push(Operand::input(data_type, &gather.shape));
    fits(Step::new(
        "SCATTER",
        vec![],
        operands,
        (data_type, &[n, k, c]),
    ))
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
