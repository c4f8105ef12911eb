// Frame of 2-D poolings over [N, H, W, C]: each element of the output by itself. Padding is left out of the
// window. The operator's file gives `struct Arguments` with `input_lanes_log2`, `fn start() -> i32`,
// `fn accumulate(total, value) -> i32` and `fn finish(total, output_y, columns) -> i32`, where `columns` is how many of
// the window lie inside the input.

struct Params {
    height: u32,
    width: u32,
    channels: u32,
    output_height: u32,
    output_width: u32,
    kernel_y: u32,
    kernel_x: u32,
    stride_y: u32,
    stride_x: u32,
    pad_top: u32,
    pad_left: u32,
    elements: u32,
    output_words: u32,
    input_words: u32,
    // Of the output.
    lanes_log2: u32,
    row: u32,
    arguments: Arguments,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> input: array<u32>;

fn value_at(element: u32, which_case: u32) -> i32 {
    let channels = max(params.channels, 1u);
    let channel = element % channels;
    let position = element / channels;
    let output_x = position % max(params.output_width, 1u);
    let line = position / max(params.output_width, 1u);
    let output_y = line % max(params.output_height, 1u);
    let image = line / max(params.output_height, 1u);
    let rows = inside(output_y * params.stride_y, params.kernel_y, params.pad_top, params.height);
    let columns = inside(output_x * params.stride_x, params.kernel_x, params.pad_left, params.width);
    var total = start();
    for (var y = rows.x; y < rows.y; y++) {
        for (var x = columns.x; x < columns.y; x++) {
            let source = ((image * params.height + y) * params.width + x) * channels + channel;
            let word = which_case * params.input_words + (source >> min(params.arguments.input_lanes_log2, 2u));
            let bits = input[min(word, arrayLength(&input) - 1u)];
            total = accumulate(total, signed_lane(bits, source, params.arguments.input_lanes_log2));
        }
    }
    return finish(total, output_y, columns.y - columns.x);
}

// The part of a window that lies inside the input, along one side: its first place, and the one behind its last.
// `begin` counts from where the padding begins.
fn inside(begin: u32, window: u32, pad: u32, side: u32) -> vec2<u32> {
    return vec2(max(begin, pad) - pad, min(max(begin + window, pad) - pad, side));
}
