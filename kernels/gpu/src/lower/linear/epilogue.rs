//! What a packed kernel does with its sums: store them, or do the work of a RESCALE and a CLAMP behind the operator.

use aivm_tosa::operator::RescaleFactor;
use aivm_tosa::{DataType, Operator, RescaleRounding, TensorId};

use crate::layout::word_bytes;
use crate::lower::{Lowering, signed};
use crate::program::Operand;

/// The end of a packed kernel.
pub(super) struct Epilogue {
    /// The tensor that is written.
    pub(super) output: TensorId,
    /// Multipliers and shifts; not read if sums are stored.
    pub(super) factors: Operand,
    /// The kernel's parameters from `rescaled` on.
    pub(super) params: [u32; 5],
}

impl Lowering<'_> {
    /// Takes a RESCALE to i8 along, and a CLAMP behind it, if nothing else reads what lies between.
    pub(super) fn epilogue(&mut self, sums: TensorId, output_channels: u32) -> Epilogue {
        self.rescaled(sums, output_channels)
            .unwrap_or_else(|| Epilogue {
                output: sums,
                factors: self.new_constant(word_bytes([0; 4])),
                params: [0; 5],
            })
    }

    fn rescaled(&mut self, sums: TensorId, output_channels: u32) -> Option<Epilogue> {
        let rescale = self.only_reader(sums)?;
        let node = &self.graph.nodes()[rescale];
        let Operator::Rescale {
            factors,
            per_channel,
            rounding,
            input_zp: 0,
            output_zp,
            input_unsigned: false,
            output_unsigned: false,
            ..
        } = &node.operator
        else {
            return None;
        };
        let mut output = node.outputs[0];
        let groups_of_four = output_channels.is_multiple_of(4);
        if !groups_of_four || self.tensor(output).data_type != DataType::I8 {
            return None;
        }
        let (mut low, mut high) = (i32::from(i8::MIN), i32::from(i8::MAX));
        self.fused[rescale] = true;
        self.doing.push(rescale);
        if let Some(clamp) = self.only_reader(output)
            && let Operator::Clamp { min, max } = self.graph.nodes()[clamp].operator
        {
            // Saturating to i8 and then to min..=max is one saturation, because the bounds of an i8 CLAMP are i8.
            (low, high) = (min as i32, max as i32);
            output = self.graph.nodes()[clamp].outputs[0];
            self.fused[clamp] = true;
            self.doing.push(clamp);
        }
        let factor = |channel| &factors[if *per_channel { channel } else { 0 }];
        let factors: Vec<_> = (0..output_channels as usize).map(factor).collect();
        let double_round = u32::from(*rounding == RescaleRounding::Double);
        Some(Epilogue {
            output,
            factors: self.new_constant(grouped(&factors)),
            params: [
                1,
                double_round,
                signed(*output_zp),
                signed(low),
                signed(high),
            ],
        })
    }

    /// The node that reads a tensor, if it alone does.
    fn only_reader(&self, id: TensorId) -> Option<usize> {
        self.reader[id.0 as usize].filter(|_| self.readers[id.0 as usize] == 1)
    }
}

/// Factors of each output channel as `[OC / 4][2][4 output channels]`.
fn grouped(factors: &[&RescaleFactor]) -> Vec<u8> {
    word_bytes(factors.chunks(4).flat_map(|four| {
        let multipliers = four.iter().map(|factor| signed(factor.multiplier));
        let shifts = four.iter().map(|factor| u32::from(factor.shift));
        multipliers.chain(shifts).collect::<Vec<_>>()
    }))
}
