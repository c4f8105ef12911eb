// expect: Divisor
// 1 before the loop, the counter after it.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= arrayLength(&output)) {
        return;
    }
    var d = 1u;
    for (var k = 0u; k < params.x; k += 1u) {
        d = k;
    }
    let value = i32(i / d);
    output[i] = value;
}
