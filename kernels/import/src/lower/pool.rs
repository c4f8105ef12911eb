//! Pooling, by MAX_POOL2D, AVG_POOL2D, or sums of windows.

use aivm_tosa::DataType;

use super::parameters::Quantisation;
use super::sums::in_32_bits;
use super::window::{ExactWindows, Windows, placed, windows};
use super::{Lowered, Lowering, NodeView, QUANTISE, unsupported};
use crate::constant::Element;
use crate::scale;
use crate::tosa_file::{Op, Operand};
use crate::value::{Activation, Int, Real, Scale, Value};

impl<'a> Lowering<'a> {
    /// MaxPool of real numbers or integers.
    pub(super) fn max_pool(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        if node.wants_output(1) {
            return Err(unsupported(
                "the indices of the maxima",
                "use only the first output",
            ));
        }
        let kernel = node.extents(
            "kernel_shape",
            node.ints("kernel_shape").map_or(0, <[i64]>::len),
            1,
            1,
        )?;
        self.max_of_windows(node, Some(&kernel))
    }

    /// GlobalMaxPool.
    pub(super) fn global_max_pool(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        self.max_of_windows(node, None)
    }

    /// Maxima of windows of size `kernel`, or of all places.
    fn max_of_windows(
        &mut self,
        node: &NodeView<'a>,
        kernel: Option<&[u32]>,
    ) -> Lowered<Vec<Value>> {
        let value = match self.value(node, 0)? {
            Value::Real(_) => Value::Real(self.real8(node, 0)?.0),
            Value::Int(int) if matches!(int.element, Element::I8 | Element::U8) => Value::Int(int),
            _ => return Err(unsupported("the operand is not 8-bit", QUANTISE)),
        };
        let activation = match &value {
            Value::Real(real) => &real.activation,
            Value::Int(int) => &int.activation,
            _ => return Err(unsupported("the operand is not computed", QUANTISE)),
        };
        let spatial = spatial(activation)?;
        let windows = windows(node, &spatial, kernel.unwrap_or(&spatial))?;
        if windows.dilation() != [1, 1] {
            return Err(unsupported(
                "windows with gaps",
                "use MaxPool without dilations",
            ));
        }
        let ceil = node.int("ceil_mode", 0) != 0;
        let pooled = self.pool(activation, &windows, ceil, &[], |kernel, stride, pad| {
            Op::MaxPool2d {
                kernel,
                stride,
                pad,
            }
        })?;
        Ok(vec![match value {
            Value::Int(int) => Value::Int(Int {
                activation: pooled,
                ..int
            }),
            Value::Real(real) => Value::Real(Real {
                activation: pooled,
                ..real
            }),
            other => other,
        }])
    }

    /// AveragePool of real numbers.
    pub(super) fn average_pool(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let (real, scale) = self.real8(node, 0)?;
        let wanted = self.wanted(node);
        let average = self.average(node, &real, scale, wanted, false)?;
        Ok(vec![Value::Real(average)])
    }

    /// GlobalAveragePool of real numbers.
    pub(super) fn global_average_pool(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let (real, scale) = self.real8(node, 0)?;
        let wanted = self.wanted(node);
        let average = self.average(node, &real, scale, wanted, true)?;
        Ok(vec![Value::Real(average)])
    }

    /// QLinearAveragePool of com.microsoft: x, its scale and zero point, those of the result.
    pub(super) fn q_average_pool(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        self.q_average(node, false)
    }

    /// QLinearGlobalAveragePool of com.microsoft, with the same inputs.
    pub(super) fn q_global_average_pool(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        self.q_average(node, true)
    }

    fn q_average(&mut self, node: &NodeView<'a>, global: bool) -> Lowered<Vec<Value>> {
        if node.int("channels_last", 0) != 0 {
            return Err(unsupported(
                "channels_last",
                "save the model before onnxruntime's layout optimiser",
            ));
        }
        let (real, from) = self.dequantised(node, 0)?;
        let to = self.quantisation(node, 3, from.element)?;
        let average = self.average(node, &real, from.scale, Some(to), global)?;
        let int = self.quantise(&average, to)?;
        Ok(vec![Value::Int(int)])
    }

