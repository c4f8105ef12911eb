// CONV2D and DEPTHWISE_CONV2D of i8 with constant weights: an invocation makes four positions × four output channels.
// Channels are padded to words (`pad_channels`). The input's zero point is folded into the biases, and padding reads as
// the zero point.

struct Params {
    height: u32,
    width: u32,
    // Words of the channels of one position.
    position_words: u32,
    output_height: u32,
    output_width: u32,
    output_channels: u32,
    // Groups of four output channels.
    groups: u32,
    // Positions of the output in a case.
    positions: u32,
    kernel_y: u32,
    kernel_x: u32,
    stride_y: u32,
    stride_x: u32,
    dilation_y: u32,
    dilation_x: u32,
    pad_top: u32,
    pad_left: u32,
    // Of DEPTHWISE_CONV2D.
    weight_zero_point: i32,
    // The input's zero point in each of the four lanes.
    zero_word: u32,
    input_words: u32,
    row: u32,
    @align(16) epilogue: Epilogue,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> input: array<u32>;
// [groups]
@group(0) @binding(4) var<storage, read> bias: array<vec4<i32>>;

// Four positions of the output and where their windows begin; rows and columns of padding wrap to large numbers.
struct Tile {
    group: u32,
    position: vec4<u32>,
    // Position of the input's image, counted in lines.
    first_line: vec4<u32>,
    first_y: vec4<u32>,
    first_x: vec4<u32>,
}

fn tile_of(id: vec3<u32>) -> Tile {
    let tile = id.y * params.row + id.x;
    let groups = max(params.groups, 1u);
    let position = vec4<u32>((tile / groups) * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    let output_width = max(params.output_width, 1u);
    let output_height = max(params.output_height, 1u);
    let line = position / output_width;
    return Tile(
        tile % groups,
        position,
        (line / output_height) * params.height,
        (line % output_height) * params.stride_y - params.pad_top,
        (position % output_width) * params.stride_x - params.pad_left,
    );
}
