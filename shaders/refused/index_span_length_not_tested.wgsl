// expect: IndexOutOfBounds
// length - span wraps: span was compared to something else.
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
    let length = arrayLength(&input);
    let span = params.x;
    let base = i;
    if (base <= length - span) {
        if (span <= params.y) {
            for (var k = 0u; k < span; k += 1u) {
                value += input[base + k];
            }
        }
    }
    output[i] = value;
}
