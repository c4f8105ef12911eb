//! Frames of linear operators for GPUs: a workgroup makes a block of the output from operands that it brings to workgroup
//! memory together.
//!
//! In each step the invocations load a slice of the input and of the weight, 32 bytes of each row, in words that lie side
//! by side for neighbours, and each makes eight positions by eight output channels from them. What the next step needs is
//! loaded while this one computes. CONV2D is a product whose rows are windows: a row's place in the input is computed when
//! it is loaded (implicit GEMM). docs/shaders.md says what is known of their speed.

mod operators;

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::LazyLock;

use crate::kernels::Frame;

/// Positions of the output that one invocation makes, and words of a row that a step loads.
const POSITIONS: u32 = 8;
/// Groups of four output channels that one invocation makes.
const GROUPS: u32 = 2;
/// Words of a row in one step.
pub const STEP_WORDS: u32 = 8;
/// Vectors of four words of a row in one step.
const STEP_QUADS: u32 = STEP_WORDS / 4;

/// How large a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 64 positions × 64 output channels, by 64 invocations.
    Block64,
    /// 128 positions × 128 output channels, by 256 invocations.
    Block128,
}

impl Size {
    /// Every size.
    pub const ALL: [Size; 2] = [Size::Block64, Size::Block128];

    /// Invocations along each side of a block.
    const fn side(self) -> u32 {
        match self {
            Size::Block64 => 8,
            Size::Block128 => 16,
        }
    }

    /// Invocations of a workgroup.
    #[must_use]
    pub const fn invocations(self) -> u32 {
        self.side() * self.side()
    }

    /// Positions of the output that a workgroup makes.
    #[must_use]
    pub const fn positions(self) -> u32 {
        POSITIONS * self.side()
    }

    /// Groups of four output channels that a workgroup makes.
    #[must_use]
    pub const fn groups(self) -> u32 {
        GROUPS * self.side()
    }

    /// How often a workgroup multiplies one word of four positions with those of four output channels, if a sum has `words`
    /// words: what a round of the kernels of files does.
    #[must_use]
    pub fn rounds(self, words: u64) -> u64 {
        let products = u64::from(self.positions() / 4 * self.groups());
        words.next_multiple_of(u64::from(STEP_WORDS)) * products
    }
}

/// Operators that have such a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// As [`crate::kernels::CONV2D`].
    Conv2d,
    /// As [`crate::kernels::MATMUL`].
    MatMul,
}

impl Operator {
    /// The name of the frame of a file that computes the same.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Operator::Conv2d => "conv2d",
            Operator::MatMul => "matmul",
        }
    }
}

/// A frame with what it takes. Its parameters and operands are those of the frame of a file that its operator names, but
/// `first` and `row` count 64 invocations for a workgroup, whatever it has.
#[derive(Debug)]
pub struct Blocked {
    /// What it computes.
    pub operator: Operator,
    /// Of the blocks.
    pub size: Size,
    /// Whether it reads four words of the first operand at a time: their number in a row has to be a multiple of 4.
    pub vectors: bool,
    /// The kernel without its end.
    pub frame: Frame,
}

static ALL: LazyLock<Vec<Blocked>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for size in Size::ALL {
        for vectors in [true, false] {
            for operator in [Operator::Conv2d, Operator::MatMul] {
                let (source, inputs) = match operator {
                    Operator::Conv2d => (operators::conv2d(size, vectors), 3),
                    Operator::MatMul => (operators::matmul(size, vectors), 2),
                };
                all.push(Blocked {
                    operator,
                    size,
                    vectors,
                    frame: Frame {
                        name: name(operator, size, vectors),
                        source: Cow::Owned(source),
                        inputs,
                        uniforms: 0,
                    },
                });
            }
        }
    }
    all
});

/// Every frame of this module.
pub fn all() -> impl Iterator<Item = &'static Blocked> {
    ALL.iter()
}

