// Frame of CONV2D of i8 with constant weights without zero point: an invocation makes four positions ×
// four output channels. Channels are padded to words (`pad_channels`), the weights' padding is zero, so
// what stands in the input's padding does not matter. The input's zero point is folded into the
// biases, and padding reads as the zero point. The epilogue's file gives `struct Arguments` and
// `fn store(case_index, position, group, total)` for one position and one group of four output channels.

struct Params {
    height: u32,
    width: u32,
    // Words of the channels of one position.
    position_words: u32,
    output_height: u32,
    output_width: u32,
    output_channels: u32,
    // Groups of four output channels.
    groups: u32,
    // Positions of the output in a case.
    positions: u32,
    kernel_y: u32,
    kernel_x: u32,
    stride_y: u32,
    stride_x: u32,
    dilation_y: u32,
    dilation_x: u32,
    pad_top: u32,
    pad_left: u32,
    // The input's zero point in each of the four lanes.
    zero_word: u32,
    output_words: u32,
    input_words: u32,
    row: u32,
    arguments: Arguments,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> input: array<u32>;
// [groups][kernel_y][kernel_x][position_words], one output channel a component.
@group(0) @binding(3) var<storage, read> weight: array<vec4<u32>>;
// [groups]
@group(0) @binding(4) var<storage, read> bias: array<vec4<i32>>;

fn products(x: u32, w: vec4<u32>) -> vec4<i32> {
    return vec4<i32>(dot4I8Packed(x, w.x), dot4I8Packed(x, w.y), dot4I8Packed(x, w.z), dot4I8Packed(x, w.w));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let tile = id.y * params.row + id.x;
    let group = tile % max(params.groups, 1u);
    let first_position = (tile / max(params.groups, 1u)) * 4u;
    if (first_position >= params.positions) {
        return;
    }
    let position = vec4<u32>(first_position) + vec4<u32>(0u, 1u, 2u, 3u);
    let output_width = max(params.output_width, 1u);
    let output_height = max(params.output_height, 1u);
    let line = position / output_width;
    let image = line / output_height;
    let first_x = (position % output_width) * params.stride_x - params.pad_left;
    let first_y = (line % output_height) * params.stride_y - params.pad_top;
    let first_line = image * params.height;
    let case_start = id.z * params.input_words;

    let words = params.position_words;
    let input_length = arrayLength(&input);
    let weight_length = arrayLength(&weight);
    var weight_start = group * params.kernel_y * params.kernel_x * words;
    let start = bias[min(group, arrayLength(&bias) - 1u)];
    var total_0 = start;
    var total_1 = start;
    var total_2 = start;
    var total_3 = start;
    for (var kernel_y = 0u; kernel_y < params.kernel_y; kernel_y++) {
        let y = first_y + kernel_y * params.dilation_y;
        for (var kernel_x = 0u; kernel_x < params.kernel_x; kernel_x++) {
            let x = first_x + kernel_x * params.dilation_x;
            // Rows and columns of the padding wrap to large numbers or lie past the end.
            let inside = (position < vec4<u32>(params.positions))
                & (y < vec4<u32>(params.height))
                & (x < vec4<u32>(params.width));
            let source = select(vec4<u32>(0u), ((first_line + y) * params.width + x) * words, inside) + case_start;
            let source_0 = source.x;
            let source_1 = source.y;
            let source_2 = source.z;
            let source_3 = source.w;
            let by = weight_start;
            // Always true for the buffers that the planner binds; stated once here instead of at each load.
            if (words <= input_length && words <= weight_length && by <= weight_length - words
                && source_0 <= input_length - words && source_1 <= input_length - words
                && source_2 <= input_length - words && source_3 <= input_length - words) {
                for (var word = 0u; word < words; word++) {
                    let w = weight[by + word];
                    total_0 += products(select(params.zero_word, input[source_0 + word], inside.x), w);
                    total_1 += products(select(params.zero_word, input[source_1 + word], inside.y), w);
                    total_2 += products(select(params.zero_word, input[source_2 + word], inside.z), w);
                    total_3 += products(select(params.zero_word, input[source_3 + word], inside.w), w);
                }
            }
            weight_start += words;
        }
    }
    store(id.z, position.x, group, total_0);
    store(id.z, position.y, group, total_1);
    store(id.z, position.z, group, total_2);
    store(id.z, position.w, group, total_3);
}
