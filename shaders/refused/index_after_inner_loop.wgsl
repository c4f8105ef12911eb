// expect: IndexOutOfBounds
// The inner counter after the inner loop.
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
    var t = array<i32,4>();
    var j = 0u;
    for (var a = 0u; a < 3u; a += 1u) {
        for (j = a; j < 4u; j += 1u) {
            value += t[j];
        }
        value += t[j];
    }
    output[i] = value;
}
