//! Freivalds' check of sums of products: instead of each sum, one random combination of the sums of a position is
//! computed, which takes as many products as one output channel.
//!
//! With r random and kept secret, acc · r = Σ x · (W · r) + bias · r holds modulo p for right sums. Wrong sums, fixed
//! before anybody could know r, satisfy it with a chance of 1 / p: their difference from the right ones is not zero
//! modulo p, because no sum that fits its type reaches p. Right sums always satisfy it, because they are true over the
//! integers (class P).

use aivm_tosa::operator::{Extent, Padding};
use aivm_tosa::{Graph, Node, Operator, TensorId};

use super::residue::{Residue, dot, short_dot};

/// Sums of products as the check sees them: a window over `[images, height, width, channels]`.
pub(super) struct Sums {
    images: usize,
    /// Height, width, channels of the input.
    input: [usize; 3],
    /// Height and width of the output.
    output: [usize; 2],
    pub(super) output_channels: usize,
    kernel: [usize; 2],
    stride: Extent,
    dilation: Extent,
    pad: [usize; 2],
    zero_points: [i64; 2],
    /// Where an element of the weight belongs.
    weight: Layout,
}

/// Order of a weight's elements.
enum Layout {
    /// CONV2D: `[output channel][tap][channel]`.
    OutputFirst,
    /// DEPTHWISE_CONV2D: `[tap][channel][multiple]`.
    Depthwise,
    /// MATMUL: `[image][channel][output channel]`.
    Matrices,
}

/// What stays the same between checks: the random numbers, and the weights and the bias multiplied with them.
pub(super) struct Folded {
    random: Vec<Residue>,
    /// `[image, if MATMUL][tap][channel]`.
    weights: Vec<Residue>,
    bias: Residue,
}

const ONE: Extent = Extent { y: 1, x: 1 };

impl Sums {
    /// The sums of `node`, if it is CONV2D, DEPTHWISE_CONV2D or MATMUL.
    pub(super) fn of(graph: &Graph, node: &Node) -> Option<Sums> {
        let sides = |id: TensorId| -> Vec<usize> {
            let dimensions = graph.tensor(id).shape.dimensions();
            dimensions.iter().map(|&side| side as usize).collect()
        };
        let [x, y] = [node.inputs[0], node.outputs[0]].map(sides);
        let w = sides(*node.inputs.get(1)?);
        let (kernel, weight) = match node.operator {
            Operator::Conv2d { .. } => ([w[1], w[2]], Layout::OutputFirst),
            Operator::DepthwiseConv2d { .. } => ([w[0], w[1]], Layout::Depthwise),
            Operator::MatMul { a_zp, b_zp } => {
                return Some(Sums {
                    images: x[0],
                    input: [1, x[1], x[2]],
                    output: [1, y[1]],
                    output_channels: y[2],
                    kernel: [1, 1],
                    stride: ONE,
                    dilation: ONE,
                    pad: [0, 0],
                    zero_points: [a_zp, b_zp].map(i64::from),
                    weight: Layout::Matrices,
                });
            }
            _ => return None,
        };
        let (Operator::Conv2d {
            pad: Padding { top, left, .. },
            stride,
            dilation,
            input_zp,
            weight_zp,
        }
        | Operator::DepthwiseConv2d {
            pad: Padding { top, left, .. },
            stride,
            dilation,
            input_zp,
            weight_zp,
        }) = node.operator
        else {
            return None;
        };
        Some(Sums {
            images: x[0],
            input: [x[1], x[2], x[3]],
            output: [y[1], y[2]],
            output_channels: y[3],
            kernel,
            stride,
            dilation,
            pad: [top, left].map(|side| side as usize),
            zero_points: [input_zp, weight_zp].map(i64::from),
            weight,
        })
    }

    /// Multiplies weights and bias (none: zeros) with one random number for each output channel.
    pub(super) fn fold(
        &self,
        random: Vec<Residue>,
        weight: &[i64],
        bias: Option<&[i64]>,
    ) -> Folded {
        debug_assert_eq!(random.len(), self.output_channels);
        let [_, zero_point] = self.zero_points;
        let weights = match self.weight {
            Layout::OutputFirst => {
                let size = weight.len() / self.output_channels;
                let mut sums = vec![0_i128; size];
                for (channel, own) in weight.chunks_exact(size).enumerate() {
                    for (sum, value) in sums.iter_mut().zip(own) {
                        *sum += short_dot(&[*value], &random[channel..=channel], zero_point);
                    }
                }
                sums.into_iter().map(Residue::of).collect()
            }
            Layout::Depthwise => {
                let multiples = self.output_channels / self.input[2];
                let folded = |(index, own): (usize, &[i64])| {
                    let first = index % self.input[2] * multiples;
                    let random = &random[first..first + multiples];
                    Residue::of(short_dot(own, random, zero_point))
                };
                weight
                    .chunks_exact(multiples)
                    .enumerate()
                    .map(folded)
                    .collect()
            }
            Layout::Matrices => {
                let rows = weight.chunks_exact(self.output_channels);
                let folded = rows.map(|row| Residue::of(short_dot(row, &random, zero_point)));
                folded.collect()
            }
        };
        let bias = bias.map_or(Residue::default(), |bias| match bias {
            [one] => dot(&vec![*one; random.len()], &random),
            _ => dot(bias, &random),
        });
        Folded {
            random,
            weights,
            bias,
        }
    }

    /// Whether `sums` are those of `input`.
    ///
    /// # Errors
    /// The first position whose sums are wrong, counted over all images.
    pub(super) fn check(&self, folded: &Folded, input: &[i64], sums: &[i64]) -> Result<(), usize> {
        let [height, width] = self.output;
        let mut rows = sums.chunks_exact(self.output_channels).enumerate();
        for image in 0..self.images {
            for y in 0..height {
                for x in 0..width {
                    let Some((position, row)) = rows.next() else {
                        return Err(0);
                    };
                    let right = Residue::of(self.expected(folded, input, [image, y, x]));
                    if dot(row, &folded.random) != right.plus(folded.bias) {
                        return Err(position);
                    }
                }
            }
        }
        Ok(())
    }

    /// The combination of the sums of one position, without the bias.
    fn expected(&self, folded: &Folded, input: &[i64], [image, y, x]: [usize; 3]) -> i128 {
        let [height, width, channels] = self.input;
        let [kernel_height, kernel_width] = self.kernel;
        let image_weights = match self.weight {
            Layout::Matrices => image * channels,
            _ => 0,
        };
        let inside =
            |at: usize, pad: usize, side: usize| at.checked_sub(pad).filter(|&index| index < side);
        let mut sum = 0;
        for ky in 0..kernel_height {
            let at = y * self.stride.y as usize + ky * self.dilation.y as usize;
            // Padding is the input's zero point, which adds nothing.
            let Some(line) = inside(at, self.pad[0], height) else {
                continue;
            };
            for kx in 0..kernel_width {
                let at = x * self.stride.x as usize + kx * self.dilation.x as usize;
                let Some(column) = inside(at, self.pad[1], width) else {
                    continue;
                };
                let first = ((image * height + line) * width + column) * channels;
                let tap = image_weights + (ky * kernel_width + kx) * channels;
                let values = &input[first..first + channels];
                let weights = &folded.weights[tap..tap + channels];
                sum += short_dot(values, weights, self.zero_points[0]);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests;
