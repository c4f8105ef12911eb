//! Lowering of poolings. A large window is pooled along y first, then along x.

use aivm_shaders::kernels::{self, Kernel};
use aivm_tosa::operator::Extent;
use aivm_tosa::{Node, Operator};

use super::{Lowering, STEP_ELEMENTS_MAX, Work, signed};
use crate::program::Operand;

/// One step of a pooling over [images, height, width, channels].
#[derive(Clone, Copy)]
struct Window {
    images: u32,
    height: u32,
    width: u32,
    channels: u32,
    output_height: u32,
    output_width: u32,
    kernel: Extent,
    stride: Extent,
    pad_top: u32,
    pad_left: u32,
}

impl Window {
    /// Elements of the output of one case.
    fn elements(&self) -> Result<u32, String> {
        let sides = [
            self.images,
            self.output_height,
            self.output_width,
            self.channels,
        ];
        let product = sides.iter().try_fold(1u32, |a, &b| a.checked_mul(b));
        product
            .filter(|&elements| elements <= u32::MAX / 4)
            .ok_or_else(|| "the step along y of this pooling has too many elements".to_owned())
    }

    /// Most elements of the input that one of the output takes.
    fn window_elements(&self) -> u64 {
        let rows = self.kernel.y.min(self.height);
        let columns = self.kernel.x.min(self.width);
        u64::from(rows) * u64::from(columns)
    }

    /// Whether one step may do it all.
    fn is_small(&self) -> bool {
        self.window_elements() <= u64::from(STEP_ELEMENTS_MAX)
    }

    /// The same along y only. The window lies: y becomes x, so that one loop goes round, and columns and channels are
    /// the channels.
    fn along_y(&self) -> Window {
        Window {
            images: self.images,
            height: 1,
            width: self.height,
            channels: self.width * self.channels,
            output_height: 1,
            output_width: self.output_height,
            kernel: Extent {
                y: 1,
                x: self.kernel.y,
            },
            stride: Extent {
                y: 1,
                x: self.stride.y,
            },
            pad_top: 0,
            pad_left: self.pad_top,
        }
    }

    /// The same along x only, over what [`Window::along_y`] gives.
    fn along_x(&self) -> Window {
        Window {
            height: self.output_height,
            kernel: Extent {
                y: 1,
                x: self.kernel.x,
            },
            stride: Extent {
                y: 1,
                x: self.stride.x,
            },
            pad_top: 0,
            ..*self
        }
    }
}

impl Lowering<'_> {
    /// AVG_POOL2D and MAX_POOL2D.
    pub(super) fn pool(&mut self, node: &Node) -> Result<(), String> {
        let (from, to) = (node.inputs[0], node.outputs[0]);
        let data_type = self.tensor(to).data_type;
        let lanes_log2 = self.lanes_log2(to)?;
        let (low, high) = (data_type.min() as i32, data_type.max() as i32);
        let input = self.place(from)?;
        let window = self.pool_window(node)?;
        let last = if window.is_small() {
            window
        } else {
            window.along_x()
        };
        let value = match &node.operator {
            Operator::MaxPool2d { .. } => {
                let kernel = &kernels::MAX_POOL2D;
                let lanes = (lanes_log2, lanes_log2);
                let arguments = [signed(low)];
                let rows = if window.is_small() {
                    input
                } else {
                    let maxima =
                        self.pool_step(kernel, &window.along_y(), input, lanes, &arguments)?;
                    Operand::Value(maxima)
                };
                self.pool_step(kernel, &last, rows, lanes, &arguments)?
            }
            Operator::AvgPool2d {
                input_zp,
                output_zp,
                ..
            } => {
                let (rows, rows_lanes_log2, rows_zp) = if window.is_small() {
                    (input, lanes_log2, *input_zp)
                } else {
                    let kernel = &kernels::AVG_POOL2D_SUMS;
                    let arguments = [signed(*input_zp)];
                    let lanes = (lanes_log2, 0);
                    let sums =
                        self.pool_step(kernel, &window.along_y(), input, lanes, &arguments)?;
                    (Operand::Value(sums), 0, 0)
                };
                let mut arguments = [rows_zp, *output_zp, low, high].map(signed).to_vec();
                arguments.extend([
                    window.height,
                    window.kernel.y,
                    window.stride.y,
                    window.pad_top,
                ]);
                let lanes = (rows_lanes_log2, lanes_log2);
                self.pool_step(&kernels::AVG_POOL2D, &last, rows, lanes, &arguments)?
            }
            other => return Err(format!("{} is no pooling", other.name())),
        };
        self.is_value_of(value, to);
        Ok(())
    }

    /// The whole pooling as one step.
    fn pool_window(&self, node: &Node) -> Result<Window, String> {
        let (Operator::MaxPool2d {
            kernel,
            stride,
            pad,
        }
        | Operator::AvgPool2d {
            kernel,
            stride,
            pad,
            ..
        }) = &node.operator
        else {
            return Err(format!("{} is no pooling", node.operator.name()));
        };
        let input = self.tensor(node.inputs[0]).shape.dimensions();
        let output = self.tensor(node.outputs[0]).shape.dimensions();
        Ok(Window {
            images: input[0],
            height: input[1],
            width: input[2],
            channels: input[3],
            output_height: output[1],
            output_width: output[2],
            kernel: *kernel,
            stride: *stride,
            pad_top: pad.top,
            pad_left: pad.left,
        })
    }

    /// Appends a step from `input` to a new value. `lanes_log2` are those of input and output.
    fn pool_step(
        &mut self,
        kernel: &Kernel,
        window: &Window,
        input: Operand,
        lanes_log2: (u32, u32),
        arguments: &[u32],
    ) -> Result<usize, String> {
        let elements = window.elements()?;
        let words = elements.div_ceil(1 << lanes_log2.1);
        let input_words = self.case_words(input);
        let value = self.new_words(words);
        let work = Work {
            invocations: words,
            rounds: window.window_elements() << lanes_log2.1,
        };
        self.step_into(kernel, vec![input], value, work, |row| {
            let mut params = vec![
                window.height,
                window.width,
                window.channels,
                window.output_height,
                window.output_width,
                window.kernel.y,
                window.kernel.x,
                window.stride.y,
                window.stride.x,
                window.pad_top,
                window.pad_left,
                elements,
                words,
                input_words,
                lanes_log2.1,
                row,
                lanes_log2.0,
            ];
            params.extend(arguments);
            params
        })?;
        Ok(value)
    }
}
