//! Real numbers as integers of another scale, or with their limits applied: RESCALE, CLAMP, MAXIMUM and MINIMUM.

use aivm_tosa::DataType;

use super::parameters::Quantisation;
use super::{Lowered, Lowering, unsupported};
use crate::scale::{self, Factor, I8_RANGE, I32_RANGE};
use crate::tosa_file::{Op, Operand, TensorId};
use crate::value::{Int, NO_LIMITS, Real, Scale};

impl Lowering<'_> {
    /// Real numbers as 8-bit integers with another scale and zero point.
    pub(super) fn quantise(&mut self, real: &Real, to: Quantisation) -> Lowered<Int> {
        let zero_point = to.stored_zero_point();
        if !(I8_RANGE.0..=I8_RANGE.1).contains(&zero_point) {
            return Err(unsupported(
                format!("zero point {} of type {}", to.zero_point, to.element.name()),
                "a zero point is a value of its type",
            ));
        }
        let element = to.element;
        if !real.functions.is_empty() {
            let activation = self.table(real, to)?;
            return Ok(Int {
                activation,
                element,
            });
        }
        let data_type = self.writer.data_type(real.activation.id);
        let same = data_type == DataType::I8
            && real.scale == Scale::Tensor(to.scale)
            && i64::from(real.zero_point) == zero_point;
        let mut activation = real.activation.clone();
        if same {
            self.note("the same scale and zero point: no operator");
        } else {
            let factors = self.factors(real, to.scale)?;
            activation.id = self.rescale(
                activation.id,
                real.zero_point,
                &factors,
                DataType::I8,
                zero_point as i32,
            )?;
        }
        let bound = |limit: f64| scale::quantise(limit, to.scale, zero_point, I8_RANGE);
        let (min, max) = (bound(real.limits.0), bound(real.limits.1));
        activation.id = self.clamp(activation.id, (min, max))?;
        Ok(Int {
            activation,
            element,
        })
    }

    /// The factors that bring `real` to steps of `scale`.
    pub(super) fn factors(&self, real: &Real, scale: f64) -> Lowered<Vec<Factor>> {
        let ratios = real
            .scale
            .list()
            .iter()
            .map(|&from| scale::ratio(from, scale));
        ratios
            .map(|ratio| {
                let factor = scale::factor(ratio).filter(|_| scale::fits_i32(real.bound, ratio));
                factor.ok_or_else(|| {
                    unsupported(
                        format!(
                            "a ratio of scales of {ratio:e} for sums up to {}",
                            real.bound
                        ),
                        "calibrate the model again: the result would be far out of its range",
                    )
                })
            })
            .collect()
    }

    /// RESCALE: `(x − input_zp) · factor + output_zp`, with one factor or one for each index of the last axis.
    pub(super) fn rescale(
        &mut self,
        id: TensorId,
        input_zp: i32,
        factors: &[Factor],
        data_type: DataType,
        output_zp: i32,
    ) -> Lowered<TensorId> {
        let shape = self.writer.dimensions(id).to_vec();
        let from = self.writer.data_type(id);
        let count = [factors.len() as u32];
        let multipliers: Vec<i64> = factors
            .iter()
            .map(|factor| i64::from(factor.multiplier))
            .collect();
        let shifts: Vec<i64> = factors
            .iter()
            .map(|factor| i64::from(factor.shift))
            .collect();
        let inputs: [Operand; 5] = [
            id.into(),
            self.emit_constant(DataType::I32, &count, &multipliers)?
                .into(),
            self.emit_constant(DataType::I8, &count, &shifts)?.into(),
            self.scalar(from, i64::from(input_zp))?,
            self.scalar(data_type, i64::from(output_zp))?,
        ];
        let per_channel = factors.len() > 1;
        self.emit(Op::Rescale { per_channel }, &inputs, data_type, &shape)
    }

    /// CLAMP of an 8-bit tensor, unless all of its values are inside.
    pub(super) fn clamp(&mut self, id: TensorId, (min, max): (i64, i64)) -> Lowered<TensorId> {
        if (min, max) == I8_RANGE {
            return Ok(id);
        }
        let shape = self.writer.dimensions(id).to_vec();
        // Limits that leave nothing would be refused as bounds: then the lower one holds, as in ONNX's Clip.
        let max = max.max(min);
        self.emit(Op::Clamp { min, max }, &[id.into()], DataType::I8, &shape)
    }

    /// The same real numbers without pending limits, for a reader that takes the integers as they are.
    pub(super) fn settled(&mut self, mut real: Real) -> Lowered<Real> {
        self.refuse_functions(&real)?;
        let (min, max) = real.limits;
        if (min, max) == NO_LIMITS {
            return Ok(real);
        }
        let id = real.activation.id;
        if let (DataType::I8, &Scale::Tensor(scale)) = (self.writer.data_type(id), &real.scale) {
            let bound = |limit| scale::quantise(limit, scale, i64::from(real.zero_point), I8_RANGE);
            real.activation.id = self.clamp(id, (bound(min), bound(max)))?;
            real.limits = NO_LIMITS;
            return Ok(real);
        }
        for (limit, op) in [(min, Op::Maximum), (max, Op::Minimum)] {
            if !limit.is_finite() {
                continue;
            }
            let zero_point = i64::from(real.zero_point);
            let scales = real.scale.list();
            let bounds: Vec<i64> = scales
                .iter()
                .map(|&scale| scale::quantise(limit, scale, zero_point, I32_RANGE))
                .collect();
            real.activation.id = self.emit_beside(op, real.activation.id, &bounds)?;
        }
        real.limits = NO_LIMITS;
        Ok(real)
    }

    fn refuse_functions(&self, real: &Real) -> Lowered<()> {
        match real.functions.last() {
            None => Ok(()),
            Some(function) => Err(unsupported(
                format!("the result of {function:?} before it is not quantised"),
                "QuantizeLinear and DequantizeLinear stand behind each such function",
            )),
        }
    }

    /// The stored integers less their zero point, as i32.
    pub(super) fn widened(&mut self, real: &Real) -> Lowered<TensorId> {
        if self.writer.data_type(real.activation.id) == DataType::I32 {
            return Ok(real.activation.id);
        }
        let one = Factor {
            multiplier: 1 << 30,
            shift: 30,
        };
        self.rescale(
            real.activation.id,
            real.zero_point,
            &[one],
            DataType::I32,
            0,
        )
    }
}
