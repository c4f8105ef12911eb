//! Rules on operations: divisors, shift amounts, and which builtins are integer functions that all drivers agree on.

use naga::{BinaryOperator as Op, MathFunction as Mf};

use crate::facts::Facts;
use crate::range::{Kind, Range};
use crate::rule::Rule;
use crate::sharing::Refusal;
use crate::values::{Value, Values};

/// Checks a binary operation on the path where it is computed.
pub(crate) fn check_binary(
    values: &Values,
    facts: &Facts,
    op: Op,
    right: Value,
) -> Result<(), Refusal> {
    let range = facts.range(values, right);
    match op {
        Op::Divide | Op::Modulo if range.lo < 1 => {
            let detail = format!(
                "the divisor lies in [{}, {}]; write `max(divisor, 1)` or guard it",
                range.lo, range.hi
            );
            Err((Rule::Divisor, detail))
        }
        Op::ShiftLeft | Op::ShiftRight if !range.within(Range::new(0, 31)) => {
            let detail = format!(
                "the shift amount lies in [{}, {}]; write `amount & 31u`",
                range.lo, range.hi
            );
            Err((Rule::Shift, detail))
        }
        _ => Ok(()),
    }
}

/// Checks a call of a builtin. Everything not named is refused.
pub(crate) fn check_math(
    values: &Values,
    facts: &Facts,
    function: Mf,
    arguments: &[Value],
) -> Result<(), Refusal> {
    let kind = arguments
        .first()
        .map_or(Kind::Composite, |&argument| values.kind(argument));
    let range = |index: usize| {
        arguments
            .get(index)
            .map_or(Range::all(kind), |&argument| facts.range(values, argument))
    };
    match function {
        // One definition everywhere.
        Mf::Min | Mf::Max | Mf::Sign | Mf::Dot | Mf::ReverseBits | Mf::CountOneBits => Ok(()),
        // Exact integer sums; a driver without the instruction gets naga's polyfill.
        Mf::Dot4I8Packed | Mf::Dot4U8Packed => Ok(()),
        Mf::Pack4xI8
        | Mf::Pack4xU8
        | Mf::Pack4xI8Clamp
        | Mf::Pack4xU8Clamp
        | Mf::Unpack4xI8
        | Mf::Unpack4xU8 => Ok(()),
        // 32 for 0: naga writes the guard where the back end's instruction has none.
        Mf::CountLeadingZeros | Mf::CountTrailingZeros | Mf::FirstTrailingBit => Ok(()),
        // Of a negative i32 the highest zero bit: left to the back ends, which differ in the instruction used.
        Mf::FirstLeadingBit | Mf::Abs if kind == Kind::U32 => Ok(()),
        Mf::Abs => Err((
            Rule::Builtin,
            "abs of i32 is undefined for the smallest one in SPIR-V; write `max(x, -x)`".into(),
        )),
        Mf::Clamp => {
            if range(1).hi <= range(2).lo
                || arguments.len() == 3 && facts.proves(values, arguments[1], arguments[2], 0)
            {
                return Ok(());
            }
            Err((
                Rule::ClampOrder,
                "low <= high is not proved; write `min(max(x, low), high)`".into(),
            ))
        }
        Mf::ExtractBits | Mf::InsertBits => {
            let first = if function == Mf::ExtractBits { 1 } else { 2 };
            if range(first).hi + range(first + 1).hi <= 32 {
                return Ok(());
            }
            Err((Rule::BitRange, "offset + count <= 32 is not proved".into()))
        }
        other => Err((
            Rule::Builtin,
            format!("{other:?} is not one of the integer builtins"),
        )),
    }
}
