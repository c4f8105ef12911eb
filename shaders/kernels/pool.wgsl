// Frame of 2-D poolings over [N, H, W, C]: an invocation makes one word of the output. Padding is left
// out of the window. The operator's file gives `struct Arguments`, `fn start() -> i32`,
// `fn accumulate(total, value) -> i32` and `fn finish(total, count) -> i32`.

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
    // Of input and output.
    lanes_log2: u32,
    row: u32,
    arguments: Arguments,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> input: array<u32>;

fn pooled(element: u32, case_start: u32) -> i32 {
    let channels = max(params.channels, 1u);
    let channel = element % channels;
    let position = element / channels;
    let x = (position % max(params.output_width, 1u)) * params.stride_x;
    let line = position / max(params.output_width, 1u);
    let y = (line % max(params.output_height, 1u)) * params.stride_y;
    let image = line / max(params.output_height, 1u);
    var total = start();
    var count = 0u;
    for (var kernel_y = 0u; kernel_y < params.kernel_y; kernel_y++) {
        // Rows and columns of the padding wrap to large numbers or lie past the end.
        let source_y = y + kernel_y - params.pad_top;
        if (source_y < params.height) {
            for (var kernel_x = 0u; kernel_x < params.kernel_x; kernel_x++) {
                let source_x = x + kernel_x - params.pad_left;
                if (source_x < params.width) {
                    let source = ((image * params.height + source_y) * params.width + source_x) * channels + channel;
                    let word = case_start + (source >> min(params.lanes_log2, 2u));
                    let bits = input[min(word, arrayLength(&input) - 1u)];
                    total = accumulate(total, signed_lane(bits, source, params.lanes_log2));
                    count += 1u;
                }
            }
        }
    }
    return finish(total, count);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let word = id.y * params.row + id.x;
    let target_word = id.z * params.output_words + word;
    if (word >= params.output_words || target_word >= arrayLength(&output)) {
        return;
    }
    let lanes = 1u << min(params.lanes_log2, 2u);
    var result = 0u;
    for (var lane = 0u; lane < lanes; lane++) {
        let element = word * lanes + lane;
        if (element < params.elements) {
            let value = pooled(element, id.z * params.input_words);
            result |= in_lane(value, element, params.lanes_log2);
        }
    }
    output[target_word] = result;
}
