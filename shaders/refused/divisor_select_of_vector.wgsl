// expect: Divisor
// A condition of four components does not guard the divisor.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= arrayLength(&output)) {
        return;
    }
    let value = i32((vec4<u32>(i) / select(vec4<u32>(params.x), vec4<u32>(1u), params == vec4<u32>(0u))).z);
    output[i] = value;
}
