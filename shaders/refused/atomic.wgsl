// expect: Atomic
// An atomic counter: the old values arrive in any order.
@group(0) @binding(0) var<storage, read_write> counter: atomic<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = atomicAdd(&counter, 1u);
    if (i < arrayLength(&output)) {
        output[i] = id.x;
    }
}
