//! Lowering of operators that move elements: PAD, REVERSE, SLICE, TILE and TRANSPOSE by one kernel, CONCAT by another.

use aivm_shaders::kernels;
use aivm_tosa::{Node, Operator, TensorId};

use super::strides::{dense, lanes_together};
use super::{Lowering, Work};
use crate::program::Operand;

/// Axes in the parameters of the kernel: two for each axis of a TILE of rank 6.
const AXES: usize = 12;

/// Inputs that one dispatch of CONCAT joins.
const PARTS: usize = 7;

impl Lowering<'_> {
    /// PAD, REVERSE, SLICE, TILE and TRANSPOSE. One that leaves every element where it is takes no step.
    pub(super) fn movement(&mut self, node: &Node) -> Result<(), String> {
        let (from, to) = (node.inputs[0], node.outputs[0]);
        let (input, output) = (&self.tensor(from).shape, &self.tensor(to).shape);
        let movement = Movement::new(&node.operator, input.dimensions(), output.dimensions())?;
        if input.elements() == output.elements() && movement.is_identity() {
            self.rename(from, to);
            return Ok(());
        }
        if self.is_read_through(node) {
            // What reads it finds where the elements lie.
            return Ok(());
        }
        let lanes_log2 = self.lanes_log2(to)?;
        let together = movement.lanes_together(lanes_log2);
        let movement = movement.in_groups(together);
        let lanes_log2 = lanes_log2 - together;
        let elements = output.elements() >> together;
        let output_words = elements.div_ceil(1 << lanes_log2);
        let filling = match node.operator {
            Operator::Pad { pad_const, .. } => in_all_lanes(pad_const, self.lanes_log2(to)?),
            _ => 0,
        };
        let input = self.place(from)?;
        let input_words = self.case_words(input);
        let work = Work {
            invocations: output_words,
            rounds: (movement.axes.len() as u64 + 1) << lanes_log2,
        };
        self.step(&kernels::MOVE, vec![input], to, work, |row| {
            let mut words = movement.words();
            words.extend([
                movement.axes.len() as u32 - 1,
                movement.first,
                filling,
                elements,
                output_words,
                lanes_log2,
                input_words,
                row,
            ]);
            words
        })
    }

    /// The tensor `to` has the elements of `from`, where they are.
    pub(super) fn rename(&mut self, from: TensorId, to: TensorId) {
        self.root[to.0 as usize] = self.root(from);
    }

    /// CONCAT along `axis`. More inputs than a dispatch takes are joined in groups, then the groups.
    pub(super) fn concat(&mut self, node: &Node, axis: u32) -> Result<(), String> {
        let to = node.outputs[0];
        if let &[from] = &node.inputs[..] {
            self.rename(from, to);
            return Ok(());
        }
        let lanes_log2 = self.lanes_log2(to)?;
        let mut parts = Vec::with_capacity(node.inputs.len());
        for &input in &node.inputs {
            let length = self.tensor(input).shape.dimensions()[axis as usize..]
                .iter()
                .product();
            let operand = self.place(input)?;
            parts.push(Part { operand, length });
        }
        let together = lanes_together(lanes_log2, parts.iter().map(|part| part.length));
        for part in &mut parts {
            part.length >>= together;
        }
        let lanes_log2 = lanes_log2 - together;
        let rows: u32 = self.tensor(to).shape.dimensions()[..axis as usize]
            .iter()
            .product();
        while parts.len() > PARTS {
            let mut joined = Vec::with_capacity(parts.len().div_ceil(PARTS));
            for group in parts.chunks(PARTS) {
                joined.push(match group {
                    &[part] => part,
                    _ => {
                        let length = group.iter().map(|part| part.length).sum::<u32>();
                        let value = self.new_words((rows * length).div_ceil(1 << lanes_log2));
                        self.join(group, value, rows, lanes_log2)?;
                        let operand = Operand::Value(value);
                        Part { operand, length }
                    }
                });
            }
            parts = joined;
        }
        let value = self.new_value(to);
        self.join(&parts, value, rows, lanes_log2)?;
        self.is_value_of(value, to);
        Ok(())
    }

    /// One dispatch of CONCAT: `rows` rows of `value`, each a row of every part.
    fn join(
        &mut self,
        parts: &[Part],
        value: usize,
        rows: u32,
        lanes_log2: u32,
    ) -> Result<(), String> {
        let length = parts.iter().map(|part| part.length).sum::<u32>();
        let elements = rows * length;
        let output_words = elements.div_ceil(1 << lanes_log2);
        let mut operands: Vec<Operand> = parts.iter().map(|part| part.operand).collect();
        // What stands in a binding that is not read does not matter.
        operands.resize(PARTS, parts[0].operand);
        let mut words = Vec::new();
        let mut end = 0;
        for part in parts {
            end += part.length;
            words.extend([end, part.length, self.case_words(part.operand), 0]);
        }
        words.resize(4 * PARTS, length);
        let work = Work {
            invocations: output_words,
            rounds: 2 << lanes_log2,
        };
        self.step_into(&kernels::CONCAT, operands, value, work, |row| {
            words.extend([length, elements, output_words, lanes_log2, row]);
            words
        })
    }
}

