// MATMUL of i8: `a` by `b` plus, by their zero points, what the sums of rows and columns ask for.

struct Params {
    // Of the first input and the output in one matrix.
    rows: u32,
    // Elements of a row of the first input, rows of the second, and their words, rounded up.
    summed: u32,
    summed_words: u32,
    // Columns of the output, and groups of four of them: words of a row of the second input.
    output_channels: u32,
    groups: u32,
    // Rows of the output in a case.
    positions: u32,
    a_zero_point: i32,
    b_zero_point: i32,
    a_words: u32,
    b_words: u32,
    row: u32,
    // The invocations before those of this dispatch.
    first: u32,
    @align(16) epilogue: Epilogue,
}

@group(0) @binding(0) var<uniform> params: Params;
