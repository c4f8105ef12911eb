// expect: IndexOutOfBounds
// The guard is on x, the index is y.
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
    var k = vec2<u32>(i, i);
    if (k.x < arrayLength(&input)) {
        k.y = k.y + 1u;
        value = input[k.y];
    }
    output[i] = value;
}
