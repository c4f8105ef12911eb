// CONCAT of up to seven inputs: a row of the output is a row of each input, one after the other, where a row is the
// elements of the axis and of all axes inside it.

struct Part {
    // Where the input's elements end in a row of the output; the row's length for inputs that are not there.
    end: u32,
    // The input's elements in a row.
    length: u32,
    // Words from one case of the input to the next; 0 if all cases read the same.
    case_words: u32,
    reserved: u32,
}

struct Params {
    parts: array<Part, 7>,
    // Elements of a row of the output.
    length: u32,
    elements: u32,
    output_words: u32,
    lanes_log2: u32,
    row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> input_0: array<u32>;
@group(0) @binding(3) var<storage, read> input_1: array<u32>;
@group(0) @binding(4) var<storage, read> input_2: array<u32>;
@group(0) @binding(5) var<storage, read> input_3: array<u32>;
@group(0) @binding(6) var<storage, read> input_4: array<u32>;
@group(0) @binding(7) var<storage, read> input_5: array<u32>;
@group(0) @binding(8) var<storage, read> input_6: array<u32>;

fn word_of(part: u32, word: u32) -> u32 {
    switch (part) {
        case 0u: { return input_0[min(word, arrayLength(&input_0) - 1u)]; }
        case 1u: { return input_1[min(word, arrayLength(&input_1) - 1u)]; }
        case 2u: { return input_2[min(word, arrayLength(&input_2) - 1u)]; }
        case 3u: { return input_3[min(word, arrayLength(&input_3) - 1u)]; }
        case 4u: { return input_4[min(word, arrayLength(&input_4) - 1u)]; }
        case 5u: { return input_5[min(word, arrayLength(&input_5) - 1u)]; }
        default: { return input_6[min(word, arrayLength(&input_6) - 1u)]; }
    }
}

fn value_at(element: u32, which_case: u32) -> i32 {
    let length = max(params.length, 1u);
    let line = element / length;
    let index = element % length;
    // The number of inputs that end before.
    var part = 0u;
    for (var other = 0u; other < 6u; other++) {
        part += select(0u, 1u, index >= params.parts[other].end);
    }
    part = min(part, 6u);
    let start = params.parts[part].end - params.parts[part].length;
    let source = line * params.parts[part].length + index - start;
    let word = which_case * params.parts[part].case_words + (source >> min(params.lanes_log2, 2u));
    return signed_lane(word_of(part, word), source, params.lanes_log2);
}
