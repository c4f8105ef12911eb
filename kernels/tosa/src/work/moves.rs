//! The work of operators that move elements without looking at them, as copies of boxes: nested loops with one step in
//! the source and one in the target for each axis.

use super::{Operands, Work};
use crate::{Operator, Tensor};

/// Bytes that are copied or filled in the time of one element that is computed.
const ELEMENT_BYTES: u64 = 4;

/// One loop of a copy: how often, and the steps in the source and in the target, in elements.
#[derive(Clone, Copy)]
struct Loop {
    side: u64,
    from: i64,
    to: i64,
}

/// CONCAT, PAD, REVERSE, SLICE, TILE and TRANSPOSE.
pub(super) fn work(operator: &Operator, operands: &Operands<'_>) -> Work {
    let output = operands.outputs[0];
    let mut work = Work::default();
    if let Operator::Pad { .. } = operator {
        work.elements = output.bytes() / ELEMENT_BYTES;
    }
    for &input in &operands.inputs {
        let loops = loops(operator, input, output);
        let far = operands.is_far(input) || operands.is_far(output);
        // Finding where a box lies takes as long as beginning a row of it.
        work.rows = work.rows.saturating_add(1);
        work = work.plus(copy(&loops, input.data_type.bytes(), far));
    }
    work
}

/// Steps from one element to the next along each axis of a row-major tensor.
fn steps(tensor: &Tensor) -> Vec<i64> {
    let sides = tensor.shape.dimensions();
    let mut steps = vec![1; sides.len()];
    for axis in (1..sides.len()).rev() {
        // Within the number of elements, which fits an i32.
        steps[axis - 1] = steps[axis] * i64::from(sides[axis]);
    }
    steps
}

/// The loops of a copy from `input` to `output`, outermost first.
fn loops(operator: &Operator, input: &Tensor, output: &Tensor) -> Vec<Loop> {
    let (mut from, to) = (steps(input), steps(output));
    let side = |tensor: &Tensor, axis: usize| u64::from(tensor.shape.dimensions()[axis]);
    let axes = 0..to.len();
    match operator {
        Operator::Tile => axes
            .flat_map(|axis| {
                let part = side(input, axis);
                let whole = Loop {
                    side: side(output, axis) / part,
                    from: 0,
                    to: to[axis] * part as i64,
                };
                let own = Loop {
                    side: part,
                    from: from[axis],
                    to: to[axis],
                };
                [whole, own]
            })
            .collect(),
        Operator::Transpose { perms } => axes
            .map(|axis| Loop {
                side: side(output, axis),
                from: from[perms[axis] as usize],
                to: to[axis],
            })
            .collect(),
        _ => {
            if let Operator::Reverse { axis } = operator {
                from[*axis as usize] *= -1;
            }
            // The box is the smaller of both: CONCAT and PAD write into a larger tensor, SLICE reads from one.
            axes.map(|axis| Loop {
                side: side(input, axis).min(side(output, axis)),
                from: from[axis],
                to: to[axis],
            })
            .collect()
        }
    }
}

/// The work of a copy. Its innermost run is what loops that go on like one make together.
fn copy(loops: &[Loop], width: u64, far: bool) -> Work {
    let total = loops
        .iter()
        .map(|own| own.side)
        .fold(1, u64::saturating_mul);
    let mut inner: Option<Loop> = None;
    for own in loops.iter().rev().filter(|own| own.side > 1) {
        match &mut inner {
            None => inner = Some(*own),
            Some(run)
                if own.from == run.from * run.side as i64 && own.to == run.to * run.side as i64 =>
            {
                run.side *= own.side;
            }
            Some(_) => break,
        }
    }
    let run = inner.unwrap_or(Loop {
        side: 1,
        from: 1,
        to: 1,
    });
    let rows = total / run.side;
    if (run.from == 1 || run.from == 0) && run.to == 1 {
        return Work {
            rows,
            elements: total.saturating_mul(width) / ELEMENT_BYTES,
            ..Work::default()
        };
    }
    // Neighbours in both tensors, in the other order, still share their cache lines.
    let near = run.from.abs() == 1 && run.to == 1;
    Work {
        // Found in an order of its own in each tensor.
        rows: rows + rows / 4,
        singles: total,
        jumps: if far && !near { total } else { 0 },
        ..Work::default()
    }
}
