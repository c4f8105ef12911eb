//! TOSA "TABLE": look-up of i8 in 256 entries, or of i16 in 513 with interpolation to 23 bits.

use aivm_tosa::operator::TableContent;

use crate::value::View;

pub(crate) fn table(input: View<'_>, table: &TableContent) -> Vec<i64> {
    let elements = input.elements.iter();
    match table {
        TableContent::I8(table) => elements
            .map(|&value| i64::from(table[(value + 128) as usize]))
            .collect(),
        TableContent::I16(table) => elements.map(|&value| interpolate(table, value)).collect(),
    }
}

/// "General Unary Functions": the upper nine bits choose two entries, the lower seven a place between.
fn interpolate(table: &[i16], value: i64) -> i64 {
    let index = ((value + 32_768) >> 7) as usize;
    let fraction = value & 0x7f;
    let base = i64::from(table[index]);
    let slope = i64::from(table[index + 1]) - base;
    (base << 7) + slope * fraction
}
