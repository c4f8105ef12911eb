// expect: IndexOutOfBounds
// The helper is right with one caller's argument, not with the other's.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;
fn entry(index: u32) -> i32 {
    var table = array<i32, 4>(1, 2, 3, 4);
    return table[index];
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= arrayLength(&output)) {
        return;
    }
    let value = entry(i & 3u) + entry(i & 4u);
    output[i] = value;
}
