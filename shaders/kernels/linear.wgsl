// Frame of sums of products with any operands: CONV2D, CONV3D, DEPTHWISE_CONV2D, TRANSPOSE_CONV2D and MATMUL as windows
// over three axes. An invocation makes one element of the output. The accumulator's file gives `alias Total`,
// `fn start(index, case_index)` (the bias), `fn sum(total, product)` and `fn store(element, case_index, total)`.

struct Axis {
    // Positions of the input and of the output, taps of the kernel.
    input: u32,
    output: u32,
    kernel: u32,
    // A position of the output and a tap are at `position · stride + tap · dilation − pad`, modulo 2^32, of which the
    // input has every `upsampling`-th.
    stride: u32,
    dilation: u32,
    pad: u32,
    upsampling: u32,
    reserved: u32,
}

struct Params {
    // The outermost first.
    axes: array<Axis, 3>,
    // Elements of the input at one position, and how many of them a sum takes of each tap.
    channels: u32,
    summed: u32,
    output_channels: u32,
    // Output channels that begin with the same element of the input.
    multiples: u32,
    // Elements of the weight from one image, output channel, tap and summed element to the next.
    weight_image: u32,
    weight_channel: u32,
    weight_tap: u32,
    weight_summed: u32,
    input_zero_point: i32,
    weight_zero_point: i32,
    input_lanes_log2: u32,
    weight_lanes_log2: u32,
    // 1 if all output channels share one bias, else the number of output channels.
    biases: u32,
    elements: u32,
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

const OUTSIDE: u32 = 0xffffffffu;

// The input's position along an axis, `OUTSIDE` if it has none.
fn source_position(axis: u32, position: u32, tap: u32) -> u32 {
    let along = params.axes[min(axis, 2u)];
    let at = position * along.stride + tap * along.dilation - along.pad;
    let upsampling = max(along.upsampling, 1u);
    let source = at / upsampling;
    // Positions before the input wrap to large numbers.
    let inside = at < 0x80000000u && at % upsampling == 0u && source < along.input;
    return select(OUTSIDE, source, inside);
}

// Where the operands of a tap begin.
struct Tap {
    // First word of the case, then the element in it.
    input_word: u32,
    input_first: u32,
    weight_word: u32,
    weight_first: u32,
}

fn product(tap: Tap, index: u32) -> i32 {
    let source = tap.input_first + index;
    let by = tap.weight_first + index * params.weight_summed;
    let x = input[min(tap.input_word + (source >> min(params.input_lanes_log2, 2u)), arrayLength(&input) - 1u)];
    let w = weight[min(tap.weight_word + (by >> min(params.weight_lanes_log2, 2u)), arrayLength(&weight) - 1u)];
    let both = (signed_lane(x, source, params.input_lanes_log2) - params.input_zero_point)
        * (signed_lane(w, by, params.weight_lanes_log2) - params.weight_zero_point);
    return select(0, both, index < params.summed);
}

fn four_products(total: Total, tap: Tap, first: u32) -> Total {
    let two = sum(sum(total, product(tap, first)), product(tap, first + 1u));
    return sum(sum(two, product(tap, first + 2u)), product(tap, first + 3u));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let element = id.y * params.row + id.x;
    if (element >= params.elements) {
        return;
    }
    let output_channels = max(params.output_channels, 1u);
    let channel = element % output_channels;
    let position = element / output_channels;
    let x = position % max(params.axes[2].output, 1u);
    let line = position / max(params.axes[2].output, 1u);
    let y = line % max(params.axes[1].output, 1u);
    let plane = line / max(params.axes[1].output, 1u);
    let z = plane % max(params.axes[0].output, 1u);
    let image = plane / max(params.axes[0].output, 1u);

    let first_channel = channel / max(params.multiples, 1u);
    let weight_start = image * params.weight_image + channel * params.weight_channel;
    let blocks = (params.summed + 3u) >> 2u;
    var total = start(min(channel, params.biases - 1u), id.z);
    for (var kernel_z = 0u; kernel_z < params.axes[0].kernel; kernel_z++) {
        let source_z = source_position(0u, z, kernel_z);
        if (source_z != OUTSIDE) {
            for (var kernel_y = 0u; kernel_y < params.axes[1].kernel; kernel_y++) {
                let source_y = source_position(1u, y, kernel_y);
                if (source_y != OUTSIDE) {
                    let source_plane = image * params.axes[0].input + source_z;
                    let source_line = source_plane * params.axes[1].input + source_y;
                    let line_tap = (kernel_z * params.axes[1].kernel + kernel_y) * params.axes[2].kernel;
                    // Taps and the blocks of each in one loop: a loop of blocks would take rounds to find its end.
                    var kernel_x = 0u;
                    var block = 0u;
                    var source_x = OUTSIDE;
                    for (var round = 0u; round < params.axes[2].kernel * blocks; round++) {
                        if (block == 0u) {
                            source_x = source_position(2u, x, kernel_x);
                        }
                        if (source_x != OUTSIDE) {
                            let source = source_line * params.axes[2].input + source_x;
                            let tap = Tap(
                                id.z * params.input_words,
                                source * params.channels + first_channel,
                                id.z * params.weight_words,
                                weight_start + (line_tap + kernel_x) * params.weight_tap,
                            );
                            total = four_products(total, tap, block * 4u);
                        }
                        block++;
                        if (block == blocks) {
                            block = 0u;
                            kernel_x++;
                        }
                    }
                }
            }
        }
    }
    store(element, id.z, total);
}
