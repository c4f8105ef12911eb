//! Frames of linear operators for drivers that compute on the CPU: larger tiles, written out, whose operands are uniform
//! buffers.
//!
//! llvmpipe runs the invocations of a subgroup as the lanes of vectors. It loads from a storage buffer in a loop over the
//! lanes that stalls in each round, and from a uniform buffer without one, in a tenth of the time; docs/performance.md
//! has the figures. The price is that a binding has [`UNIFORM_BYTES`]: the planner cuts what is longer.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::LazyLock;

use crate::kernels::{Frame, UNIFORM_BYTES};

/// What one invocation makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Positions of the output, one behind the other.
    pub positions: u32,
    /// Groups of four output channels.
    pub groups: u32,
}

/// A frame with its tile.
#[derive(Debug)]
pub struct Tiled {
    /// What one invocation makes.
    pub tile: Tile,
    /// The kernel without its end. Its parameters and operands are those of the frame of the same name, but the second
    /// input of MATMUL is packed; behind them it reads which part of the output channels a dispatch makes: the first
    /// group of four and their number, as [`part`] writes them. Its weight is that of this part.
    pub frame: Frame,
}

/// CONV2D, for many positions.
pub static CONV2D: LazyLock<Tiled> = LazyLock::new(|| conv2d([8, 2]));
/// CONV2D, for few positions, as of a dense layer.
pub static CONV2D_ROW: LazyLock<Tiled> = LazyLock::new(|| conv2d([1, 4]));
/// DEPTHWISE_CONV2D.
pub static DEPTHWISE_CONV2D: LazyLock<Tiled> = LazyLock::new(depthwise_conv2d);
/// MATMUL, for many rows, of one matrix. Its second input is as `pack_columns` packs it.
pub static MATMUL: LazyLock<Tiled> = LazyLock::new(|| matmul([8, 2]));
/// MATMUL, for few rows.
pub static MATMUL_ROW: LazyLock<Tiled> = LazyLock::new(|| matmul([1, 4]));

/// Every tile of this module.
pub fn all() -> impl Iterator<Item = &'static Tiled> {
    [
        &CONV2D,
        &CONV2D_ROW,
        &DEPTHWISE_CONV2D,
        &MATMUL,
        &MATMUL_ROW,
    ]
    .into_iter()
    .map(|tiled| &**tiled)
}

/// The operand that says which groups of output channels a dispatch makes.
#[must_use]
pub fn part(first_group: u32, groups: u32) -> [u32; 4] {
    [first_group, groups, 0, 0]
}

const WINDOW_PARAMS: &str = include_str!("../kernels/window_params.wgsl");
const MATMUL_PARAMS: &str = include_str!("../kernels/matmul_params.wgsl");

/// What all frames read.
const INPUT: &str = "
struct Part {
    first_group: u32,
    groups: u32,
    reserved_0: u32,
    reserved_1: u32,
}

@group(0) @binding(2) var<uniform> input: array<vec4<u32>, VECTORS>;

fn input_word(index: u32) -> u32 {
    let word = index & (4u * VECTORS - 1u);
    return input[word >> 2u][word & 3u];
}
";

/// Four sums of products.
const PRODUCTS: &str = "
fn products(x: u32, w: vec4<u32>) -> vec4<i32> {
    return vec4<i32>(dot4I8Packed(x, w.x), dot4I8Packed(x, w.y), dot4I8Packed(x, w.z), dot4I8Packed(x, w.w));
}
";

/// Where windows lie, the same for all operators.
const PLACES: &str = "
// Where the window of one position of the output begins; rows and words of padding wrap to large numbers.
struct Place {
    // The first line of its image.
    line: u32,
    y: u32,
    // In words.
    x: u32,
}

fn place_of(position: u32) -> Place {
    let output_width = max(params.output_width, 1u);
    let output_height = max(params.output_height, 1u);
    let line = position / output_width;
    return Place(
        (line / output_height) * params.height,
        (line % output_height) * params.stride_y - params.pad_top,
        ((position % output_width) * params.stride_x - params.pad_left) * params.position_words,
    );
}

// A line of the input that a row of the kernel meets.
struct Line {
    // Its first word, and its words: none if it is padding.
    first: u32,
    words: u32,
}

fn line_of(place: Place, kernel_y: u32, case_start: u32) -> Line {
    let y = place.y + kernel_y * params.dilation_y;
    let words = params.width * params.position_words;
    return Line(case_start + (place.line + y) * words, select(0u, words, y < params.height));
}

