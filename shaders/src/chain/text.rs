//! The WGSL text of a chain.

use std::collections::BTreeSet;

use super::function::{Place, Snippet};
use super::{Access, Chain, Element, Operand, Source};
use crate::kernels::UNIFORM_BYTES;

/// The module of `chain`, as [`Chain`] describes its bindings and parameters.
pub(super) fn source(chain: &Chain) -> String {
    let text = Text::new(chain);
    let head = format!(
        "// Generated: {}. An invocation makes one word of the output.\n",
        chain.name()
    );
    let sizes = "    elements: u32,\n    output_words: u32,\n    row: u32,\n";
    text.module(&[
        head,
        text.params("Params", sizes),
        bindings() + &text.inputs(),
        text.places(),
        value(&text),
        main(&text),
    ])
}

/// The declarations of parameters and output.
pub(super) fn bindings() -> String {
    "@group(0) @binding(0) var<uniform> params: Params;\n".to_owned() + &output()
}

/// The declaration of the output.
pub(super) fn output() -> String {
    "@group(0) @binding(1) var<storage, read_write> output: array<u32>;\n".to_owned()
}

/// What the modules of chains have in common.
pub(super) struct Text<'a> {
    pub(super) chain: &'a Chain,
    /// The expression that holds the chain's parameters.
    params: &'static str,
    /// The binding of the first buffer that is read.
    first_binding: u32,
    /// Whether the tables are a uniform buffer.
    uniform_tables: bool,
}

impl<'a> Text<'a> {
    /// Of a kernel of its own.
    pub(super) const fn new(chain: &'a Chain) -> Text<'a> {
        Text {
            chain,
            params: "params",
            first_binding: 2,
            uniform_tables: false,
        }
    }

    /// Of an epilogue, which reads buffers from `first_binding` on.
    pub(super) const fn of_epilogue(
        chain: &'a Chain,
        first_binding: u32,
        uniform_tables: bool,
    ) -> Text<'a> {
        Text {
            chain,
            params: "params.epilogue",
            first_binding,
            uniform_tables,
        }
    }

    /// Parts of a module, and behind them the functions that the chain calls.
    pub(super) fn module(&self, parts: &[String]) -> String {
        let snippets = self.snippets();
        let texts: Vec<&str> = parts
            .iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .chain(snippets.iter().map(|snippet| snippet.text()))
            .collect();
        texts.join("\n")
    }

    /// The struct of the chain's parameters, of which `sizes` are those of the output.
    pub(super) fn params(&self, name: &str, sizes: &str) -> String {
        let mut text = format!("struct {name} {{\n");
        // Arrays come first, because their alignment is larger than that of words.
        for (index, _) in self.broadcasts() {
            text += &format!("    sizes_{index}: array<vec4<u32>, 2>,\n");
            text += &format!("    steps_{index}: array<vec4<u32>, 2>,\n");
        }
        text += sizes;
        for (index, source) in self.chain.sources.iter().enumerate() {
            text += &match source.access {
                Access::Dense => format!("    words_{index}: u32,\n"),
                Access::Broadcast => format!("    words_{index}: u32,\n    axes_{index}: u32,\n"),
                Access::Scalar => format!("    scalar_{index}: i32,\n"),
                Access::Sum => String::new(),
            };
        }
        for (index, node) in self.chain.nodes.iter().enumerate() {
            for argument in node.function.arguments() {
                text += &format!("    {}_{index}: {},\n", argument.name, argument.wgsl_type);
            }
        }
        text + "}\n"
    }