    /// Averages of windows. Where the reader keeps scale and zero point, AVG_POOL2D rounds once; else the sums
    /// are kept, with a scale that divides by the number of places, so that the reader rounds once. Where padding
    /// makes that number differ, each sum is first multiplied up to the least common multiple.
    fn average(
        &mut self,
        node: &NodeView<'a>,
        real: &Real,
        scale: f64,
        wanted: Option<Quantisation>,
        global: bool,
    ) -> Lowered<Real> {
        let spatial = spatial(&real.activation)?;
        let kernel = match global {
            true => spatial.clone(),
            false if node.ints("kernel_shape").is_none() => {
                return Err(unsupported("no kernel_shape", "the sides of the windows"));
            }
            false => node.extents("kernel_shape", spatial.len(), 1, 1)?,
        };
        let windows = windows(node, &spatial, &kernel)?;
        if windows.dilation() != [1, 1] {
            return Err(unsupported(
                "windows with gaps",
                "use AveragePool without dilations",
            ));
        }
        let ceil = node.int("ceil_mode", 0) != 0;
        let with_padding = node.int("count_include_pad", 0) != 0;
        let exact = windows.exact(ceil)?;
        let padded = exact.pad != [0; 4];
        let keeps = wanted.is_some_and(|to| {
            to.scale == scale && to.stored_zero_point() == i64::from(real.zero_point)
        });
        if padded && with_padding && ceil {
            return Err(unsupported(
                "count_include_pad with ceil_mode",
                "use one of them",
            ));
        }
        // The places differ where padding does not count.
        let differ = padded && !with_padding;
        let counts_padding = padded && with_padding;
        if keeps && !counts_padding {
            return self.rounded_average(real, &windows, ceil);
        }
        let evened = match differ {
            true => self.places_in_common(&windows, exact.output, real.bound)?,
            false => None,
        };
        let places = match &evened {
            Some(evened) => evened.places,
            None if differ => {
                self.note("rounded to the input's scale first: too many numbers of places");
                return self.rounded_average(real, &windows, ceil);
            }
            None => i64::from(windows.y.kernel) * i64::from(windows.x.kernel),
        };
        let bound = in_32_bits(real.bound.saturating_mul(places))?;
        let input = self.channels_last(&real.activation)?;
        let input = self.crop(input.id, exact.crop)?;
        let mut id = self.window_sums(real, input, &windows, &exact)?;
        if let Some(evened) = evened {
            let shape = self.writer.dimensions(id).to_vec();
            let sides = [1, exact.output[0], exact.output[1], 1];
            let factors = self.emit_constant(DataType::I32, &sides, &evened.factors)?;
            let shift = self.scalar(DataType::I8, 0)?;
            let operands = [id.into(), factors.into(), shift];
            id = self.emit(Op::Mul, &operands, DataType::I32, &shape)?;
        }
        self.note("sums of windows; the average is a matter of the scale");
        let from = &real.activation.shape;
        Ok(Real::new(
            placed(id, from, from[1], exact.output),
            Scale::Tensor(scale::ratio(scale, places as f64)),
            0,
            bound,
        ))
    }

    /// Averages by AVG_POOL2D: rounded, with the scale and zero point of the input.
    fn rounded_average(&mut self, real: &Real, windows: &Windows, ceil: bool) -> Lowered<Real> {
        let zero_point = self.scalar(DataType::I8, i64::from(real.zero_point))?;
        let operands = [zero_point, zero_point];
        let activation = self.pool(
            &real.activation,
            windows,
            ceil,
            &operands,
            |kernel, stride, pad| Op::AvgPool2d {
                kernel,
                stride,
                pad,
            },
        )?;
        Ok(Real {
            activation,
            ..real.clone()
        })
    }

    /// The factors that make sums over different numbers of places sums over one number of places. `None` if those
    /// of operands up to `bound` could leave 32 bits.
    fn places_in_common(
        &self,
        windows: &Windows,
        output: [u32; 2],
        bound: i64,
    ) -> Lowered<Option<Evened>> {
        let [rows, columns] = output.map(u64::from);
        self.spend(8 * (rows + columns + rows.saturating_mul(columns)))?;
        let counts = [windows.y.places(output[0]), windows.x.places(output[1])];
        let largest = i64::from(i32::MAX) / bound.max(1);
        let mut places = 1;
        for counts in &counts {
            let mut common = 1_i64;
            for &count in counts {
                if count == 0 {
                    return Err(unsupported(
                        "a window that has only padding",
                        "pad less than the window",
                    ));
                }
                // Both are below 2^31.
                common = common / common_divisor(common, count) * count;
                if common > largest {
                    return Ok(None);
                }
            }
            places *= common;
        }
        if places > largest {
            return Ok(None);
        }
        let [rows, columns] = &counts;
        let factors = rows
            .iter()
            .flat_map(|row| columns.iter().map(move |column| places / (row * column)))
            .collect();
        Ok(Some(Evened { places, factors }))
    }

    fn pool(
        &mut self,
        activation: &Activation,
        windows: &Windows,
        ceil: bool,
        zero_points: &[Operand],
        op: impl Fn([u32; 2], [u32; 2], [u32; 4]) -> Op,
    ) -> Lowered<Activation> {
        let ExactWindows { output, pad, crop } = windows.exact(ceil)?;
        let input = self.channels_last(activation)?;
        let input = self.crop(input.id, crop)?;
        let kernel = windows.kernel();
        if pad[0].max(pad[1]) >= kernel[0] || pad[2].max(pad[3]) >= kernel[1] {
            return Err(unsupported(
                format!("padding {pad:?} for windows of {kernel:?}"),
                "pad less than the window",
            ));
        }
        let mut shape = self.writer.dimensions(input).to_vec();
        shape[1..3].copy_from_slice(&output);
        let data_type = self.writer.data_type(input);
        let operands = [&[input.into()], zero_points].concat();
        let id = self.emit(
            op(kernel, windows.stride(), pad),
            &operands,
            data_type,
            &shape,
        )?;
        Ok(placed(id, &activation.shape, activation.shape[1], output))
    }
}

/// Sums over different numbers of places, brought to one.
struct Evened {
    /// The least common multiple of the numbers of places.
    places: i64,
    /// What each sum is multiplied by, in order of rows and columns.
    factors: Vec<i64>,
}

/// The greatest common divisor of two positive numbers.
fn common_divisor(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Height and width, or width, of a pooled tensor.
fn spatial(activation: &Activation) -> Lowered<Vec<u32>> {
    match activation.shape.as_slice() {
        [_, _, spatial @ ..] if (1..=2).contains(&spatial.len()) => Ok(spatial.to_vec()),
        other => Err(unsupported(
            format!("pooling of {other:?}"),
            "1-D and 2-D pooling are lowered",
        )),
    }
}
