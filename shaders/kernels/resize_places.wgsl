// Where the elements of RESIZE's output lie between those of its input, [N, H, W, C].

struct Params {
    // H and W of the input.
    height: u32,
    width: u32,
    output_height: u32,
    output_width: u32,
    channels: u32,
    elements: u32,
    output_words: u32,
    // Of the output.
    lanes_log2: u32,
    input_words: u32,
    input_lanes_log2: u32,
    row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> input: array<u32>;
// For each line of the output, then for each column: the neighbours before and behind in the input (of the nearest
// element: this one twice), the weight of the one before and of the one behind.
@group(0) @binding(3) var<storage, read> between: array<vec4<u32>>;

struct Place {
    // The input's element at line 0 and column 0 of the image, of the same channel.
    origin: u32,
    line: vec4<u32>,
    column: vec4<u32>,
}

fn place_of(element: u32) -> Place {
    let channels = max(params.channels, 1u);
    let width = max(params.output_width, 1u);
    let height = max(params.output_height, 1u);
    let position = element / channels;
    let line = position / width;
    let image = line / height;
    let last = arrayLength(&between) - 1u;
    return Place(
        image * params.height * params.width * channels + element % channels,
        between[min(line % height, last)],
        between[min(height + position % width, last)],
    );
}

// The input's element at a line and a column.
fn neighbour(place: Place, line: u32, column: u32, which_case: u32) -> i32 {
    let source = place.origin + (line * params.width + column) * params.channels;
    let word = which_case * params.input_words + (source >> min(params.input_lanes_log2, 2u));
    return signed_lane(input[min(word, arrayLength(&input) - 1u)], source, params.input_lanes_log2);
}