    /// The declarations of the buffers that are read.
    pub(super) fn inputs(&self) -> String {
        let mut text = String::new();
        let tensors = self.chain.tensors();
        let tensors = tensors.map(|(index, _)| format!("source_{index}"));
        let own_tables = self.chain.has_tables() && !self.uniform_tables;
        let tables = own_tables.then(|| "tables".to_owned());
        for (binding, name) in (self.first_binding..).zip(tensors.chain(tables)) {
            text +=
                &format!("@group(0) @binding({binding}) var<storage, read> {name}: array<u32>;\n");
        }
        if own_tables {
            text += "
fn table_word(index: u32) -> u32 {
    return tables[min(index, arrayLength(&tables) - 1u)];
}
";
        } else if self.chain.has_tables() {
            let binding = self.first_binding + self.chain.tensors().count() as u32;
            let vectors = UNIFORM_BYTES / 16;
            let last = 4 * vectors - 1;
            text += &format!(
                "\
@group(0) @binding({binding}) var<uniform> tables: array<vec4<u32>, {vectors}>;

fn table_word(index: u32) -> u32 {{
    let word = index & {last}u;
    return tables[word >> 2u][word & 3u];
}}
"
            );
        }
        text
    }

    /// Of each broadcast source the function that finds its element for one of the output.
    pub(super) fn places(&self) -> String {
        let params = self.params;
        let place = |(index, _): (usize, &Source)| {
            format!(
                "\
fn place_{index}(element: u32) -> u32 {{
    var rest = element;
    var place = 0u;
    let axes = min({params}.axes_{index}, 7u);
    for (var axis = 0u; axis < axes; axis++) {{
        let size = max({params}.sizes_{index}[axis >> 2u][axis & 3u], 1u);
        place += {params}.steps_{index}[axis >> 2u][axis & 3u] * (rest % size);
        rest = rest / size;
    }}
    return place + rest * {params}.steps_{index}[axes >> 2u][axes & 3u];
}}
"
            )
        };
        let places: Vec<String> = self.broadcasts().map(place).collect();
        places.join("\n")
    }

    /// The sources of which a word has the lanes of a word of the output, where there are several: it is loaded once for
    /// all of them.
    pub(super) fn lanes_alike(&self) -> Vec<usize> {
        let lanes_log2 = self.chain.output().lanes_log2();
        let alike = |source: &Source| {
            source.access == Access::Dense && source.element.lanes_log2() == lanes_log2
        };
        let tensors = self.chain.tensors().filter(|(_, source)| alike(source));
        let alike = tensors.map(|(index, _)| index);
        alike.filter(|_| lanes_log2 > 0).collect()
    }

    /// Loads the words of [`Text::lanes_alike`] for word `word` of a case of the output.
    pub(super) fn load_words(&self, word: &str) -> String {
        let load = |index: &usize| {
            let at = format!("case_index * {}.words_{index} + {word}", self.params);
            format!(
                "let w{index} = source_{index}[min({at}, arrayLength(&source_{index}) - 1u)];\n"
            )
        };
        self.lanes_alike().iter().map(load).collect()
    }

    /// Each word of [`Text::lanes_alike`] behind a comma, as `pattern` says with `N` for its source.
    pub(super) fn words(&self, pattern: &str) -> String {
        let alike = self.lanes_alike();
        let words = alike.iter();
        words
            .map(|index| format!(", {}", pattern.replace('N', &index.to_string())))
            .collect()
    }

    /// A lane of a word of [`Text::lanes_alike`].
    pub(super) fn lane(&self, index: usize, element: &str) -> String {
        let lanes_log2 = self.chain.sources[index].element.lanes_log2();
        format!("let s{index} = signed_lane(w{index}, {element}, {lanes_log2}u);\n")
    }

    /// Loads what one element of the output is computed from.
    pub(super) fn element_loads(&self) -> impl Iterator<Item = String> {
        let alike = self.lanes_alike();
        let load = move |(index, _)| match alike.contains(&index) {
            true => self.lane(index, "element"),
            false => self.load(index, "element"),
        };
        self.chain.tensors().map(load)
    }

    /// Loads the element of source `index` that belongs to the element of the output in the variable `element`.
    pub(super) fn load(&self, index: usize, element: &str) -> String {
        let source = &self.chain.sources[index];
        let params = self.params;
        let mut text = String::new();
        let at = match source.access {
            Access::Broadcast => {
                text += &format!("let p{index} = place_{index}({element});\n");
                format!("p{index}")
            }
            _ => element.to_owned(),
        };
        let case = format!("case_index * {params}.words_{index}");
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
        text + &format!("let s{index} = {loaded};\n")
    }

    /// Computes the result of node `index` where `place` says.
    pub(super) fn node(&self, index: usize, place: &Place) -> String {
        let node = &self.chain.nodes[index];
        let expression = node.function.expression(
            node.output,
            |operand| self.operand(node.operands[operand]),
            |argument| format!("{}.{argument}_{index}", self.params),
            place,
        );
        format!("let v{index} = {expression};\n")
    }

    /// The name of an operand.
    pub(super) fn operand(&self, operand: Operand) -> String {
        match operand {
            Operand::Source(index) => match self.chain.sources[index].access {
                Access::Scalar => format!("{}.scalar_{index}", self.params),
                Access::Dense | Access::Broadcast => format!("s{index}"),
                Access::Sum => "total".to_owned(),
            },
            Operand::Node(index) => format!("v{index}"),
        }
    }

    /// Functions that the chain's text calls.
    fn snippets(&self) -> BTreeSet<Snippet> {
        let narrow = |&(_, source): &(usize, &Source)| source.element.lanes_log2() > 0;
        let lanes = self.chain.tensors().any(|tensor| narrow(&tensor));
        let wide = self
            .chain
            .tensors()
            .any(|(_, source)| source.element == Element::I48);
        let nodes = self.chain.nodes.iter();
        nodes
            .flat_map(|node| node.function.snippets(node.output))
            .copied()
            .chain(lanes.then_some(Snippet::Lanes))
            .chain(wide.then_some(Snippet::Wide))
            .collect()
    }

    /// Index and source of each broadcast tensor.
    fn broadcasts(&self) -> impl Iterator<Item = (usize, &Source)> {
        self.chain
            .tensors()
            .filter(|(_, source)| source.access == Access::Broadcast)
    }
}

