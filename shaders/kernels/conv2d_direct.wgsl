// CONV2D of i8 as the specification writes it, for weights that come from the graph or have a zero point:
// an invocation makes one i32 of the output.

struct Params {
    height: u32,
    width: u32,
    channels: u32,
    output_height: u32,
    output_width: u32,
    output_channels: u32,
    kernel_y: u32,
    kernel_x: u32,
    stride_y: u32,
    stride_x: u32,
    dilation_y: u32,
    dilation_x: u32,
    pad_top: u32,
    pad_left: u32,
    input_zero_point: i32,
    weight_zero_point: i32,
    // 1 if all output channels share one bias, else the number of output channels.
    biases: u32,
    output_words: u32,
    input_words: u32,
    weight_words: u32,
    bias_words: u32,
    row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> input: array<u32>;
@group(0) @binding(3) var<storage, read> weight: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<u32>;

// The sum over the channels of one kernel tap.
fn tap(input_word: u32, input_first: u32, weight_word: u32, weight_first: u32) -> i32 {
    var total = 0;
    for (var channel = 0u; channel < params.channels; channel++) {
        let source = input_first + channel;
        let by = weight_first + channel;
        let x = input[min(input_word + (source >> 2u), arrayLength(&input) - 1u)];
        let w = weight[min(weight_word + (by >> 2u), arrayLength(&weight) - 1u)];
        total += (signed_lane(x, source, 2u) - params.input_zero_point)
            * (signed_lane(w, by, 2u) - params.weight_zero_point);
    }
    return total;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let word = id.y * params.row + id.x;
    let target_word = id.z * params.output_words + word;
    if (word >= params.output_words || target_word >= arrayLength(&output)) {
        return;
    }
    let channel = word % max(params.output_channels, 1u);
    let position = word / max(params.output_channels, 1u);
    let x = (position % max(params.output_width, 1u)) * params.stride_x;
    let line = position / max(params.output_width, 1u);
    let y = (line % max(params.output_height, 1u)) * params.stride_y;
    let image = line / max(params.output_height, 1u);

    let bias_word = id.z * params.bias_words + min(channel, params.biases - 1u);
    var total = i32(bias[min(bias_word, arrayLength(&bias) - 1u)]);
    for (var kernel_y = 0u; kernel_y < params.kernel_y; kernel_y++) {
        // Rows and columns of the padding wrap to large numbers or lie past the end.
        let source_y = y + kernel_y * params.dilation_y - params.pad_top;
        if (source_y < params.height) {
            for (var kernel_x = 0u; kernel_x < params.kernel_x; kernel_x++) {
                let source_x = x + kernel_x * params.dilation_x - params.pad_left;
                if (source_x < params.width) {
                    total += tap(
                        id.z * params.input_words,
                        ((image * params.height + source_y) * params.width + source_x) * params.channels,
                        id.z * params.weight_words,
                        ((channel * params.kernel_y + kernel_y) * params.kernel_x + kernel_x) * params.channels,
                    );
                }
            }
        }
    }
    output[target_word] = u32(total);
}
