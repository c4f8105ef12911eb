// DEPTHWISE_CONV2D of i8 with constant weights and one output for each channel.

// [kernel_y][kernel_x][groups], one channel a lane.
@group(0) @binding(3) var<storage, read> weight: array<u32>;

fn products(source: u32, inside: bool, w: vec4<i32>) -> vec4<i32> {
    let x = input[min(source, arrayLength(&input) - 1u)];
    return unpack4xI8(select(params.zero_word, x, inside)) * w;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let tile = tile_of(id);
    let group = tile.group;
    let position = tile.position;
    if (position.x >= params.positions) {
        return;
    }
    let first_word = id.z * params.input_words + group;
    let start = bias[min(group, arrayLength(&bias) - 1u)];
    var total_0 = start;
    var total_1 = start;
    var total_2 = start;
    var total_3 = start;
    for (var kernel_y = 0u; kernel_y < params.kernel_y; kernel_y++) {
        let y = tile.first_y + kernel_y * params.dilation_y;
        for (var kernel_x = 0u; kernel_x < params.kernel_x; kernel_x++) {
            let x = tile.first_x + kernel_x * params.dilation_x;
            let inside = (y < vec4<u32>(params.height)) & (x < vec4<u32>(params.width));
            let source = ((tile.first_line + y) * params.width + x) * params.position_words + first_word;
            let tap = kernel_y * params.kernel_x + kernel_x;
            let by = weight[min(tap * params.groups + group, arrayLength(&weight) - 1u)];
            let w = unpack4xI8(by) - vec4<i32>(params.weight_zero_point);
            total_0 += products(source.x, inside.x, w);
            total_1 += products(source.y, inside.y, w);
            total_2 += products(source.z, inside.z, w);
            total_3 += products(source.w, inside.w, w);
        }
    }
    store(id.z, position.x, group, total_0);
    store(id.z, position.y, group, total_1);
    store(id.z, position.z, group, total_2);
    store(id.z, position.w, group, total_3);
}
