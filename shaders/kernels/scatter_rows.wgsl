// SCATTER, first step: for each of the K rows of the output, which of the W rows of the input goes there. Of several
// the last. An invocation looks through all W indices for one row, so none waits for another and none writes twice.

struct Params {
    // K: rows of the output.
    rows: u32,
    // W: rows of the input.
    written: u32,
    output_words: u32,
    indices_words: u32,
    row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// The number of the input's row plus 1, or 0 if none goes there.
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let word = id.y * params.row + id.x;
    let target_word = id.z * params.output_words + word;
    if (word >= params.output_words || target_word >= arrayLength(&output)) {
        return;
    }
    let rows = max(params.rows, 1u);
    let own_row = word % rows;
    let first = id.z * params.indices_words + (word / rows) * params.written;
    var result = 0u;
    for (var number = 0u; number < params.written; number++) {
        let index = indices[min(first + number, arrayLength(&indices) - 1u)];
        result = select(result, number + 1u, row_index(index, rows) == own_row);
    }
    output[target_word] = result;
}
