// expect: IndexOutOfBounds
// A store at an unknown index may change the element that was guarded.
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
    var k = array<u32,2>(i, i);
    if (k[0] < arrayLength(&input)) {
        k[params.x & 1u] = params.y;
        value = input[k[0]];
    }
    output[i] = value;
}