/// An input of CONCAT, or several joined.
#[derive(Clone, Copy)]
struct Part {
    operand: Operand,
    /// Elements of the axis and of all axes inside it.
    length: u32,
}

/// An axis of a movement's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    /// Indices.
    size: u32,
    /// Elements of the input from one index to the next, modulo 2^32.
    stride: u32,
    /// Indices that are filled before the input begins.
    before: u32,
    /// Indices of the input; those behind are filled.
    inside: u32,
}

/// Which element of the input, or whether the filling, stands at each index of the output.
#[derive(Debug, PartialEq, Eq)]
struct Movement {
    /// The innermost first; at least one.
    axes: Vec<Axis>,
    /// The input's element for index 0 of all axes, modulo 2^32.
    first: u32,
}

impl Movement {
    fn new(operator: &Operator, input: &[u32], output: &[u32]) -> Result<Movement, String> {
        let strides = dense(input);
        let mut movement = Movement {
            axes: Vec::new(),
            first: 0,
        };
        for axis in (0..output.len()).rev() {
            let (size, stride) = (output[axis], strides[axis]);
            match operator {
                Operator::Pad { before, .. } => {
                    let before = before[axis];
                    movement.first = movement.first.wrapping_sub(before.wrapping_mul(stride));
                    movement.push(size, stride, before, input[axis]);
                }
                Operator::Reverse { axis: turned } if axis == *turned as usize => {
                    movement.first += (size - 1) * stride;
                    movement.push(size, stride.wrapping_neg(), 0, size);
                }
                Operator::Reverse { .. } => movement.push(size, stride, 0, size),
                Operator::Slice { start } => {
                    movement.first += start[axis] * stride;
                    movement.push(size, stride, 0, size);
                }
                Operator::Tile => {
                    let times = size / input[axis];
                    movement.push(input[axis], stride, 0, input[axis]);
                    movement.push(times, 0, 0, times);
                }
                Operator::Transpose { perms } => {
                    movement.push(size, strides[perms[axis] as usize], 0, size);
                }
                other => return Err(format!("{} moves no elements", other.name())),
            }
        }
        if movement.axes.is_empty() {
            movement.axes.push(Axis {
                size: 1,
                stride: 1,
                before: 0,
                inside: 1,
            });
        }
        Ok(movement)
    }

    /// Adds the next outer axis, or lengthens the last one if the input goes on where it ends.
    fn push(&mut self, size: u32, stride: u32, before: u32, inside: u32) {
        if size == 1 {
            return;
        }
        if let Some(last) = self.axes.last_mut() {
            let whole = last.inside == last.size;
            if whole && u64::from(last.stride) * u64::from(last.size) == u64::from(stride) {
                // No more than the output's elements, which fit an i32.
                last.before = before * last.size;
                last.inside *= inside;
                last.size *= size;
                return;
            }
        }
        self.axes.push(Axis {
            size,
            stride,
            before,
            inside,
        });
    }

    /// Whether the output's elements lie one behind the other in the input, from its first on.
    fn is_identity(&self) -> bool {
        let [axis] = self.axes[..] else {
            return false;
        };
        axis.stride == 1 && axis.inside == axis.size && self.first == 0
    }

    /// As [`lanes_together`].
    fn lanes_together(&self, lanes_log2: u32) -> u32 {
        let (inner, outer) = (&self.axes[0], &self.axes[1..]);
        if inner.stride != 1 {
            return 0;
        }
        let lengths = [inner.size, inner.before, inner.inside, self.first];
        let strides = outer.iter().map(|axis| axis.stride);
        lanes_together(lanes_log2, lengths.into_iter().chain(strides))
    }

