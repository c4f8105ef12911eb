// SCATTER, first step: for each of the K rows of the output, which of the W rows of the input goes there. Of several
// the last. An invocation looks through all W indices for four rows, so none waits for another and none writes twice.

struct Params {
    // K: rows of the output.
    rows: u32,
    // W: rows of the input.
    written: u32,
    // A fourth of K, rounded up.
    fours: u32,
    // Fours of a case in the output.
    output_fours: u32,
    indices_words: u32,
    row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// The number of the input's row plus 1, or 0 if none goes there. A batch begins a four.
@group(0) @binding(1) var<storage, read_write> output: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let four = id.y * params.row + id.x;
    let target_four = id.z * params.output_fours + four;
    if (four >= params.output_fours || target_four >= arrayLength(&output)) {
        return;
    }
    let fours = max(params.fours, 1u);
    let own_rows = vec4<u32>(four % fours * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    let first = id.z * params.indices_words + (four / fours) * params.written;
    var result = vec4<u32>(0u);
    for (var number = 0u; number < params.written; number++) {
        let index = indices[min(first + number, arrayLength(&indices) - 1u)];
        let row = row_index(index, params.rows);
        result = select(result, vec4<u32>(number + 1u), own_rows == vec4<u32>(row));
    }
    output[target_four] = result;
}
