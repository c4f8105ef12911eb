// expect: Barrier
// A function returns one of two constants, by an id.
@group(0) @binding(0) var<uniform> params: vec4<u32>;
@group(0) @binding(1) var<storage, read> input: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;
var<workgroup> tile: array<i32, 64>;

fn load(index: u32) -> i32 {
    if (index < arrayLength(&input)) {
        return input[index];
    }
    return 0;
}

fn pick(x: u32) -> u32 {
    if (x > 3u) {
        return 1u;
    }
    return 2u;
}

@compute @workgroup_size(64)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    if (pick(local) > 1u) {
        workgroupBarrier();
    }
}
