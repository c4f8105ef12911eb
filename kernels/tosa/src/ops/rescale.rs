//! Rules of RESCALE, chapter "Type Conversion".

use std::sync::Arc;

use super::operation::{Place, Resolved, expect_shape, expect_type_in};
use super::{Checked, INTEGERS, Late, Operation};
use crate::attribute::Rescale;
use crate::operator::RescaleFactor;
use crate::{DataType, Operator, Refusal, RefusalCode, RescaleRounding, Slot, bytes};

const INPUT_ZP: Place = Place::new(3, "input_zp", Slot::InputZp);
const OUTPUT_ZP: Place = Place::new(4, "output_zp", Slot::OutputZp);
const MULTIPLIER: Place = Place::new(1, "multiplier", Slot::Multiplier);
const SHIFT: Place = Place::new(2, "shift", Slot::RescaleShift);

/// RESCALE.
pub(super) fn rescale(
    operation: &Operation<'_>,
    flags: &Rescale,
    resolved: &mut Resolved,
    late: &mut Late,
) -> Checked {
    let (input, output) = (operation.input(0)?, operation.output()?);
    let types = [DataType::I8, DataType::I16, DataType::I32, DataType::I48];
    expect_type_in(input, "input", &types)?;
    expect_type_in(output, "output", &INTEGERS)?;
    expect_shape(output, "output", input.shape.dimensions())?;
    expect_signs(flags, input.data_type, output.data_type)?;
    if flags.scale32 && input.data_type == DataType::I48 {
        return Err(Refusal::new(
            RefusalCode::RescaleI48,
            "scale32 for an input of i48",
        ));
    }
    let rounding = rounding(flags)?;
    let (from, to) = (
        (input.data_type, flags.input_unsigned),
        (output.data_type, flags.output_unsigned),
    );
    let operator = Operator::Rescale {
        factors: factors(operation, flags, resolved, late)?,
        per_channel: flags.per_channel,
        scale32: flags.scale32,
        rounding,
        input_zp: zero_point(operation, INPUT_ZP, from, late)?,
        output_zp: zero_point(operation, OUTPUT_ZP, to, late)?,
        input_unsigned: flags.input_unsigned,
        output_unsigned: flags.output_unsigned,
    };
    Ok((operator, operation.input_ids(1)?))
}

/// Unsigned is for 8 and 16 bits, on one side, and not beside i32 or i48.
fn expect_signs(flags: &Rescale, input: DataType, output: DataType) -> Result<(), Refusal> {
    use RefusalCode::*;
    let (from, to) = (flags.input_unsigned, flags.output_unsigned);
    let rules = [
        (from && to, RescaleBothUnsigned),
        (from && input == DataType::I32, RescaleU32Input),
        (from && input == DataType::I48, RescaleU48Input),
        (to && output == DataType::I32, RescaleU32Output),
        (from && output == DataType::I32, RescaleUnsignedToI32),
        (to && input == DataType::I32, RescaleI32ToUnsigned),
        (to && input == DataType::I48, RescaleI48ToUnsigned),
    ];
    match rules.into_iter().find(|(broken, _)| *broken) {
        Some((_, code)) => Err(Refusal::new(
            code,
            format!("{input} to {output}, input unsigned: {from}, output unsigned: {to}"),
        )),
        None => Ok(()),
    }
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
                    2 => "INEXACT_ROUND (import the model again with SINGLE_ROUND)",
                    3 => "DOUBLE_ROUND",
                    _ => "an unknown rounding mode",
                }
            ),
        )),
    }
}

