//! The WGSL text of a chain.

use std::collections::BTreeSet;

use super::function::Snippet;
use super::{Access, Chain, Element, Operand, Source};

/// The module of `chain`, as [`Chain`] describes its bindings and parameters.
pub(super) fn source(chain: &Chain) -> String {
    let parts = [
        head(chain),
        params(chain),
        bindings(chain),
        places(chain),
        value(chain),
        main(chain),
    ];
    let snippets = snippets(chain);
    let texts: Vec<&str> = parts
        .iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .chain(snippets.iter().map(|snippet| snippet.text()))
        .collect();
    texts.join("\n")
}

fn head(chain: &Chain) -> String {
    format!(
        "// Generated: {}. An invocation makes one word of the output.\n",
        chain.name()
    )
}

fn params(chain: &Chain) -> String {
    let mut text = String::from("struct Params {\n");
    // Arrays come first, because their alignment is larger than that of words.
    for (index, _) in broadcasts(chain) {
        text += &format!("    sizes_{index}: array<vec4<u32>, 2>,\n");
        text += &format!("    steps_{index}: array<vec4<u32>, 2>,\n");
    }
    text += "    elements: u32,\n    output_words: u32,\n    row: u32,\n";
    for (index, source) in chain.sources.iter().enumerate() {
        text += &match source.access {
            Access::Dense => format!("    words_{index}: u32,\n"),
            Access::Broadcast => format!("    words_{index}: u32,\n    axes_{index}: u32,\n"),
            Access::Scalar => format!("    scalar_{index}: i32,\n"),
        };
    }
    for (index, node) in chain.nodes.iter().enumerate() {
        for argument in node.function.arguments() {
            text += &format!("    {}_{index}: {},\n", argument.name, argument.wgsl_type);
        }
    }
    text + "}\n"
}

fn bindings(chain: &Chain) -> String {
    let mut text = String::from(
        "@group(0) @binding(0) var<uniform> params: Params;\n\
         @group(0) @binding(1) var<storage, read_write> output: array<u32>;\n",
    );
    let tensors = chain.tensors().map(|(index, _)| format!("source_{index}"));
    let tables = chain.has_tables().then(|| "tables".to_owned());
    for (binding, name) in (2..).zip(tensors.chain(tables)) {
        text += &format!("@group(0) @binding({binding}) var<storage, read> {name}: array<u32>;\n");
    }
    if chain.has_tables() {
        text += "
fn table_word(index: u32) -> u32 {
    return tables[min(index, arrayLength(&tables) - 1u)];
}
";
    }
    text
}

/// Of each broadcast source the function that finds its element for one of the output.
fn places(chain: &Chain) -> String {
    let place = |(index, _): (usize, &Source)| {
        format!(
            "\
fn place_{index}(element: u32) -> u32 {{
    var rest = element;
    var place = 0u;
    let axes = min(params.axes_{index}, 7u);
    for (var axis = 0u; axis < axes; axis++) {{
        let size = max(params.sizes_{index}[axis >> 2u][axis & 3u], 1u);
        place += params.steps_{index}[axis >> 2u][axis & 3u] * (rest % size);
        rest = rest / size;
    }}
    return place + rest * params.steps_{index}[axes >> 2u][axes & 3u];
}}
"
        )
    };
    let places: Vec<String> = broadcasts(chain).map(place).collect();
    places.join("\n")
}

/// The function that computes one element: a line for each source and each node.
fn value(chain: &Chain) -> String {
    let mut text = String::from("fn value(case_index: u32, element: u32) -> i32 {\n");
    for (index, source) in chain.tensors() {
        text += &load(index, source);
    }
    let operand_text = |operand: Operand| match operand {
        Operand::Source(index) => match chain.sources[index].access {
            Access::Scalar => format!("params.scalar_{index}"),
            Access::Dense | Access::Broadcast => format!("s{index}"),
        },
        Operand::Node(index) => format!("v{index}"),
    };
    for (index, node) in chain.nodes.iter().enumerate() {
        let expression = node.function.expression(
            node.output,
            |operand| operand_text(node.operands[operand]),
            |argument| format!("params.{argument}_{index}"),
        );
        text += &format!("    let v{index} = {expression};\n");
    }
    text + &format!("    return v{};\n}}\n", chain.nodes.len() - 1)
}

/// Loads a tensor's element.
fn load(index: usize, source: &Source) -> String {
    let mut text = String::new();
    let at = match source.access {
        Access::Broadcast => {
            text += &format!("    let p{index} = place_{index}(element);\n");
            format!("p{index}")
        }
        _ => "element".to_owned(),
    };
    let case = format!("case_index * params.words_{index}");
    let word = |offset: &str| {
        format!("source_{index}[min({case} + {offset}, arrayLength(&source_{index}) - 1u)]")
    };
    let lanes_log2 = source.element.lanes_log2();
    let loaded = match source.element {
        Element::I32 => format!("i32({})", word(&at)),
        Element::I48 => {
            let low = word(&format!("2u * {at}"));
            let high = word(&format!("2u * {at} + 1u"));
            format!("Wide({low}, {high})")
        }
        Element::Bool | Element::I8 | Element::I16 => {
            let word = word(&format!("({at} >> {lanes_log2}u)"));
            format!("signed_lane({word}, {at}, {lanes_log2}u)")
        }
    };
    text + &format!("    let s{index} = {loaded};\n")
}

/// The entry point: one word of the output.
fn main(chain: &Chain) -> String {
    let lanes_log2 = chain
        .nodes
        .last()
        .map_or(0, |node| node.output.lanes_log2());
    let store = if lanes_log2 == 0 {
        "    output[target_word] = u32(value(id.z, word));\n".to_owned()
    } else {
        let (lanes, bits) = (1 << lanes_log2, 32 >> lanes_log2);
        let mask = u32::MAX >> (32 - bits);
        format!(
            "    var result = 0u;
    for (var lane = 0u; lane < {lanes}u; lane++) {{
        let element = word * {lanes}u + lane;
        if (element < params.elements) {{
            result |= (u32(value(id.z, element)) & {mask:#x}u) << ({bits}u * lane);
        }}
    }}
    output[target_word] = result;
"
        )
    };
    format!(
        "@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
    let word = id.y * params.row + id.x;
    let target_word = id.z * params.output_words + word;
    if (word >= params.output_words || target_word >= arrayLength(&output)) {{
        return;
    }}
{store}}}
"
    )
}

/// Functions that the chain's text calls.
fn snippets(chain: &Chain) -> BTreeSet<Snippet> {
    let narrow = |&(_, source): &(usize, &Source)| source.element.lanes_log2() > 0;
    let lanes = chain.tensors().any(|tensor| narrow(&tensor));
    let wide = chain
        .tensors()
        .any(|(_, source)| source.element == Element::I48);
    let nodes = chain.nodes.iter();
    nodes
        .flat_map(|node| node.function.snippets(node.output))
        .copied()
        .chain(lanes.then_some(Snippet::Lanes))
        .chain(wide.then_some(Snippet::Wide))
        .collect()
}

/// Index and source of each broadcast tensor.
fn broadcasts(chain: &Chain) -> impl Iterator<Item = (usize, &Source)> {
    chain
        .tensors()
        .filter(|(_, source)| source.access == Access::Broadcast)
}