    /// The same movement of groups of 2^`together` elements.
    fn in_groups(mut self, together: u32) -> Movement {
        let (inner, outer) = self.axes.split_at_mut(1);
        inner[0].size >>= together;
        inner[0].before >>= together;
        inner[0].inside >>= together;
        for axis in outer {
            axis.stride = (axis.stride.cast_signed() >> together).cast_unsigned();
        }
        self.first = (self.first.cast_signed() >> together).cast_unsigned();
        if inner[0].size == 1 && self.axes.len() > 1 {
            self.axes.remove(0);
        }
        self
    }

    /// The axes as the kernel reads them.
    fn words(&self) -> Vec<u32> {
        let mut words: Vec<u32> = self
            .axes
            .iter()
            .flat_map(|axis| [axis.size, axis.stride, axis.before, axis.inside])
            .collect();
        words.resize(4 * AXES, 0);
        words
    }
}

/// A word whose lanes all hold the low bits of `value`.
fn in_all_lanes(value: i64, lanes_log2: u32) -> u32 {
    let lane = u32::MAX >> (32 - (32 >> lanes_log2));
    // 0x01010101, 0x00010001 or 1.
    (value as u32 & lane) * (u32::MAX / lane)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(size: u32, stride: u32, before: u32, inside: u32) -> Axis {
        Axis {
            size,
            stride,
            before,
            inside,
        }
    }

    fn movement(operator: Operator, input: &[u32], output: &[u32]) -> Movement {
        Movement::new(&operator, input, output).expect("a movement")
    }

    #[test]
    fn axes_that_move_together_are_one() {
        let before = vec![0, 1, 2, 0];
        let pad = Operator::Pad {
            before,
            pad_const: 0,
        };
        let padded = movement(pad, &[2, 3, 4, 8], &[2, 6, 7, 8]);
        assert_eq!(
            padded,
            Movement {
                axes: vec![axis(56, 1, 16, 32), axis(6, 32, 1, 3), axis(2, 96, 0, 2)],
                first: 48_u32.wrapping_neg(),
            }
        );
        assert_eq!(padded.lanes_together(2), 2);
        assert_eq!(
            padded.in_groups(2),
            Movement {
                axes: vec![axis(14, 1, 4, 8), axis(6, 8, 1, 3), axis(2, 24, 0, 2)],
                first: 12_u32.wrapping_neg(),
            }
        );
        let perms = vec![2, 0, 1];
        let turned = movement(Operator::Transpose { perms }, &[2, 3, 4], &[4, 2, 3]);
        assert_eq!(turned.axes, [axis(6, 4, 0, 6), axis(4, 1, 0, 4)]);
        assert_eq!(turned.lanes_together(2), 0);
    }

    #[test]
    fn a_turned_axis_goes_backwards() {
        let turned = movement(Operator::Reverse { axis: 0 }, &[3, 4], &[3, 4]);
        assert_eq!(
            turned,
            Movement {
                axes: vec![axis(4, 1, 0, 4), axis(3, 4_u32.wrapping_neg(), 0, 3)],
                first: 8,
            }
        );
        assert_eq!(
            turned.in_groups(2),
            Movement {
                axes: vec![axis(3, 1_u32.wrapping_neg(), 0, 3)],
                first: 2,
            }
        );
    }

    #[test]
    fn a_tile_of_rank_6_fits_the_parameters() {
        let tiled = movement(Operator::Tile, &[2; 6], &[6; 6]);
        assert_eq!(tiled.axes.len(), AXES);
        assert_eq!(tiled.words().len(), 4 * AXES);
    }

    #[test]
    fn what_stays_in_place_is_seen() {
        let perms = vec![1, 0, 2];
        assert!(movement(Operator::Transpose { perms }, &[1, 3, 4], &[3, 1, 4]).is_identity());
        let start = vec![0, 0];
        assert!(movement(Operator::Slice { start }, &[3, 4], &[3, 4]).is_identity());
        assert!(movement(Operator::Reverse { axis: 0 }, &[1, 4], &[1, 4]).is_identity());
        assert!(!movement(Operator::Reverse { axis: 1 }, &[1, 4], &[1, 4]).is_identity());
    }

    #[test]
    fn fillings_stand_in_all_lanes() {
        assert_eq!(in_all_lanes(-2, 2), 0xfefe_fefe);
        assert_eq!(in_all_lanes(-2, 1), 0xfffe_fffe);
        assert_eq!(in_all_lanes(-2, 0), 0xffff_fffe);
    }
}
