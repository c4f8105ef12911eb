// CONV2D and DEPTHWISE_CONV2D of i8 with constant weights: an invocation makes a tile of positions × output channels.
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
    // The invocations before those of this dispatch.
    first: u32,
    @align(16) epilogue: Epilogue,
}

@group(0) @binding(0) var<uniform> params: Params;
