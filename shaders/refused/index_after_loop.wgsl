// expect: IndexOutOfBounds
// After the loop the counter is no longer below the bound.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= arrayLength(&output)) {
        return;
    }
    var value = 0;
    var t = array<i32,8>();
    var k = 0u;
    for (; k < 8u; k += 1u) {
        value += 1;
    }
    value += t[k];
    output[i] = value;
}