/// A zero point: any value for 8 bits, 0 or 32768 for unsigned 16 bits, else 0. One that comes late stands as 0, and
/// is read where it may be anything else.
fn zero_point(
    operation: &Operation<'_>,
    place: Place,
    (data_type, unsigned): (DataType, bool),
    late: &mut Late,
) -> Result<i32, Refusal> {
    let Some(value) = operation.scalar(place, data_type)? else {
        if data_type == DataType::I8 || unsigned {
            late.push(operation.late(place)?);
        }
        return Ok(0);
    };
    let value = match (data_type, unsigned) {
        (DataType::I8, true) => value & 0xff,
        (DataType::I16, true) => value & 0xffff,
        _ => value,
    };
    let u16 = data_type == DataType::I16 && unsigned;
    if value == 0 || data_type == DataType::I8 || (u16 && value == 32_768) {
        return Ok(value as i32);
    }
    let code = match (place.slot, u16) {
        (Slot::InputZp, true) => RefusalCode::U16InputZeroPoint,
        (_, true) => RefusalCode::U16OutputZeroPoint,
        (_, false) => place.zero_point_code(),
    };
    Err(Refusal::new(
        code,
        format!("{} {value} for {data_type}", place.name),
    ))
}

/// The multipliers and shifts, one for each element of the last axis or one in all. If one of them comes late it
/// stands as 0, if both do the list is empty.
fn factors(
    operation: &Operation<'_>,
    flags: &Rescale,
    resolved: &mut Resolved,
    late: &mut Late,
) -> Result<Arc<[RescaleFactor]>, Refusal> {
    let channels = match (flags.per_channel, operation.input(0)?.shape.dimensions()) {
        (false, _) => 1,
        (true, [.., last]) => *last,
        (true, []) => {
            return Err(Refusal::new(
                RefusalCode::RescalePerChannel,
                "the input has rank 0",
            ));
        }
    };
    let multiplier_type = if flags.scale32 {
        DataType::I32
    } else {
        DataType::I16
    };
    let multipliers = operation.value(MULTIPLIER, multiplier_type, channels)?;
    let shifts = operation.value(SHIFT, DataType::I8, channels)?;
    for (place, value) in [(MULTIPLIER, multipliers), (SHIFT, shifts)] {
        if value.is_none() {
            late.push(operation.late(place)?);
        }
    }
    if multipliers.is_none() && shifts.is_none() {
        return Ok(Arc::from([]));
    }
    let key = (operation.input_id(1)?, operation.input_id(2)?);
    if let Some(factors) = resolved.factors.get(&key) {
        return Ok(Arc::clone(factors));
    }
    resolved.take(u64::from(channels) * size_of::<RescaleFactor>() as u64)?;
    let multipliers = multipliers.map(|values| {
        let multiplier = |bytes| bytes::read(multiplier_type, bytes) as i32;
        values
            .chunks_exact(multiplier_type.bytes() as usize)
            .map(multiplier)
    });
    let shifts = shifts.map(|values| values.iter().map(|&shift| shift as i8));
    if let Some((channel, multiplier)) = multipliers
        .clone()
        .and_then(|mut values| first(&mut values, |&multiplier| multiplier < 0))
    {
        return Err(Refusal::new(
            RefusalCode::RescaleMultiplier,
            format!("multiplier {multiplier} of channel {channel}"),
        ));
    }
    if let Some((channel, shift)) = shifts
        .clone()
        .and_then(|mut values| first(&mut values, |shift| !(2..=62).contains(shift)))
    {
        return Err(Refusal::new(
            RefusalCode::RescaleShift,
            format!("shift {shift} of channel {channel}"),
        ));
    }
    // This is the largest thing made of a file: it is built in place.
    let factor = |(multiplier, shift): (i32, i8)| RescaleFactor {
        multiplier,
        shift: shift.cast_unsigned(),
    };
    let factors: Arc<[RescaleFactor]> = match (multipliers, shifts) {
        (Some(multipliers), Some(shifts)) => multipliers.zip(shifts).map(factor).collect(),
        (Some(multipliers), None) => multipliers.map(|value| factor((value, 0))).collect(),
        (None, Some(shifts)) => shifts.map(|value| factor((0, value))).collect(),
        (None, None) => Arc::from([]),
    };
    resolved.factors.insert(key, Arc::clone(&factors));
    Ok(factors)
}

/// The first of `values` that `bad` is true for, with its index.
fn first<T>(values: &mut impl Iterator<Item = T>, bad: impl Fn(&T) -> bool) -> Option<(usize, T)> {
    values.enumerate().find(|(_, value)| bad(value))
}
