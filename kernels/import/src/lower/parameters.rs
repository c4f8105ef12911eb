//! Scales and zero points, as the inputs of nodes give them.

use super::layout::axis;
use super::{Lowered, Lowering, NodeView, QUANTISE, shapes, unsupported};
use crate::constant::{Constant, Element};
use crate::scale::{self, I8_RANGE};
use crate::value::{Int, Real, RealConstant, Scale};

/// How a quantised tensor means real numbers: `(value − zero_point) · scale`, in ONNX's terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantisation {
    pub scale: f64,
    pub zero_point: i64,
    pub element: Element,
}

impl Quantisation {
    /// The zero point as it is stored.
    pub(super) fn stored_zero_point(&self) -> i64 {
        self.zero_point - Int::offset(self.element)
    }
}

/// Scale and zero point of each element of a constant.
pub(super) struct Channels<'c> {
    constant: &'c RealConstant,
    /// Elements behind one index of the axis.
    inner: usize,
}

impl<'c> Channels<'c> {
    pub(super) fn of(constant: &'c RealConstant) -> Channels<'c> {
        let behind = constant
            .constant
            .dims
            .get(constant.axis.saturating_add(1)..)
            .unwrap_or(&[]);
        Channels {
            constant,
            // Saturates only beside a side of 0.
            inner: behind
                .iter()
                .fold(1, |inner: usize, &side| inner.saturating_mul(side as usize))
                .max(1),
        }
    }

    /// Scale and zero point of element `index`, in row-major order.
    pub(super) fn parameters(&self, index: usize) -> (f64, i64) {
        let channel = index / self.inner % self.constant.scales.len();
        (
            self.constant.scales[channel],
            self.constant.zero_points[channel],
        )
    }
}

impl<'a> Lowering<'a> {
    /// Scale and zero point of a tensor, from inputs `at` and `at + 1` of a node. Without a zero point it is 0 of
    /// type `default`.
    pub(super) fn quantisation(
        &self,
        node: &NodeView<'a>,
        at: usize,
        default: Element,
    ) -> Lowered<Quantisation> {
        let scales = self.scales(node, at)?;
        let &[scale] = scales.as_slice() else {
            return Err(unsupported(
                format!("{} scales for a tensor that is computed", scales.len()),
                "quantise activations per tensor; only weights may be per channel",
            ));
        };
        let (element, zero_point) = match self.optional_constant(node, at + 1)? {
            Some(constant) if constant.len() != 1 => {
                return Err(unsupported(
                    format!(
                        "{} zero points for a tensor that is computed",
                        constant.len()
                    ),
                    "one zero point; only weights may be per channel",
                ));
            }
            Some(constant) => {
                let zero_point = constant.ints().and_then(|mut ints| ints.next());
                let zero_point = zero_point
                    .ok_or_else(|| unsupported("a zero point that is no integer", QUANTISE))?;
                (constant.element, zero_point)
            }
            None => (default, 0),
        };
        if !matches!(element, Element::U8 | Element::I8) {
            return Err(unsupported(
                format!("activations of type {}", element.name()),
                "use activation_type QuantType.QInt8 or QUInt8",
            ));
        }
        Ok(Quantisation {
            scale,
            zero_point,
            element,
        })
    }

    /// [`Lowering::quantisation`] of integers that exist, whose type must be that of the zero point.
    pub(super) fn quantisation_of(
        &self,
        node: &NodeView<'a>,
        at: usize,
        int: &Int,
    ) -> Lowered<Quantisation> {
        let quantisation = self.quantisation(node, at, int.element)?;
        if quantisation.element == int.element {
            return Ok(quantisation);
        }
        Err(shapes(format!(
            "{} with a zero point of type {}",
            int.element.name(),
            quantisation.element.name()
        )))
    }

    /// Input `at` as real numbers, whose scale and zero point are the next two inputs.
    pub(super) fn dequantised(
        &mut self,
        node: &NodeView<'a>,
        at: usize,
    ) -> Lowered<(Real, Quantisation)> {
        let int = self.int(node, at)?;
        let from = self.quantisation_of(node, at + 1, &int)?;
        Ok((Self::dequantise(&int, from), from))
    }

    /// Integers with a scale and zero point.
    pub(super) fn dequantise(int: &Int, from: Quantisation) -> Real {
        let zero_point = Quantisation {
            element: int.element,
            ..from
        }
        .stored_zero_point();
        let bound = (zero_point - I8_RANGE.0)
            .abs()
            .max((I8_RANGE.1 - zero_point).abs());
        Real::new(
            int.activation.clone(),
            Scale::Tensor(from.scale),
            zero_point as i32,
            bound,
        )
    }