/// The frame of `operator` for blocks of `size`, if rows of the first operand have `row_words` words.
///
/// # Panics
/// Never: there is one for all.
#[must_use]
pub fn of(operator: Operator, size: Size, row_words: u32) -> &'static Blocked {
    let vectors = row_words.is_multiple_of(4);
    all()
        .find(|frame| (frame.operator, frame.size, frame.vectors) == (operator, size, vectors))
        .expect("there is a frame of each kind")
}

const fn name(operator: Operator, size: Size, vectors: bool) -> &'static str {
    match (operator, size, vectors) {
        (Operator::Conv2d, Size::Block64, true) => "conv2d_block_64",
        (Operator::Conv2d, Size::Block64, false) => "conv2d_block_64_words",
        (Operator::Conv2d, Size::Block128, true) => "conv2d_block_128",
        (Operator::Conv2d, Size::Block128, false) => "conv2d_block_128_words",
        (Operator::MatMul, Size::Block64, true) => "matmul_block_64",
        (Operator::MatMul, Size::Block64, false) => "matmul_block_64_words",
        (Operator::MatMul, Size::Block128, true) => "matmul_block_128",
        (Operator::MatMul, Size::Block128, false) => "matmul_block_128_words",
    }
}

/// What all frames begin with.
fn head(size: Size) -> String {
    let (positions, groups) = (size.positions(), size.groups());
    let (input, weight) = (STEP_QUADS * (positions + 1), STEP_WORDS * (groups + 1));
    format!(
        "
// Positions and groups of four output channels of a block.
const POSITIONS: u32 = {positions}u;
const GROUPS: u32 = {groups}u;
// From one vector of words of a position to the next, from one word of a group to the next: one more than a row has, so
// that neighbours store to different banks.
const INPUT_STRIDE: u32 = POSITIONS + 1u;
const WEIGHT_STRIDE: u32 = GROUPS + 1u;

// [quads][positions], four words of a row.
var<workgroup> input_tile: array<vec4<u32>, {input}>;
// [words][groups], one output channel a component.
var<workgroup> weight_tile: array<vec4<u32>, {weight}>;
"
    )
}

/// What differs between operators; `@` stands for the pass of a load, of which an invocation makes as many as it takes.
struct Parts<'a> {
    /// Computes `words`, those of a sum, and where the block lies.
    places: &'a str,
    /// Computes where the position `input_place + @ pass` of the block lies.
    place: &'a str,
    /// Four words of that position, from `word` on.
    input: &'a str,
    /// The word `word` of the group `group`, for four output channels.
    weight: &'a str,
    /// Whether neighbours load words of one group, and not one word of groups side by side.
    weight_by_words: bool,
    /// The totals before the first step, of groups 0 and 1.
    starts: [&'a str; GROUPS as usize],
    /// What follows the products of a vector of words.
    sums: &'a str,
    /// What follows all products.
    totals: &'a str,
    /// The position of the output at `at` of the block.
    position: &'a str,
}

/// `pattern` for each index, where `@` stands for it.
fn each(count: u32, pattern: &str) -> String {
    (0..count)
        .map(|index| pattern.replace('@', &index.to_string()))
        .collect()
}

