// Packs the second input of MATMUL of i8 for tiles: [matrices][groups][summed_words], four rows of four columns each, a
// column to a word. An invocation makes four words.

struct Params {
    // Rows of a matrix, and their words in a column, rounded up.
    summed: u32,
    summed_words: u32,
    // Groups of four columns: words of a row of the input.
    groups: u32,
    // Invocations for a case.
    tiles: u32,
    // Vectors of four words from one matrix of the output to the next, and of a case.
    matrix_vectors: u32,
    output_vectors: u32,
    input_words: u32,
    row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> b: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let tile = id.y * params.row + id.x;
    let words = max(params.summed_words, 1u);
    let groups = max(params.groups, 1u);
    let word = tile % words;
    let group = (tile / words) % groups;
    let matrix = tile / words / groups;
    let target_vector = id.z * params.output_vectors + matrix * params.matrix_vectors + group * words + word;
    if (tile >= params.tiles || target_vector >= arrayLength(&output)) {
        return;
    }
    let start = id.z * params.input_words + matrix * params.summed * groups + group;
    output[target_vector] = columns_of(start, word);
}
