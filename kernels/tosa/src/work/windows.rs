//! The work of operators that sum products or slide windows: kernels that pack their weights, and plain loops.

use super::{Operands, Work, side};
use crate::operator::Extent;
use crate::{DataType, Operator, Shape};

/// Columns that a kernel computes at once.
const COLUMNS: u64 = 16;
/// Values that a kernel multiplies and sums in one instruction.
const GROUP: u64 = 4;
/// Bytes of converted input rows that a kernel keeps at a time.
const BAND_BYTES: u64 = 192 << 10;

/// Rows that beginning one step of packed weights is worth: in a graph of thousands the memory of each has left the
/// caches when its turn comes.
const PACKED_STEP: u64 = 20;

/// Convolutions, MATMUL and pooling.
pub(super) fn work(operator: &Operator, operands: &Operands<'_>) -> Work {
    match operator {
        Operator::Conv2d {
            stride, dilation, ..
        } => {
            let places = area(&operands.inputs[1].shape, 1..3);
            if packs(operands) {
                packed_convolution(operands, *stride, *dilation)
            } else {
                plain_convolution(operands, places)
            }
        }
        Operator::Conv3d { .. } => {
            plain_convolution(operands, area(&operands.inputs[1].shape, 1..4))
        }
        Operator::DepthwiseConv2d {
            stride, dilation, ..
        } => depthwise(operands, *stride, *dilation),
        Operator::MatMul { .. } => mat_mul(operands),
        Operator::TransposeConv2d { .. } => transposed(operands),
        Operator::AvgPool2d { kernel, .. } => {
            let pool = pool(operands, *kernel);
            Work {
                // How many elements the window covers, and its reciprocal.
                rows: pool.rows.saturating_add(pool.sums),
                wide: operands.written(),
                ..pool
            }
        }
        Operator::MaxPool2d { kernel, .. } => pool(operands, *kernel),
        _ => Work::default(),
    }
}

/// The product of sides.
fn area(shape: &Shape, axes: std::ops::Range<usize>) -> u64 {
    axes.map(|axis| side(shape, axis))
        .fold(1, u64::saturating_mul)
}

/// A product that stays at the largest number.
fn product<const N: usize>(factors: [u64; N]) -> u64 {
    factors.into_iter().fold(1, u64::saturating_mul)
}

/// Whether weights are packed when a model is planned: i8 inputs, constant weights and bias, nothing late.
fn packs(operands: &Operands<'_>) -> bool {
    let constant = |index: usize| operands.inputs[index].constant.is_some();
    operands.inputs[0].data_type == DataType::I8 && constant(1) && constant(2) && !operands.late
}

/// What is converted of the input for kernels.
struct Converted {
    /// Rows, each begun by itself: padding at both sides, and values in between.
    lines: u64,
    /// Values in them.
    values: u64,
}

/// What is converted of the input: a band of output rows at a time, each with all the input rows under its windows.
fn converted(
    operands: &Operands<'_>,
    kernel: [u64; 2],
    [stride, dilation]: [Extent; 2],
    channels: u64,
) -> Converted {
    let (input, output) = (&operands.inputs[0].shape, &operands.outputs[0].shape);
    let reach = |kernel: u64, dilation: u32| (kernel - 1) * u64::from(dilation) + 1;
    let (rows, columns) = (reach(kernel[0], dilation.y), reach(kernel[1], dilation.x));
    let step = u64::from(stride.y);
    let (height, width) = (side(output, 1), side(output, 2));
    let width = product([width - 1, u64::from(stride.x)]).saturating_add(columns);
    let pitch = product([width, channels, 2]).max(1);
    // Output rows of a band: those whose input rows fit.
    let fitting = BAND_BYTES.saturating_sub(product([rows, pitch])) / product([step, pitch]) + 1;
    let bands = height.div_ceil(fitting.min(height));
    let read = product([height - bands, step]).saturating_add(product([bands, rows]));
    let lines = product([side(input, 0), read]);
    Converted {
        lines,
        values: product([lines, width, channels]),
    }
}

/// CONV2D of packed weights.
fn packed_convolution(operands: &Operands<'_>, stride: Extent, dilation: Extent) -> Work {
    let weight = &operands.inputs[1].shape;
    let [outputs, height, width, channels] = [0, 1, 2, 3].map(|axis| side(weight, axis));
    let places = operands.written() / outputs;
    // Neighbouring places of a window lie one behind the other, unless it is dilated.
    let depth = if dilation.x == 1 {
        product([height, product([width, channels]).next_multiple_of(GROUP)])
    } else {
        product([height, width, channels.next_multiple_of(GROUP)])
    };
    let panels = outputs.div_ceil(COLUMNS);
    let converted = converted(operands, [height, width], [stride, dilation], channels);
    // Packed weights are filled up as well.
    let weights = u64::from(weight.elements());
    let filled = product([depth, panels, COLUMNS]).saturating_sub(weights);
    Work {
        macs: product([places, outputs, height, width, channels]),
        packed: product([places, depth, panels, COLUMNS]),
        sums: product([places, panels]),
        rows: product([converted.lines, 2]).saturating_add(PACKED_STEP),
        elements: converted.values,
        bytes: filled,
        far: if operands.is_far(operands.inputs[1]) {
            filled
        } else {
            0
        },
        ..Work::default()
    }
}

