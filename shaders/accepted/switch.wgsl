// A switch, and arrays indexed inside its cases.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= arrayLength(&output)) {
        return;
    }
    var table = array<i32, 4>(1, 2, 3, 4);
    var value = 0;
    switch (params.x) {
        case 0u, 1u: {
            value = table[i & 3u];
        }
        case 3u: {
            value = table[params.x];
        }
        default: {
            value = table[min(params.x, 3u)];
        }
    }
    value += clamp(value, 0, 7);
    output[i] = value;
}
