//! TOSA "SELECT": the second input where the first is true, else the third; all three broadcast.

use crate::broadcast::broadcast;
use crate::value::View;

pub(crate) fn select(shape: &[u32], choice: View<'_>, a: View<'_>, b: View<'_>) -> Vec<i64> {
    broadcast(
        shape,
        [choice, a, b],
        |[choice, a, b]| {
            if choice != 0 { a } else { b }
        },
    )
}
