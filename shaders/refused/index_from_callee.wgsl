// expect: IndexOutOfBounds
// The function returns a guarded index on one path only.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;

fn clampish(x: u32) -> u32 {
    if (x < arrayLength(&input)) {
        return x;
    }
    return x - 1u;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= arrayLength(&output)) {
        return;
    }
    let value = input[clampish(i)];
    output[i] = value;
}
