//! The WGSL text of a chain behind the sums of a frame.

use super::function::Place;
use super::text::{Text, indented, output};
use super::{Chain, Element};

/// What completes a frame that reads `inputs` buffers: `struct Epilogue`, the output, and `store`. With `uniform_tables`
/// its tables are a uniform buffer.
pub(super) fn source(chain: &Chain, inputs: u32, uniform_tables: bool) -> String {
    let text = Text::of_epilogue(chain, 2 + inputs, uniform_tables);
    text.module(&[
        format!("// Generated: what follows the sums: {}.\n", name(chain)),
        text.params("Epilogue", "    output_words: u32,\n"),
        output() + &text.inputs(),
        text.places(),
        value(&text),
        store(&text),
    ])
}

fn name(chain: &Chain) -> String {
    match chain.nodes[..] {
        [] => "they are stored".to_owned(),
        _ => chain.name(),
    }
}

/// The function that computes one element from its sum.
fn value(text: &Text) -> String {
    let place = Place {
        element: "element",
        channel: Some("channel"),
    };
    let loads = text.element_loads();
    let nodes = (0..text.chain.nodes.len()).map(|index| text.node(index, &place));
    let lines: String = loads.chain(nodes).collect();
    let result = match text.chain.nodes.len() {
        0 => "total".to_owned(),
        nodes => format!("v{}", nodes - 1),
    };
    format!(
        "fn epilogue(case_index: u32, element: u32, channel: u32, total: i32{}) -> i32 {{\n{}    return {result};\n}}\n",
        text.words("wN: u32"),
        indented(4, &lines),
    )
}

/// The function that stores what becomes of four sums: the words that they make, as a frame has four channels for each.
fn store(text: &Text) -> String {
    let lanes_log2 = text.chain.output().lanes_log2();
    let (lanes, words) = (1u32 << lanes_log2, 4u32 >> lanes_log2);
    let value = format!(
        "epilogue(case_index, first + lane, group * 4u + lane, total[lane]{})",
        text.words("wN")
    );
    let words = match (lanes, words) {
        (1, _) => format!(
            "\
    for (var lane = 0u; lane < 4u; lane++) {{
        let word = start + first + lane;
        if (group * 4u + lane < params.output_channels && word < arrayLength(&output)) {{
            output[word] = u32({value});
        }}
    }}
"
        ),
        (4, _) => format!(
            "\
{}    var result = 0u;
    for (var lane = 0u; lane < 4u; lane++) {{
        if (group * 4u + lane < params.output_channels) {{
            result |= (u32({value}) & 0xffu) << (8u * lane);
        }}
    }}
    let word = start + (first >> 2u);
    if (word < arrayLength(&output)) {{
        output[word] = result;
    }}
",
            indented(4, &text.load_words("(first >> 2u)"))
        ),
        _ => format!(
            "\
    for (var pair = 0u; pair < 2u; pair++) {{
{}        var result = 0u;
        for (var low = 0u; low < 2u; low++) {{
            let lane = pair * 2u + low;
            if (group * 4u + lane < params.output_channels) {{
                result |= (u32({value}) & 0xffffu) << (16u * low);
            }}
        }}
        let word = start + (first >> 1u) + pair;
        if (group * 4u + pair * 2u < params.output_channels && word < arrayLength(&output)) {{
            output[word] = result;
        }}
    }}
",
            indented(8, &text.load_words("(first >> 1u) + pair"))
        ),
    };
    format!(
        "\
// What becomes of the sums of four output channels of one position; nothing, if there is no such position.
fn store(case_index: u32, position: u32, group: u32, total: vec4<i32>) {{
    if (position >= params.positions) {{
        return;
    }}
    let start = case_index * params.epilogue.output_words;
    let first = position * params.output_channels + group * 4u;
{words}}}
"
    )
}

impl Element {
    /// Whether rows of `channels` elements begin words, so that an epilogue can write this type behind several
    /// positions.
    #[must_use]
    pub const fn fills_words(self, channels: u32) -> bool {
        channels.is_multiple_of(1 << self.lanes_log2())
    }
}
