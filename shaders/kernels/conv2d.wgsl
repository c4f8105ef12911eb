// CONV2D of i8 with constant weights without zero point, four channels of the input in one instruction. The weights'
// padding is zero, so what stands in the input's padding does not matter.

// [groups][kernel_y][kernel_x][position_words], one output channel a component.
@group(0) @binding(3) var<storage, read> weight: array<vec4<u32>>;

fn products(x: u32, w: vec4<u32>) -> vec4<i32> {
    return vec4<i32>(dot4I8Packed(x, w.x), dot4I8Packed(x, w.y), dot4I8Packed(x, w.z), dot4I8Packed(x, w.w));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let tile = tile_of(id);
    let group = tile.group;
    let position = tile.position;
    if (position.x >= params.positions) {
        return;
    }
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
        let y = tile.first_y + kernel_y * params.dilation_y;
        for (var kernel_x = 0u; kernel_x < params.kernel_x; kernel_x++) {
            let x = tile.first_x + kernel_x * params.dilation_x;
            // Rows and columns of the padding wrap to large numbers or lie past the end.
            let inside = (position < vec4<u32>(params.positions))
                & (y < vec4<u32>(params.height))
                & (x < vec4<u32>(params.width));
            let source = select(vec4<u32>(0u), ((tile.first_line + y) * params.width + x) * words, inside) + case_start;
            let source_0 = source.x;
            let source_1 = source.y;
            let source_2 = source.z;
            let source_3 = source.w;
            let by = weight_start;
            // Always true for the buffers that the planner binds; stated once here instead of at each load.
            if (words <= input_length && words <= weight_length && by <= weight_length - words
                && source_0 <= input_length - words && source_1 <= input_length - words
                && source_2 <= input_length - words && source_3 <= input_length - words) {
                if (params.positions == 1u) {
                    for (var word = 0u; word < words; word++) {
                        let channels = select(params.zero_word, input[source_0 + word], inside.x);
                        total_0 += products(channels, weight[by + word]);
                    }
                } else {
                    for (var word = 0u; word < words; word++) {
                        let w = weight[by + word];
                        total_0 += products(select(params.zero_word, input[source_0 + word], inside.x), w);
                        total_1 += products(select(params.zero_word, input[source_1 + word], inside.y), w);
                        total_2 += products(select(params.zero_word, input[source_2 + word], inside.z), w);
                        total_3 += products(select(params.zero_word, input[source_3 + word], inside.w), w);
                    }
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
