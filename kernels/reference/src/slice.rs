//! TOSA "SLICE": a box of the input, `shape` large, from index `start`.

use crate::value::View;

pub(crate) fn slice(shape: &[u32], input: View<'_>, start: &[u32]) -> Vec<i64> {
    let mut output = Vec::new();
    copy_box(shape, input, start, &mut output);
    output
}

/// Appends the box, axis by axis: the depth is the rank, at most 6.
fn copy_box(shape: &[u32], input: View<'_>, start: &[u32], output: &mut Vec<i64>) {
    let (&[size, ref inner_shape @ ..], &[first, ref inner_start @ ..]) = (shape, start) else {
        output.extend_from_slice(input.elements); // one element
        return;
    };
    let inner: usize = input.shape[1..].iter().map(|&side| side as usize).product();
    let part = first as usize * inner..(first + size) as usize * inner;
    if inner_shape.is_empty() {
        output.extend_from_slice(&input.elements[part]);
        return;
    }
    for elements in input.elements[part].chunks_exact(inner) {
        let view = View {
            shape: &input.shape[1..],
            elements,
        };
        copy_box(inner_shape, view, inner_start, output);
    }
}