    /// The scales that input `at` of a node holds.
    pub(super) fn scales(&self, node: &NodeView<'a>, at: usize) -> Lowered<Vec<f64>> {
        let constant = self.constant(node, at)?;
        self.spend(8 * constant.len() as u64)?;
        let floats = constant.floats().ok_or_else(|| {
            unsupported(
                format!("scales of type {}", constant.element.name()),
                "scales are float",
            )
        })?;
        let scales: Option<Vec<f64>> = floats.into_iter().map(scale::checked).collect();
        scales.filter(|scales| !scales.is_empty()).ok_or_else(|| {
            unsupported(
                "a scale that is not a positive number",
                "calibrate the model again",
            )
        })
    }

    /// The zero points in input `at`; 0 if it is left out.
    pub(super) fn integer_zero_points(&self, node: &NodeView<'a>, at: usize) -> Lowered<Vec<i64>> {
        match self.optional_constant(node, at)? {
            None => Ok(vec![0]),
            Some(constant) => {
                self.spend(8 * constant.len() as u64)?;
                match constant.ints() {
                    Some(ints) if constant.is_narrow() && ints.len() > 0 => Ok(ints.collect()),
                    _ => Err(unsupported("zero points that are no integers", QUANTISE)),
                }
            }
        }
    }

    /// Integers whose zero point is input `at`, with the scale 1.
    pub(super) fn integer_operand(
        &mut self,
        node: &NodeView<'a>,
        index: usize,
        at: usize,
    ) -> Lowered<Real> {
        let int = self.int(node, index)?;
        if !matches!(int.element, Element::U8 | Element::I8) {
            return Err(unsupported(
                format!("an operand of type {}", int.element.name()),
                "int8 or uint8",
            ));
        }
        let &[zero_point] = self.integer_zero_points(node, at)?.as_slice() else {
            return Err(unsupported(
                "several zero points for a tensor that is computed",
                QUANTISE,
            ));
        };
        let from = Quantisation {
            scale: 1.0,
            zero_point,
            element: int.element,
        };
        if i8::try_from(from.stored_zero_point()).is_err() {
            return Err(shapes(format!(
                "zero point {zero_point} of {}",
                int.element.name()
            )));
        }
        Ok(Self::dequantise(&int, from))
    }

    /// A constant with the scales and zero points in inputs `at` and `at + 1` of a node.
    pub(super) fn real_constant(
        &self,
        node: &NodeView<'a>,
        constant: Constant,
        at: usize,
    ) -> Lowered<RealConstant> {
        let scales = self.scales(node, at)?;
        let zero_points = match node.input(at + 1) {
            Some(_) => self.integer_zero_points(node, at + 1)?,
            None => vec![0; scales.len()],
        };
        let rank = constant.dims.len();
        let axis = axis(node.int("axis", 1), rank.max(2)).unwrap_or(usize::MAX);
        let channels = constant.dims.get(axis).copied().unwrap_or(0);
        let fits = zero_points.len() == scales.len()
            && (scales.len() == 1 || scales.len() == channels as usize);
        if !fits || !constant.is_narrow() {
            return Err(unsupported(
                format!(
                    "{} scales and {} zero points for a constant of shape {:?}, axis {axis}",
                    scales.len(),
                    zero_points.len(),
                    constant.dims
                ),
                "one, or one for each index of the axis",
            ));
        }
        Ok(RealConstant {
            constant,
            scales: scales.into(),
            zero_points: zero_points.into(),
            axis,
        })
    }

    /// A constant with scales in input `at` and zero points in the next, by axis `axis`.
    pub(super) fn channel_constant(
        &self,
        node: &NodeView<'a>,
        constant: Constant,
        at: usize,
        axis: usize,
    ) -> Lowered<RealConstant> {
        let mut scales = self.scales(node, at)?;
        let mut zero_points = self.integer_zero_points(node, at + 1)?;
        if zero_points.len() == 1 {
            zero_points = vec![zero_points[0]; scales.len()];
        }
        if scales.len() == 1 {
            scales = vec![scales[0]; zero_points.len()];
        }
        let channels = constant.dims.get(axis).copied().unwrap_or(0) as usize;
        let fits =
            zero_points.len() == scales.len() && (scales.len() == 1 || scales.len() == channels);
        if !fits || !constant.is_narrow() {
            return Err(shapes(format!(
                "{} scales for {channels} channels of {}",
                scales.len(),
                constant.element.name()
            )));
        }
        Ok(RealConstant {
            constant,
            scales: scales.into(),
            zero_points: zero_points.into(),
            axis,
        })
    }
    /// A constant with zero points in input `at` and the scale 1, by axis `axis`.
    pub(super) fn unscaled_constant(
        &self,
        node: &NodeView<'a>,
        constant: Constant,
        at: usize,
        axis: usize,
    ) -> Lowered<RealConstant> {
        let zero_points = self.integer_zero_points(node, at)?;
        Ok(RealConstant {
            constant,
            scales: vec![1.0; zero_points.len()].into(),
            zero_points: zero_points.into(),
            axis,
        })
    }
}