// A word of a line, or of the padding beside it.
fn word_of(line: Line, x: u32) -> u32 {
    return select(params.zero_word, input_word(line.first + x), x < line.words);
}
";

/// A frame that reads as many buffers before the one that says which part it makes.
fn tiled(name: &'static str, tile: Tile, inputs: u32, params: &str, body: &str) -> Tiled {
    let vectors = UNIFORM_BYTES / 16;
    let binding = 2 + inputs;
    let source = format!(
        "{params}
const VECTORS: u32 = {vectors}u;
{INPUT}
@group(0) @binding({binding}) var<uniform> part: Part;
{body}"
    );
    Tiled {
        tile,
        frame: Frame {
            name,
            source: Cow::Owned(source),
            inputs: inputs + 1,
            uniforms: (2 << inputs) - 1,
        },
    }
}

/// A frame of a window over the input, with its weight and biases.
fn window(name: &'static str, tile: Tile, operands: &str, work: &str) -> Tiled {
    let mut begin = "    let case_start = id.z * params.input_words;\n".to_owned();
    begin += &each(
        tile.positions,
        "    let place_@ = place_of(position + @u);\n",
    );
    for group in 0..tile.groups {
        let _ = writeln!(
            begin,
            "    let start_{group} = bias[min(part.first_group + group + {group}u, VECTORS - 1u)];"
        );
        begin += &each(
            tile.positions,
            &format!("    var total_@_{group} = start_{group};\n"),
        );
    }
    let body = [operands, &frame_of(tile, &begin, work), PLACES].concat();
    tiled(name, tile, 3, WINDOW_PARAMS, &body)
}

/// `pattern` for each index, where `@` stands for it.
fn each(count: u32, pattern: &str) -> String {
    (0..count)
        .map(|index| pattern.replace('@', &index.to_string()))
        .collect()
}

/// `main`, which goes through `begin` and `work` for a tile.
fn frame_of(tile: Tile, begin: &str, work: &str) -> String {
    let Tile { positions, groups } = tile;
    let mut text = format!(
        "
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
    let tile = params.first + id.y * params.row + id.x;
    let across = max((part.groups + {groups}u - 1u) / {groups}u, 1u);
    let group = (tile % across) * {groups}u;
    let position = (tile / across) * {positions}u;
    if (position >= params.positions) {{
        return;
    }}
"
    );
    text += begin;
    text += work;
    let count = positions * groups;
    let totals: Vec<String> = (0..count)
        .map(|index| format!("total_{}_{}", index / groups, index % groups))
        .collect();
    let _ = write!(
        text,
        "    // A loop, so that what follows the sums is compiled once.
    var totals = array<vec4<i32>, {count}>({});
    for (var index = 0u; index < {count}u; index++) {{
        let own = group + index % {groups}u;
        if (own < part.groups) {{
            store(id.z, position + index / {groups}u, part.first_group + own, totals[index]);
        }}
    }}
}}
",
        totals.join(", "),
    );
    text
}

fn conv2d([positions, groups]: [u32; 2]) -> Tiled {
    let tile = Tile { positions, groups };
    let mut work = "    // Where taps of a row lie side by side, they are one run of words.
    let side_by_side = params.dilation_x == 1u;
    let taps = select(params.kernel_x, 1u, side_by_side);
    let run = params.position_words * select(1u, params.kernel_x, side_by_side);
    let step = params.position_words * params.dilation_x;
    let group_words = params.kernel_y * taps * run;
    var first_weight = group * group_words;
    for (var kernel_y = 0u; kernel_y < params.kernel_y; kernel_y++) {
"
    .to_owned();
    work += &each(
        positions,
        "        let line_@ = line_of(place_@, kernel_y, case_start);\n",
    );
    work += "        for (var tap = 0u; tap < taps; tap++) {
            let offset = tap * step;
            for (var word = 0u; word < run; word++) {
                let by = first_weight + word;
";
    work += &each(
        groups,
        "                let weight_@ = weight[(by + @u * group_words) & (VECTORS - 1u)];\n",
    );
    for position in 0..positions {
        let _ = writeln!(
            work,
            "                let word_{position} = word_of(line_{position}, place_{position}.x + offset + word);"
        );
        work += &each(
            groups,
            &format!(
                "                total_{position}_@ += products(word_{position}, weight_@);\n"
            ),
        );
    }
    work += "            }
            first_weight += run;
        }
    }
";
    let operands = "
// [groups][kernel_y][kernel_x][position_words], one output channel a component.
@group(0) @binding(3) var<uniform> weight: array<vec4<u32>, VECTORS>;
// [groups]
@group(0) @binding(4) var<uniform> bias: array<vec4<i32>, VECTORS>;
";
    window("conv2d", tile, &(operands.to_owned() + PRODUCTS), &work)
}