/// Each line of `text` behind `spaces` spaces.
pub(super) fn indented(spaces: usize, text: &str) -> String {
    let line = |line: &str| format!("{:spaces$}{line}\n", "");
    text.lines().map(line).collect()
}

/// The function that computes one element: a line for each source and each node.
fn value(text: &Text) -> String {
    let place = Place {
        element: "element",
        channel: None,
    };
    let loads = text.element_loads();
    let nodes = (0..text.chain.nodes.len()).map(|index| text.node(index, &place));
    let lines: String = loads.chain(nodes).collect();
    format!(
        "fn value(case_index: u32, element: u32{}) -> i32 {{\n{}    return v{};\n}}\n",
        text.words("wN: u32"),
        indented(4, &lines),
        text.chain.nodes.len() - 1
    )
}

/// The entry point: one word of the output.
fn main(text: &Text) -> String {
    let lanes_log2 = text.chain.output().lanes_log2();
    let store = if lanes_log2 == 0 {
        "    output[target_word] = u32(value(case_index, word));\n".to_owned()
    } else {
        let (lanes, bits) = (1 << lanes_log2, 32 >> lanes_log2);
        let mask = u32::MAX >> (32 - bits);
        format!(
            "{}    var result = 0u;
    for (var lane = 0u; lane < {lanes}u; lane++) {{
        let element = word * {lanes}u + lane;
        if (element < params.elements) {{
            result |= (u32(value(case_index, element{})) & {mask:#x}u) << ({bits}u * lane);
        }}
    }}
    output[target_word] = result;
",
            indented(4, &text.load_words("word")),
            text.words("wN"),
        )
    };
    format!(
        "@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
    let case_index = id.z;
    let word = id.y * params.row + id.x;
    let target_word = case_index * params.output_words + word;
    if (word >= params.output_words || target_word >= arrayLength(&output)) {{
        return;
    }}
{store}}}
"
    )
}
