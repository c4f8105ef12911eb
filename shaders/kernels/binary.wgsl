// Frame of element-wise kernels with two operands that broadcast: an invocation makes one word of the
// output. The operator's file gives `fn apply(left, right) -> i32`.

struct Params {
    // Sizes of the output's axes, the innermost first; the outermost is left out.
    sizes: array<vec4<u32>, 2>,
    // Elements from one index of an axis to the next, the outermost too; 0 where the operand broadcasts.
    left_strides: array<vec4<u32>, 2>,
    right_strides: array<vec4<u32>, 2>,
    // Axes in `sizes`.
    inner_axes: u32,
    elements: u32,
    output_words: u32,
    output_lanes_log2: u32,
    left_words: u32,
    left_lanes_log2: u32,
    right_words: u32,
    right_lanes_log2: u32,
    row: u32,
    // What the operator takes besides its operands.
    argument: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> left_operand: array<u32>;
@group(0) @binding(3) var<storage, read> right_operand: array<u32>;

// The elements of both operands that belong to an element of the output.
fn operand_elements(element: u32) -> vec2<u32> {
    var rest = element;
    var elements = vec2<u32>(0u, 0u);
    let axes = min(params.inner_axes, 7u);
    for (var axis = 0u; axis < axes; axis++) {
        let size = max(params.sizes[axis >> 2u][axis & 3u], 1u);
        let strides = vec2<u32>(
            params.left_strides[axis >> 2u][axis & 3u],
            params.right_strides[axis >> 2u][axis & 3u],
        );
        elements += strides * (rest % size);
        rest = rest / size;
    }
    return elements + rest * vec2<u32>(
        params.left_strides[axes >> 2u][axes & 3u],
        params.right_strides[axes >> 2u][axes & 3u],
    );
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let word = id.y * params.row + id.x;
    let target_word = id.z * params.output_words + word;
    if (word >= params.output_words || target_word >= arrayLength(&output)) {
        return;
    }
    let lanes = 1u << min(params.output_lanes_log2, 2u);
    var result = 0u;
    for (var lane = 0u; lane < lanes; lane++) {
        let element = word * lanes + lane;
        if (element < params.elements) {
            let source = operand_elements(element);
            let left_word = id.z * params.left_words + (source.x >> min(params.left_lanes_log2, 2u));
            let right_word = id.z * params.right_words + (source.y >> min(params.right_lanes_log2, 2u));
            let value = apply(
                signed_lane(left_operand[min(left_word, arrayLength(&left_operand) - 1u)], source.x, params.left_lanes_log2),
                signed_lane(right_operand[min(right_word, arrayLength(&right_operand) - 1u)], source.y, params.right_lanes_log2),
            );
            result |= in_lane(value, element, params.output_lanes_log2);
        }
    }
    output[target_word] = result;
}
