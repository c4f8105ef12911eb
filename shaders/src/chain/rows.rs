//! The WGSL text of a chain with reductions along the last axis: softmax and normalisations. An invocation makes whole
//! rows, one after the other. Each reduction is a loop along the row that computes its operand anew from the sources,
//! and a last one makes the result; nothing of a row is kept but one value for each reduction.

use super::function::{Function, Place};
use super::text::{Text, bindings, indented};
use super::{Chain, Operand};

/// The module of `chain`.
pub(super) fn source(chain: &Chain) -> String {
    let text = Text::new(chain);
    let head = format!(
        "// Generated: {}. An invocation makes whole rows of the output.\n",
        chain.name()
    );
    let sizes = "    elements: u32,
    output_words: u32,
    row: u32,
    rows: u32,
    row_length: u32,
    rows_together: u32,
";
    text.module(&[
        head,
        text.params("Params", sizes),
        bindings() + &text.inputs(),
        text.places(),
        main(&text),
    ])
}

/// The entry point: as many rows as make whole words.
fn main(text: &Text) -> String {
    let chain = text.chain;
    let mut body = String::new();
    for (index, source) in chain.tensors() {
        if source.per_row {
            body += &text.load(index, "row");
        }
    }
    let place = Place {
        element: "row",
        channel: None,
    };
    for (index, node) in chain.nodes.iter().enumerate() {
        if let Function::Reduce(reduction) = node.function {
            let total = format!("v{index}");
            let value = text.operand(node.operands[0]);
            body += &format!("var {total} = {};\n", reduction.start());
            let combined = reduction.combined(&total, &value);
            body += &along_row(text, node.operands[0], &format!("{total} = {combined};\n"));
        } else if node.per_row {
            body += &text.node(index, &place);
        }
    }
    let last = chain.nodes.len() - 1;
    body += &if chain.nodes[last].per_row {
        "let element = row;\n".to_owned() + &store(chain)
    } else {
        along_row(text, Operand::Node(last), &store(chain))
    };
    format!(
        "@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
    let case_index = id.z;
    let first_row = (id.y * params.row + id.x) * params.rows_together;
    var word = 0u;
    for (var next = 0u; next < params.rows_together; next++) {{
        let row = first_row + next;
        if (row < params.rows) {{
{}        }}
    }}
}}
",
        indented(12, &body)
    )
}

/// A loop along the row that computes `operand` for each element, then does what `end` says.
fn along_row(text: &Text, operand: Operand, end: &str) -> String {
    let (sources, nodes) = needed(text.chain, operand);
    let place = Place {
        element: "element",
        channel: None,
    };
    let loads = sources.iter().map(|&index| text.load(index, "element"));
    let values = nodes.iter().map(|&index| text.node(index, &place));
    let lines: String = loads.chain(values).collect();
    format!(
        "for (var index = 0u; index < params.row_length; index++) {{
    let element = row * params.row_length + index;
{}{}}}
",
        indented(4, &lines),
        indented(4, end)
    )
}

/// Puts the result into its word, and stores the word when that is full.
fn store(chain: &Chain) -> String {
    let lanes_log2 = chain.output().lanes_log2();
    let value = chain.nodes.len() - 1;
    let stored = "\
let target_word = case_index * params.output_words + (element >> LOGu);
if (target_word < arrayLength(&output)) {
    output[target_word] = VALUE;
}
"
    .replace("LOG", &lanes_log2.to_string());
    if lanes_log2 == 0 {
        return stored.replace("VALUE", &format!("u32(v{value})"));
    }
    let (last, bits) = ((1 << lanes_log2) - 1, 32 >> lanes_log2);
    let mask = u32::MAX >> (32 - bits);
    format!(
        "word |= (u32(v{value}) & {mask:#x}u) << ({bits}u * (element & {last}u));
if ((element & {last}u) == {last}u || element + 1u == params.elements) {{
{}    word = 0u;
}}
",
        indented(4, &stored.replace("VALUE", "word"))
    )
}

/// The sources and nodes of which a loop along the row computes `operand`, in order.
fn needed(chain: &Chain, operand: Operand) -> (Vec<usize>, Vec<usize>) {
    let mut sources = vec![false; chain.sources.len()];
    let mut nodes = vec![false; chain.nodes.len()];
    let mark = |operand: Operand, sources: &mut [bool], nodes: &mut [bool]| match operand {
        Operand::Source(index) => sources[index] = true,
        Operand::Node(index) => nodes[index] = true,
    };
    mark(operand, &mut sources, &mut nodes);
    for (index, node) in chain.nodes.iter().enumerate().rev() {
        if nodes[index] && !node.per_row {
            for &operand in &node.operands {
                mark(operand, &mut sources, &mut nodes);
            }
        }
    }
    let tensors = chain.tensors();
    let sources = tensors.filter(|(index, source)| sources[*index] && !source.per_row);
    let sources = sources.map(|(index, _)| index).collect();
    let nodes = (0..nodes.len()).filter(|&index| nodes[index] && !chain.nodes[index].per_row);
    (sources, nodes.collect())
}

/// What each loop along a row computes.
fn all_loops(chain: &Chain) -> impl Iterator<Item = Operand> {
    let reduces = |function: &Function| matches!(function, Function::Reduce(_));
    let reduced = chain
        .nodes
        .iter()
        .filter(move |node| reduces(&node.function));
    let last = chain.nodes.len() - 1;
    let result = (!chain.nodes[last].per_row).then_some(Operand::Node(last));
    reduced.map(|node| node.operands[0]).chain(result)
}

/// How many loops go along a row.
pub(super) fn loops(chain: &Chain) -> usize {
    all_loops(chain).count()
}

/// How many element-wise operators all loops compute for an element.
pub(super) fn evaluations(chain: &Chain) -> usize {
    let operators = all_loops(chain).map(|operand| needed(chain, operand).1.len());
    operators.sum()
}
