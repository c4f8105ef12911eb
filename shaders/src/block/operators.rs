//! What CONV2D and MATMUL load for blocks, and what they do besides products.

use std::fmt::Write;

use super::{GROUPS, POSITIONS, Parts, Size, each, head, main};

/// The declaration of the first operand, and a function that reads it at `word`: `vector_of` gives four words, which begin
/// at a multiple of 4, or `word_of` one.
fn operand(name: &str, vectors: bool) -> String {
    match vectors {
        true => format!(
            "
@group(0) @binding(2) var<storage, read> {name}: array<vec4<u32>>;

fn vector_of(word: u32) -> vec4<u32> {{
    return {name}[min(word / 4u, arrayLength(&{name}) - 1u)];
}}
"
        ),
        false => format!(
            "
@group(0) @binding(2) var<storage, read> {name}: array<u32>;

fn word_of(word: u32) -> u32 {{
    return {name}[min(word, arrayLength(&{name}) - 1u)];
}}
"
        ),
    }
}

const PRODUCTS: &str = "
fn products(x: u32, w: vec4<u32>) -> vec4<i32> {
    return vec4<i32>(dot4I8Packed(x, w.x), dot4I8Packed(x, w.y), dot4I8Packed(x, w.z), dot4I8Packed(x, w.w));
}
";

const CONV2D: &str = "
// [groups][kernel_y][kernel_x][position_words], one output channel a component.
@group(0) @binding(3) var<storage, read> weight: array<vec4<u32>>;
// [groups]
@group(0) @binding(4) var<storage, read> bias: array<vec4<i32>>;

// Where the window of one position of the output begins; rows and columns of padding wrap to large numbers.
struct Place {
    // The first line of its image.
    line: u32,
    y: u32,
    x: u32,
}

fn place_of(position: u32) -> Place {
    let output_width = max(params.output_width, 1u);
    let output_height = max(params.output_height, 1u);
    let line = position / output_width;
    return Place(
        (line / output_height) * params.height,
        (line % output_height) * params.stride_y - params.pad_top,
        (position % output_width) * params.stride_x - params.pad_left,
    );
}

// A word of a window.
struct Word {
    index: u32,
    // Not of the padding.
    inside: bool,
}

fn word_in(case_start: u32, place: Place, word: u32) -> Word {
    let position_words = max(params.position_words, 1u);
    let kernel_x = max(params.kernel_x, 1u);
    let tap = word / position_words;
    let y = place.y + (tap / kernel_x) * params.dilation_y;
    let x = place.x + (tap % kernel_x) * params.dilation_x;
    let first = ((place.line + y) * params.width + x) * position_words;
    return Word(case_start + first + word % position_words, y < params.height && x < params.width);
}

// A word of a group's weight; zeros behind the last, so that it does not matter what stands there in the input.
fn weight_of(group: u32, words: u32, word: u32) -> vec4<u32> {
    let index = min(group * words + word, arrayLength(&weight) - 1u);
    return select(vec4<u32>(0u), weight[index], word < words);
}

fn bias_of(group: u32) -> vec4<i32> {
    return bias[min(group, arrayLength(&bias) - 1u)];
}
";

const CONV2D_VECTORS: &str = "
fn input_words(case_start: u32, place: Place, word: u32) -> vec4<u32> {
    let own = word_in(case_start, place, word);
    return select(vec4<u32>(params.zero_word), vector_of(own.index), own.inside);
}
";

const CONV2D_WORDS: &str = "
fn input_word(case_start: u32, place: Place, word: u32) -> u32 {
    let own = word_in(case_start, place, word);
    return select(params.zero_word, word_of(own.index), own.inside);
}

fn input_words(case_start: u32, place: Place, word: u32) -> vec4<u32> {
    return vec4<u32>(
        input_word(case_start, place, word),
        input_word(case_start, place, word + 1u),
        input_word(case_start, place, word + 2u),
        input_word(case_start, place, word + 3u),
    );
}
";

