// expect: IndexOutOfBounds
// The guard held before the loop; the index moves in it.
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
    var at = 0u;
    if (at < arrayLength(&input)) {
        for (var k = 0u; k < 9u; k += 1u) {
            value += input[at];
            at += 1u;
        }
    }
    output[i] = value;
}
