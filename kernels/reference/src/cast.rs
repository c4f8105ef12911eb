//! TOSA "CAST": another type; to bool whether the value is not 0, to a shorter integer its low bits.

use aivm_tosa::DataType;

use crate::value::{View, wrap};

pub(crate) fn cast(to: DataType, input: View<'_>) -> Vec<i64> {
    let elements = input.elements.iter();
    match to {
        DataType::Bool => elements.map(|&value| i64::from(value != 0)).collect(),
        _ => elements.map(|&value| wrap(to, value)).collect(),
    }
}