fn depthwise_conv2d() -> Tiled {
    let tile = Tile {
        positions: 8,
        groups: 1,
    };
    let mut work =
        "    for (var kernel_y = 0u; kernel_y < params.kernel_y; kernel_y++) {\n".to_owned();
    work += &each(
        tile.positions,
        "        let line_@ = line_of(place_@, kernel_y, case_start);\n",
    );
    work += "        for (var kernel_x = 0u; kernel_x < params.kernel_x; kernel_x++) {
            let offset = kernel_x * params.dilation_x * params.position_words + group;
            let tap = (kernel_y * params.kernel_x + kernel_x) * params.groups + group;
            let own = weight[(tap >> 2u) & (VECTORS - 1u)][tap & 3u];
            let by = unpack4xI8(own) - vec4<i32>(params.weight_zero_point);
";
    for position in 0..tile.positions {
        let _ = writeln!(
            work,
            "            total_{position}_0 += unpack4xI8(word_of(line_{position}, place_{position}.x + offset)) * by;"
        );
    }
    work += "        }\n    }\n";
    let operands = "
// [kernel_y][kernel_x][groups], one channel a lane.
@group(0) @binding(3) var<uniform> weight: array<vec4<u32>, VECTORS>;
// [groups]
@group(0) @binding(4) var<uniform> bias: array<vec4<i32>, VECTORS>;
";
    window("depthwise_conv2d", tile, operands, &work)
}

fn matmul([positions, groups]: [u32; 2]) -> Tiled {
    let tile = Tile { positions, groups };
    let words = |indent: &str| {
        let row = format!("{indent}let word_@ = input_word(row_@ + word);\n");
        let columns = format!(
            "{indent}let columns_@ = columns[(first_column + @u * words + word) & (VECTORS - 1u)];\n"
        );
        each(positions, &row) + &each(groups, &columns)
    };
    let pairs = |pattern: &str| -> String {
        let of = |position: u32| each(groups, &pattern.replace('#', &position.to_string()));
        (0..positions).map(of).collect()
    };
    let mut begin = "    let words = params.summed_words;
    let case_start = id.z * params.a_words;
    let first_column = id.z * (params.b_words / 4u) + group * words;
    let a_zero_point = params.a_zero_point;
    let b_zero_point = params.b_zero_point;
"
    .to_owned();
    begin += &each(
        positions,
        "    let row_@ = case_start + (position + @u) * words;\n    var row_sum_@ = 0;\n",
    );
    begin += &each(groups, "    var column_sums_@ = vec4<i32>(0);\n");
    begin += "    // The sums of rows and columns, where zero points ask for them.
    let summed = select(0u, words, (a_zero_point | b_zero_point) != 0);
    for (var word = 0u; word < summed; word++) {
";
    begin += &words("        ");
    begin += &each(
        positions,
        "        row_sum_@ += dot4I8Packed(word_@, ONES);\n",
    );
    begin += &each(
        groups,
        "        column_sums_@ += products(ONES, columns_@);\n",
    );
    begin += "    }
    // Σ (a − a_zp) · (b − b_zp) = Σ a·b − a_zp · Σ b − b_zp · Σ a + count · a_zp · b_zp, wrapping.
    let all = i32(params.summed) * a_zero_point * b_zero_point;
";
    begin += &pairs(
        "    var total_#_@ = vec4<i32>(all - b_zero_point * row_sum_#) - a_zero_point * column_sums_@;\n",
    );
    let mut work = "    for (var word = 0u; word < words; word++) {\n".to_owned();
    work += &words("        ");
    work += &pairs("        total_#_@ += products(word_#, columns_@);\n");
    work += "    }\n";
    let operands = "
// [groups][summed_words], one column a component.
@group(0) @binding(3) var<uniform> columns: array<vec4<u32>, VECTORS>;

const ONES: u32 = 0x01010101u;
";
    let body = [operands, PRODUCTS, &frame_of(tile, &begin, &work)].concat();
    tiled("matmul", tile, 2, MATMUL_PARAMS, &body)
}
