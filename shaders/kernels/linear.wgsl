// Frame of sums of products with any operands: CONV2D, CONV3D, DEPTHWISE_CONV2D, TRANSPOSE_CONV2D and MATMUL as windows
// over three axes. An invocation makes one element of the output. The accumulator's file gives `alias Total`,
// `fn start(index, case_index)` (the bias), `fn sum(total, product)` and `fn store(element, case_index, total)`.

struct Axis {
    // Positions of the input and of the output, taps of the kernel.
    input: u32,
    output: u32,
    kernel: u32,
    // A position of the output and a tap are at `position · stride + tap · dilation − pad`, of which the input has every
    // `upsampling`-th. Dilation or upsampling is 1.
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
    // The element of the weight of tap 0.
    weight_first: u32,
    // Elements of the weight from one image, output channel, tap and summed element to the next; taps that run backwards
    // are a negative number of them apart, modulo 2^32.
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
    // The invocations before those of this dispatch.
    first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> input: array<u32>;
@group(0) @binding(3) var<storage, read> weight: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<u32>;

// Of an axis, the taps that meet an element of the input at one position of the output.
struct Taps {
    // The first of them; the others follow `upsampling` apart.
    first: u32,
    count: u32,
    // The input's position of the first; those of the others follow `dilation` apart.
    source: u32,
}

fn taps_along(axis: u32, position: u32) -> Taps {
    let along = params.axes[min(axis, 2u)];
    let dilation = max(along.dilation, 1u);
    let upsampling = max(along.upsampling, 1u);
    // Where tap 0 is: negative before the input.
    let begin = i32(position * along.stride - along.pad);
    let before = u32(max(-begin, 0));
    let past = u32(max(begin, 0)) % upsampling;
    let first = (before + dilation - 1u) / dilation + (upsampling - past) % upsampling;
    let source = (u32(begin) + first * dilation) / upsampling;
    var count = 0u;
    if (first < along.kernel && source < along.input) {
        count = min((along.kernel - first - 1u) / upsampling, (along.input - source - 1u) / dilation) + 1u;
    }
    return Taps(first, count, source);
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
    let element = params.first + id.y * params.row + id.x;
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

    let taps_z = taps_along(0u, z);
    let taps_y = taps_along(1u, y);
    let taps_x = taps_along(2u, x);
    let blocks = (params.summed + 3u) >> 2u;
    // From one tap of a line to the next.
    let source_step = params.axes[2].dilation * params.channels;
    let weight_step = params.axes[2].upsampling * params.weight_tap;

    let first_channel = channel / max(params.multiples, 1u);
    let weight_start = params.weight_first + image * params.weight_image + channel * params.weight_channel;
    var total = start(min(channel, params.biases - 1u), id.z);
    for (var index_z = 0u; index_z < taps_z.count; index_z++) {
        let source_z = image * params.axes[0].input + taps_z.source + index_z * params.axes[0].dilation;
        let tap_z = taps_z.first + index_z * params.axes[0].upsampling;
        for (var index_y = 0u; index_y < taps_y.count; index_y++) {
            let source_y = source_z * params.axes[1].input + taps_y.source + index_y * params.axes[1].dilation;
            let tap_y = tap_z * params.axes[1].kernel + taps_y.first + index_y * params.axes[1].upsampling;
            var tap = Tap(
                id.z * params.input_words,
                (source_y * params.axes[2].input + taps_x.source) * params.channels + first_channel,
                id.z * params.weight_words,
                weight_start + (tap_y * params.axes[2].kernel + taps_x.first) * params.weight_tap,
            );
            // Taps and the blocks of each in one loop: a loop of blocks would take rounds to find its end.
            var block = 0u;
            for (var round = 0u; round < taps_x.count * blocks; round++) {
                total = four_products(total, tap, block * 4u);
                block++;
                if (block == blocks) {
                    block = 0u;
                    tap.input_first += source_step;
                    tap.weight_first += weight_step;
                }
            }
        }
    }
    store(element, id.z, total);
}