/// CONV2D and CONV3D in plain loops: weights are widened in each run; what lies under a window is gathered once, and
/// multiplied with the kernel of each output channel.
fn plain_convolution(operands: &Operands<'_>, window: u64) -> Work {
    let weight = &operands.inputs[1].shape;
    let [outputs, channels] = [0, weight.rank() - 1].map(|axis| side(weight, axis));
    let written = operands.written();
    let places = written / outputs;
    let depth = product([window, channels]);
    Work {
        macs: product([written, depth]),
        // A block more, for adding its lanes.
        plain: product([written, depth.next_multiple_of(COLUMNS) + COLUMNS]),
        taps: written,
        // Each place of the window, and the window itself, which takes as long as five.
        rows: product([places, window + 5]),
        elements: product([places, depth, 2]).saturating_add(product([outputs, depth])),
        ..Work::default()
    }
}

/// DEPTHWISE_CONV2D.
fn depthwise(operands: &Operands<'_>, stride: Extent, dilation: Extent) -> Work {
    let weight = &operands.inputs[1].shape;
    let [height, width, _, multiplier] = [0, 1, 2, 3].map(|axis| side(weight, axis));
    let written = operands.written();
    let channels = side(&operands.outputs[0].shape, 3);
    let (places, window) = (written / channels, product([height, width]));
    let macs = product([written, window]);
    if !packs(operands) {
        return Work {
            macs,
            // Sums go to memory and back at each place.
            plain: macs.saturating_mul(9),
            taps: product([places, window]),
            rows: product([places, window]).saturating_add(places),
            ..Work::default()
        };
    }
    let panels = channels.div_ceil(COLUMNS);
    let filled = panels * COLUMNS;
    let converted = converted(operands, [height, width], [stride, dilation], filled);
    let repeated = if multiplier > 1 { converted.values } else { 0 };
    // Channels that fill no whole register are converted place by place.
    let ragged = if channels == filled {
        0
    } else {
        converted.values / filled
    };
    Work {
        macs,
        // Two products at a time, with the sums in between; weights are read again for each few places.
        packed: product([places, window.next_multiple_of(2), filled, 5]) / 2,
        rows: product([places, panels])
            .saturating_add(ragged)
            .saturating_add(product([converted.lines, 2]))
            .saturating_add(PACKED_STEP),
        elements: converted.values,
        singles: repeated.saturating_mul(4),
        ..Work::default()
    }
}

/// MATMUL `[n, h, c] × [n, c, w]`.
fn mat_mul(operands: &Operands<'_>) -> Work {
    let (a, b) = (&operands.inputs[0].shape, &operands.inputs[1].shape);
    let [n, h, c] = [0, 1, 2].map(|axis| side(a, axis));
    let w = side(b, 2);
    let macs = product([n, h, c, w]);
    if operands.inputs[0].data_type == DataType::I16 || operands.late {
        // A row of the second operand at a time.
        return Work {
            macs,
            plain: macs,
            taps: product([n, h, c]),
            rows: product([n, h]),
            ..Work::default()
        };
    }
    let (panels, groups) = (w.div_ceil(COLUMNS), c.div_ceil(GROUP));
    Work {
        macs,
        packed: product([n, h, groups, GROUP, panels, COLUMNS]),
        sums: product([n, h, panels]),
        // The second operand is packed each time, the first converted.
        singles: product([n, groups, GROUP, panels, COLUMNS, 3]),
        elements: product([n, h, c]),
        rows: product([n, 10]),
        ..Work::default()
    }
}

/// TRANSPOSE_CONV2D: weights are brought into another order in each run; each element of the input adds to the outputs
/// under its window, a row of the kernel at a time.
fn transposed(operands: &Operands<'_>) -> Work {
    let weight = operands.inputs[1];
    let [outputs, height, width, channels] = [0, 1, 2, 3].map(|axis| side(&weight.shape, axis));
    let places = u64::from(operands.inputs[0].shape.elements()) / channels;
    let weights = u64::from(weight.shape.elements());
    let macs = product([places, weights]);
    Work {
        macs,
        plain: product([
            places,
            channels,
            height,
            product([width, outputs]).next_multiple_of(GROUP),
        ]),
        // Each adds to sums in memory, as long as four places of a window.
        taps: product([places, channels, height, 4]),
        rows: places.saturating_add(operands.written() / outputs),
        elements: operands.written().saturating_mul(2),
        // Each is found in one order and put in another.
        singles: product([weights, 2]),
        jumps: if operands.is_far(weight) { weights } else { 0 },
        ..Work::default()
    }
}

/// Pooling. `sums` counts the windows.
fn pool(operands: &Operands<'_>, kernel: Extent) -> Work {
    let written = operands.written();
    let places = written / side(&operands.outputs[0].shape, 3);
    let window = u64::from(kernel.y) * u64::from(kernel.x);
    Work {
        sums: places,
        // A few channels at each place, and nothing kept from the place before.
        taps: product([places, window, 3]),
        rows: product([places, u64::from(kernel.y)]),
        elements: product([written, window]),
        ..Work::default()
    }
}
