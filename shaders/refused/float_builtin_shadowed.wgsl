// expect: FloatBuiltin
// A local named like the builtin, in another function.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;
fn harmless() -> i32 {
    let floor = 1;
    return floor;
}

fn other() -> i32 {
    return i32(floor(7));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= arrayLength(&output)) {
        return;
    }
    let value = other();
    output[i] = value;
}
