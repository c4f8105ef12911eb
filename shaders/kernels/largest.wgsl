// Frame of ARGMAX along one axis, whole or cut into chunks: for each chunk the place on the axis of its largest
// element, of several the first. The operator's file gives `fn candidate(index, element, which_case) -> u32`: the place
// of a chunk's candidate, by its index among those of the whole axis and by its element among all candidates.

struct Params {
    // Elements of the axis, at least 1.
    axis_size: u32,
    // Candidates along the axis, in rising order of place.
    candidates: u32,
    // Candidates of which one is chosen, and how many times that is done. The last chunk may have fewer.
    chunk: u32,
    chunks: u32,
    // Elements of all axes inside this one.
    inner: u32,
    elements: u32,
    output_words: u32,
    input_words: u32,
    // Words of one case of the candidates, where they are read.
    candidate_words: u32,
    input_lanes_log2: u32,
    // Of the output: 0.
    lanes_log2: u32,
    row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> input: array<u32>;

fn input_at(element: u32, which_case: u32) -> i32 {
    let word = which_case * params.input_words + (element >> min(params.input_lanes_log2, 2u));
    return signed_lane(input[min(word, arrayLength(&input) - 1u)], element, params.input_lanes_log2);
}

fn value_at(element: u32, which_case: u32) -> i32 {
    let inner = max(params.inner, 1u);
    let column = element % inner;
    let line = element / inner;
    let chunks = max(params.chunks, 1u);
    let outer = line / chunks;
    let begin = (line % chunks) * params.chunk;
    let end = min(begin + params.chunk, params.candidates);
    let first_candidate = outer * params.candidates * inner + column;
    let first_element = outer * params.axis_size * inner + column;
    var chosen = candidate(begin, first_candidate + begin * inner, which_case);
    var largest = input_at(first_element + chosen * inner, which_case);
    for (var index = begin + 1u; index < end; index++) {
        let place = candidate(index, first_candidate + index * inner, which_case);
        let value = input_at(first_element + place * inner, which_case);
        if (value > largest) {
            chosen = place;
            largest = value;
        }
    }
    return i32(chosen);
}
