//! Rules of RESCALE, chapter "Type Conversion".

use std::sync::Arc;

use super::operation::{Resolved, expect_shape, expect_type_in};
use super::{Checked, Operation};
use crate::attribute::Rescale;
use crate::operator::RescaleFactor;
use crate::{DataType, Operator, Refusal, RefusalCode, RescaleRounding, bytes};

/// RESCALE.
pub(super) fn rescale(
    operation: &Operation<'_>,
    flags: &Rescale,
    resolved: &mut Resolved,
) -> Checked {
    operation.expect(5, 1)?;
    let (input, output) = (operation.input(0)?, operation.output()?);
    let types = [DataType::I8, DataType::I16, DataType::I32];
    expect_type_in(input, "input", &types)?;
    expect_type_in(output, "output", &types)?;
    expect_shape(output, "output", input.shape.dimensions())?;
    expect_signs(flags, input.data_type, output.data_type)?;
    let rounding = rounding(flags)?;
    let operator = Operator::Rescale {
        factors: factors(operation, flags, resolved)?,
        per_channel: flags.per_channel,
        scale32: flags.scale32,
        rounding,
        input_zp: zero_point(
            operation,
            (3, "input_zp"),
            input.data_type,
            flags.input_unsigned,
        )?,
        output_zp: zero_point(
            operation,
            (4, "output_zp"),
            output.data_type,
            flags.output_unsigned,
        )?,
        input_unsigned: flags.input_unsigned,
        output_unsigned: flags.output_unsigned,
    };
    Ok((operator, vec![operation.input_id(0)?]))
}

/// Unsigned is for 8 and 16 bits, on one side, and not beside i32.
fn expect_signs(flags: &Rescale, input: DataType, output: DataType) -> Result<(), Refusal> {
    let wide = input == DataType::I32 || output == DataType::I32;
    let (from, to) = (flags.input_unsigned, flags.output_unsigned);
    // Unsigned input goes to 8 or 16 bits, unsigned output comes from 8 or 16 bits.
    if (from && to) || ((from || to) && wide) {
        return Err(Refusal::new(
            RefusalCode::RescaleSigns,
            format!("{input} to {output}, input unsigned: {from}, output unsigned: {to}"),
        ));
    }
    Ok(())
}

fn rounding(flags: &Rescale) -> Result<RescaleRounding, Refusal> {
    match (flags.rounding_mode, flags.scale32) {
        (1, _) => Ok(RescaleRounding::Single),
        (3, true) => Ok(RescaleRounding::Double),
        (mode, scale32) => Err(Refusal::new(
            RefusalCode::RescaleMode,
            format!(
                "{} with scale32 {scale32}",
                match mode {
                    2 => "INEXACT_ROUND",
                    3 => "DOUBLE_ROUND",
                    _ => "an unknown rounding mode",
                }
            ),
        )),
    }
}

/// A zero point: any value for 8 bits, 0 or 32768 for unsigned 16 bits, else 0.
fn zero_point(
    operation: &Operation<'_>,
    (index, name): (usize, &str),
    data_type: DataType,
    unsigned: bool,
) -> Result<i32, Refusal> {
    let value = operation.constant_scalar(index, name, data_type)? as i32;
    let value = match (data_type, unsigned) {
        (DataType::I8, true) => value & 0xff,
        (DataType::I16, true) => value & 0xffff,
        _ => value,
    };
    let allowed = value == 0
        || data_type == DataType::I8
        || (data_type == DataType::I16 && unsigned && value == 32_768);
    if !allowed {
        return Err(Refusal::new(
            RefusalCode::ZeroPoint,
            format!("{name} {value} for {data_type}"),
        ));
    }
    Ok(value)
}

/// The multipliers and shifts, one for each element of the last axis or one in all.
fn factors(
    operation: &Operation<'_>,
    flags: &Rescale,
    resolved: &mut Resolved,
) -> Result<Arc<[RescaleFactor]>, Refusal> {
    let channels = match (flags.per_channel, operation.input(0)?.shape.dimensions()) {
        (false, _) => 1,
        (true, [.., last]) => *last,
        (true, []) => {
            return Err(Refusal::new(
                RefusalCode::OperandRank,
                "per_channel needs an input of rank 1 or more",
            ));
        }
    };
    let multiplier_type = if flags.scale32 {
        DataType::I32
    } else {
        DataType::I16
    };
    let multipliers = operation.constant(1, "multiplier", multiplier_type, channels)?;
    let shifts = operation.constant(2, "shift", DataType::I8, channels)?;
    let key = (operation.input_id(1)?, operation.input_id(2)?);
    if let Some(factors) = resolved.factors.get(&key) {
        return Ok(Arc::clone(factors));
    }
    resolved.take(u64::from(channels) * size_of::<RescaleFactor>() as u64)?;
    // Walked twice, so that the list is built in place: this is the largest thing made of a file.
    let pairs = || {
        multipliers
            .chunks_exact(multiplier_type.bytes() as usize)
            .map(|multiplier| bytes::read(multiplier_type, multiplier) as i32)
            .zip(shifts.iter().map(|&shift| shift as i8))
    };
    for (channel, (multiplier, shift)) in pairs().enumerate() {
        if multiplier < 0 {
            return Err(Refusal::new(
                RefusalCode::RescaleMultiplier,
                format!("multiplier {multiplier} of channel {channel}"),
            ));
        }
        if !(2..=62).contains(&shift) {
            return Err(Refusal::new(
                RefusalCode::RescaleShift,
                format!("shift {shift} of channel {channel}"),
            ));
        }
    }
    let factors: Arc<[RescaleFactor]> = pairs()
        .map(|(multiplier, shift)| RescaleFactor {
            multiplier,
            shift: shift as u8,
        })
        .collect();
    resolved.factors.insert(key, Arc::clone(&factors));
    Ok(factors)
}
