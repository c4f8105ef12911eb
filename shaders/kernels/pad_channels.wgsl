// Rewrites i8 elements so that each position's channels begin a word; the lanes behind them are zero.

struct Params {
    channels: u32,
    // Words of one position in the output.
    position_words: u32,
    output_words: u32,
    input_words: u32,
    row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> input: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let word = id.y * params.row + id.x;
    let target_word = id.z * params.output_words + word;
    if (word >= params.output_words || target_word >= arrayLength(&output)) {
        return;
    }
    let position = word / max(params.position_words, 1u);
    let first_channel = (word % max(params.position_words, 1u)) * 4u;
    var result = 0u;
    for (var lane = 0u; lane < 4u; lane++) {
        let channel = first_channel + lane;
        if (channel < params.channels) {
            let source = position * params.channels + channel;
            let source_word = id.z * params.input_words + (source >> 2u);
            let value = signed_lane(input[min(source_word, arrayLength(&input) - 1u)], source, 2u);
            result |= in_lane(value, lane, 2u);
        }
    }
    output[target_word] = result;
}