fn main(size: Size, parts: &Parts<'_>) -> String {
    let (side, invocations) = (size.side(), size.invocations());
    // Vectors of the input and words of the weight in a step are as many.
    let passes = STEP_QUADS * size.positions() / invocations;
    debug_assert_eq!(passes * invocations, STEP_WORDS * size.groups());
    let input_pass = invocations / STEP_QUADS;
    // Where the first pass of the weight begins for an invocation, and how far on the next one does.
    let (word, group, word_pass, group_pass) = match parts.weight_by_words {
        true => ("local % 8u", "local / 8u", 0, invocations / STEP_WORDS),
        false => (
            "local / GROUPS",
            "local % GROUPS",
            invocations / size.groups(),
            0,
        ),
    };
    let load = |first: &str| {
        each(
            passes,
            &format!(
                "        {{
            let word = {first} + input_quad * 4u;
            input_@ = {};
        }}
        {{
            let word = {first} + weight_word + @u * {word_pass}u;
            let group = first_group + weight_group + @u * {group_pass}u;
            weight_@ = {};
        }}
",
                parts.input, parts.weight
            ),
        )
    };
    let mut text = format!(
        "
@compute @workgroup_size({invocations})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {{
    // The planner counts 64 invocations for a workgroup.
    let block = params.first / 64u + workgroup.y * (params.row / 64u) + workgroup.x;
    let columns = max((params.groups + (GROUPS - 1u)) / GROUPS, 1u);
    let first_group = (block % columns) * GROUPS;
{}    // What this invocation loads.
    let input_quad = local % {STEP_QUADS}u;
    let input_place = local / {STEP_QUADS}u;
    let weight_word = {word};
    let weight_group = {group};
",
        parts.places
    );
    text += &each(
        passes,
        &parts.place.replace("pass", &format!("* {input_pass}u")),
    );
    text += &each(
        passes,
        "    var input_@ = vec4<u32>(0u);\n    var weight_@ = vec4<u32>(0u);\n",
    );
    text += &format!("    {{\n{}    }}\n", load("0u"));
    text += &format!(
        "    // What it makes: positions and groups from here on, each {side} behind the last.
    let row = local / {side}u;
    let column = local % {side}u;
"
    );
    for (group, start) in parts.starts.iter().enumerate() {
        text += &each(
            POSITIONS,
            &format!(
                "    var total_@_{group} = {};\n",
                start.replace("column", "(first_group + column)")
            ),
        );
    }
    let _ = write!(
        text,
        "    let steps = (words + {}u) / {STEP_WORDS}u;
    for (var step = 0u; step < steps; step++) {{
",
        STEP_WORDS - 1
    );
    text += &each(
        passes,
        &format!(
            "        input_tile[input_quad * INPUT_STRIDE + input_place + @u * {input_pass}u] = input_@;
        weight_tile[(weight_word + @u * {word_pass}u) * WEIGHT_STRIDE + weight_group + @u * {group_pass}u] = weight_@;
"
        ),
    );
    text += "        workgroupBarrier();
        // Behind the last step these are zeros that nobody reads.
";
    text += &load(&format!("(step + 1u) * {STEP_WORDS}u"));
    let _ = writeln!(
        text,
        "        for (var quad = 0u; quad < {STEP_QUADS}u; quad++) {{"
    );
    text += &each(
        POSITIONS,
        &format!("            let x_@ = input_tile[quad * INPUT_STRIDE + row + @u * {side}u];\n"),
    );
    for (lane, name) in ["x", "y", "z", "w"].into_iter().enumerate() {
        for group in 0..GROUPS {
            let _ = writeln!(
                text,
                "            let w_{lane}_{group} = weight_tile[(quad * 4u + {lane}u) * WEIGHT_STRIDE + column + {group}u * {side}u];"
            );
            text += &each(
                POSITIONS,
                &format!(
                    "            total_@_{group} += products(x_@.{name}, w_{lane}_{group});\n"
                ),
            );
        }
    }
    text += parts.sums;
    text += "        }\n        workgroupBarrier();\n    }\n";
    text += parts.totals;
    let count = POSITIONS * GROUPS;
    let totals: Vec<String> = (0..count)
        .map(|index| format!("total_{}_{}", index / GROUPS, index % GROUPS))
        .collect();
    let _ = write!(
        text,
        "    // A loop, so that what follows the sums is compiled once.
    var totals = array<vec4<i32>, {count}>({});
    for (var index = 0u; index < {count}u; index++) {{
        let at = row + (index / {GROUPS}u) * {side}u;
        let group = first_group + column + (index % {GROUPS}u) * {side}u;
        if (group < params.groups) {{
            store(workgroup.z, {}, group, totals[index]);
        }}
    }}
}}
",
        totals.join(", "),
        parts.position,
    );
    text
}
