// Divisors that are visibly at least 1.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= arrayLength(&output)) {
        return;
    }
    var value = input[min(i, arrayLength(&input) - 1u)];
    value = value / 3 + value % 5;
    value += i32(i / max(params.x, 1u));
    if (params.y != 0u) {
        value += i32(i % params.y);
    }
    let d = i32(params.z);
    if (d > 0) {
        value = value / d;
    }
    output[i] = value;
}
