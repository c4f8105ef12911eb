// PAD, REVERSE, SLICE, TILE and TRANSPOSE: an element of the output is the element of the input at a sum over the
// output's axes, or a filling.

struct Axis {
    // Indices of the output.
    size: u32,
    // Elements of the input from one index to the next, modulo 2^32.
    stride: u32,
    // Indices that are filled before the input begins.
    before: u32,
    // Indices of the input; those behind are filled.
    inside: u32,
}

struct Params {
    // The innermost first.
    axes: array<Axis, 12>,
    // Of `axes`, all but the outermost.
    inner_axes: u32,
    // The input's element for index 0 of all axes, modulo 2^32: it may lie in what is filled.
    first: u32,
    // The filling in its low bits; in all lanes, if there are several.
    filling: u32,
    elements: u32,
    output_words: u32,
    lanes_log2: u32,
    input_words: u32,
    row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> input: array<u32>;

fn value_at(element: u32, which_case: u32) -> i32 {
    var rest = element;
    var source = params.first;
    var inside = true;
    let axes = min(params.inner_axes, 11u);
    for (var axis = 0u; axis < axes; axis++) {
        let size = max(params.axes[axis].size, 1u);
        let index = rest % size;
        // Indices before the input wrap to large numbers.
        inside = inside && index - params.axes[axis].before < params.axes[axis].inside;
        source += params.axes[axis].stride * index;
        rest = rest / size;
    }
    inside = inside && rest - params.axes[axes].before < params.axes[axes].inside;
    source += params.axes[axes].stride * rest;
    if (!inside) {
        return i32(params.filling);
    }
    let word = which_case * params.input_words + (source >> min(params.lanes_log2, 2u));
    return signed_lane(input[min(word, arrayLength(&input) - 1u)], source, params.lanes_log2);
}
