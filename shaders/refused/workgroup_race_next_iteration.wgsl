// expect: WorkgroupRace
// The store at the end of an iteration is read at the start of the next.
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
    tile[local] = 1;
    workgroupBarrier();
    var value = 0;
    for (var k = 0u; k < 3u; k += 1u) {
        value += tile[local ^ k];
        workgroupBarrier();
        tile[local] = value;
    }
    if (id.x < arrayLength(&output)) {
        output[id.x] = value;
    }
}
