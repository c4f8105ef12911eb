// expect: LoopStep
// The last step of an i32 counter passes its bound.
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
    for (var k = 0; k < i32(params.x); k += 3) {
        value += 1;
    }
    output[i] = value;
}
