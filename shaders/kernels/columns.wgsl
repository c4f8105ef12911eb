// The second input of MATMUL of i8 by columns. Its rows are padded to words, `params.groups` of them; `params.summed`
// rows are one matrix.

// Four rows of four lanes as four columns.
fn transposed(rows: vec4<u32>) -> vec4<u32> {
    let even = vec2<u32>(0x00ff00ffu);
    let lanes_02 = (rows.xz & even) | ((rows.yw & even) << vec2<u32>(8u));
    let lanes_13 = ((rows.xz >> vec2<u32>(8u)) & even) | (rows.yw & ~even);
    return vec4<u32>(
        (lanes_02.x & 0xffffu) | (lanes_02.y << 16u),
        (lanes_13.x & 0xffffu) | (lanes_13.y << 16u),
        (lanes_02.x >> 16u) | (lanes_02.y & 0xffff0000u),
        (lanes_13.x >> 16u) | (lanes_13.y & 0xffff0000u),
    );
}

// A word of a row, 0 behind the last row.
fn b_word(start: u32, row: u32) -> u32 {
    let word = b[min(start + row * params.groups, arrayLength(&b) - 1u)];
    return select(0u, word, row < params.summed);
}

// Four rows from `4 * word` on of the four columns that begin at `start` in the first row.
fn columns_of(start: u32, word: u32) -> vec4<u32> {
    let first = word * 4u;
    return transposed(vec4<u32>(
        b_word(start, first),
        b_word(start, first + 1u),
        b_word(start, first + 2u),
        b_word(start, first + 3u),
    ));
}
