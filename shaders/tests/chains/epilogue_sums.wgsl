struct Params {
    positions: u32,
    output_channels: u32,
    row: u32,
    reserved: u32,
    @align(16) epilogue: Epilogue,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> input: array<vec4<i32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let position = id.y * params.row + id.x;
    store(id.z, position, 0u, input[min(position, arrayLength(&input) - 1u)]);
}

// Generated: what follows the sums: they are stored.

struct Epilogue {
    output_words: u32,
}

@group(0) @binding(1) var<storage, read_write> output: array<u32>;

fn epilogue(case_index: u32, element: u32, channel: u32, total: i32) -> i32 {
    return total;
}

// What becomes of the sums of four output channels of one position; nothing, if there is no such position.
fn store(case_index: u32, position: u32, group: u32, total: vec4<i32>) {
    if (position >= params.positions) {
        return;
    }
    let start = case_index * params.epilogue.output_words;
    let first = position * params.output_channels + group * 4u;
for (var lane = 0u; lane < 4u; lane++) {
        let word = start + first + lane;
        if (group * 4u + lane < params.output_channels && word < arrayLength(&output)) {
            output[word] = u32(epilogue(case_index, first + lane, group * 4u + lane, total[lane]));
        }
    }
}
