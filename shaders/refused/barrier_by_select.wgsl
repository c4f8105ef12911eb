// expect: Barrier
// The condition is a select by an id.
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

@compute @workgroup_size(64)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let n = select(1u, 2u, local > 4u);
    if (n == 2u) {
        workgroupBarrier();
    }
}
