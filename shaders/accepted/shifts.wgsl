// Shift amounts below 32.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= arrayLength(&output)) {
        return;
    }
    let s = params.x & 31u;
    var value = (1 << 8u) + (i32(i) >> s) + i32(i << min(params.y, 31u));
    if (params.z < 32u) {
        value = value >> params.z;
    }
    value += extractBits(value, 8u, 8u) + i32((i << 1u) << (31u - s));
    output[i] = value;
}