/// The text of CONV2D.
pub(super) fn conv2d(size: Size, vectors: bool) -> String {
    let loads = match vectors {
        true => CONV2D_VECTORS,
        false => CONV2D_WORDS,
    };
    let parts = Parts {
        places: "    let first_position = (block / columns) * POSITIONS;
    let case_start = workgroup.z * params.input_words;
    let words = params.kernel_y * params.kernel_x * params.position_words;
",
        place: "    let place_@ = place_of(first_position + input_place + @u pass);\n",
        input: "input_words(case_start, place_@, word)",
        weight: "weight_of(group, words, word)",
        weight_by_words: true,
        starts: [
            "bias_of(column)",
            &format!("bias_of(column + {}u)", size.side()),
        ],
        sums: "",
        totals: "",
        position: "first_position + at",
    };
    [
        include_str!("../../kernels/window_params.wgsl"),
        &head(size),
        &operand("input", vectors),
        CONV2D,
        loads,
        PRODUCTS,
        &main(size, &parts),
    ]
    .concat()
}

const MATMUL: &str = "
@group(0) @binding(3) var<storage, read> b: array<u32>;

const NOWHERE: u32 = 0xffffffffu;
const ONES: u32 = 0x01010101u;
";

const MATMUL_VECTORS: &str = "
fn a_words(start: u32, word: u32) -> vec4<u32> {
    return select(vec4<u32>(0u), vector_of(start + word), word < params.summed_words);
}
";

const MATMUL_WORDS: &str = "
fn a_word(start: u32, word: u32) -> u32 {
    return select(0u, word_of(start + word), word < params.summed_words);
}

fn a_words(start: u32, word: u32) -> vec4<u32> {
    return vec4<u32>(
        a_word(start, word),
        a_word(start, word + 1u),
        a_word(start, word + 2u),
        a_word(start, word + 3u),
    );
}
";

/// The text of MATMUL.
pub(super) fn matmul(size: Size, vectors: bool) -> String {
    let loads = match vectors {
        true => MATMUL_VECTORS,
        false => MATMUL_WORDS,
    };
    let mut sums = "            if (shifted) {\n".to_owned();
    let mut places = "    let row_blocks = max((params.rows + (POSITIONS - 1u)) / POSITIONS, 1u);
    let matrix = block / columns / row_blocks;
    let first_row = ((block / columns) % row_blocks) * POSITIONS;
    let words = params.summed_words;
    let a_start = workgroup.z * params.a_words + matrix * params.rows * words;
    let b_start = workgroup.z * params.b_words + matrix * params.summed * params.groups;
    let shifted = (params.a_zero_point | params.b_zero_point) != 0;
"
    .to_owned();
    // Σ (a − a_zp) · (b − b_zp) = Σ a·b − a_zp · Σ b − b_zp · Σ a + count · a_zp · b_zp, wrapping.
    let mut totals =
        "    let both = vec4<i32>(i32(params.summed) * params.a_zero_point * params.b_zero_point);\n".to_owned();
    places += &each(POSITIONS, "    var row_sum_@ = 0;\n");
    sums += &each(
        POSITIONS,
        "                row_sum_@ += dot4I8Packed(x_@.x, ONES) + dot4I8Packed(x_@.y, ONES)
                    + dot4I8Packed(x_@.z, ONES) + dot4I8Packed(x_@.w, ONES);
",
    );
    for group in 0..GROUPS {
        let _ = writeln!(places, "    var column_sums_{group} = vec4<i32>(0);");
        sums += &each(
            4,
            &format!("                column_sums_{group} += products(ONES, w_@_{group});\n"),
        );
        let _ = writeln!(
            totals,
            "    let all_{group} = both - column_sums_{group} * params.a_zero_point;"
        );
        totals += &each(
            POSITIONS,
            &format!(
                "    total_@_{group} += all_{group} - vec4<i32>(row_sum_@ * params.b_zero_point);\n"
            ),
        );
    }
    sums += "            }\n";
    let parts = Parts {
        places: &places,
        place: "    let place_@ = a_start + (first_row + input_place + @u pass) * words;\n",
        input: "a_words(place_@, word)",
        weight: "columns_of(b_start + group, word)",
        weight_by_words: false,
        starts: ["vec4<i32>(0)"; 2],
        sums: &sums,
        totals: &totals,
        position: "select(NOWHERE, matrix * params.rows + first_row + at, first_row + at < params.rows)",
    };
    [
        include_str!("../../kernels/matmul_params.wgsl"),
        include_str!("../../kernels/columns.wgsl"),
        &head(size),
        &operand("a", vectors),
        MATMUL,
        loads,
        PRODUCTS,
        &main(size, &parts),
    ]
    .concat()
}
