// Guards in every accepted spelling.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;

fn load(index: u32) -> i32 {
    if (index < arrayLength(&input)) {
        return input[index];
    }
    return 0;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= arrayLength(&output)) {
        return;
    }
    var value = 0;
    if (i < arrayLength(&input)) {
        value += input[i];
    }
    if (params.x > 2u && i + params.y < arrayLength(&input)) {
        value += input[i + params.y];
    }
    if (!(i >= arrayLength(&input) || params.x == 7u)) {
        value += input[i];
    }
    value += input[select(0u, i, i < arrayLength(&input))];
    var at = i * params.x;
    if (at >= arrayLength(&input)) {
        at = arrayLength(&input) - 1u;
    }
    value += input[at] + input[0] + input[i % arrayLength(&input)] + load(i);
    let count = min(params.z, arrayLength(&input));
    for (var k = 0u; k < count; k += 1u) {
        value += input[k] + input[count - 1u - k];
    }
    output[i] = value;
}
