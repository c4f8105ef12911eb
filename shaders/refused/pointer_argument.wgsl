// expect: PointerArgument
// Two pointers into one variable.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;
fn add(target_variable: ptr<function, i32>) {
    *target_variable += 1;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= arrayLength(&output)) {
        return;
    }
    var value = 1;
    add(&value);
    output[i] = value;
}
