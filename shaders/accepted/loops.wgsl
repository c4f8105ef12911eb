// Loops in every accepted spelling.
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
    for (var k = 0u; k < params.x; k += 1u) {
        if (k == 3u) {
            continue;
        }
        if (value > 100) {
            break;
        }
        value += 1;
    }
    for (var k = 0; k <= 7; k++) {
        value += k;
    }
    for (var k = i; min(params.y, 0x7fffffffu) > k; k += 64u) {
        value += 1;
    }
    let capped = min(input[min(i, arrayLength(&input) - 1u)], 1000);
    for (var k = 0; k < capped; k += 2) {
        value += 1;
    }
    var n = 0u;
    loop {
        if (n >= 4u) {
            break;
        }
        value += 1;
        continuing {
            n += 1u;
        }
    }
    output[i] = value;
}
