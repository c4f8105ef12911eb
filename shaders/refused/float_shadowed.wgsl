// expect: FloatType
// A local variable named like the type does not make the type harmless elsewhere.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;
fn harmless() -> i32 {
    let f32 = 1;
    return f32;
}

fn other() -> i32 {
    return i32(vec2<f32>(7, 8).x);
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
