//! Generated chains of element-wise operators: all pass the lint, and some are kept as text in `tests/chains/`.
//!
//! `AIVM_BLESS=1 cargo test --release -p aivm-shaders --test chains` writes the texts anew: read the difference.

use std::path::Path;

use aivm_shaders::chain::{
    Access, Chain, Element, Function, NODES_MAX, Node, Operand, ROW_EVALUATIONS_MAX, ROW_NODES_MAX,
    Reduction, Source,
};
use aivm_shaders::{block, kernels, lint, tile};

use Element::{Bool, I8, I16, I32, I48};

const fn source(element: Element, access: Access) -> Source {
    Source {
        element,
        access,
        per_row: false,
    }
}

fn node(function: Function, output: Element, operands: &[Operand]) -> Node {
    Node {
        function,
        output,
        operands: operands.to_vec(),
        per_row: false,
    }
}

/// A node that gives one element for each row.
fn row_node(function: Function, output: Element, operands: &[Operand]) -> Node {
    Node {
        per_row: true,
        ..node(function, output, operands)
    }
}

/// A chain of one operator on dense tensors of these types.
fn alone(function: Function, inputs: &[Element], output: Element) -> Chain {
    assert_eq!(inputs.len(), function.operands());
    Chain {
        sources: inputs
            .iter()
            .map(|&element| source(element, Access::Dense))
            .collect(),
        nodes: vec![node(
            function,
            output,
            &(0..inputs.len()).map(Operand::Source).collect::<Vec<_>>(),
        )],
    }
}

/// Every operator with all of its types and modes.
fn every_operator() -> Vec<Chain> {
    let mut chains = Vec::new();
    for function in [
        Function::Add,
        Function::IntDiv,
        Function::Maximum,
        Function::Minimum,
        Function::Mul { shifted: true },
        Function::Sub,
    ] {
        chains.push(alone(function, &[I32, I32], I32));
    }
    for function in [Function::Abs, Function::Clz] {
        chains.push(alone(function, &[I32], I32));
    }
    for function in [Function::Equal, Function::Greater, Function::GreaterEqual] {
        chains.push(alone(function, &[I32, I32], Bool));
    }
    for function in [
        Function::LogicalAnd,
        Function::LogicalOr,
        Function::LogicalXor,
    ] {
        chains.push(alone(function, &[Bool, Bool], Bool));
    }
    chains.push(alone(Function::LogicalNot, &[Bool], Bool));
    chains.push(alone(Function::TableI8, &[I8], I8));
    chains.push(alone(Function::TableI16, &[I16], I32));
    for element in [I8, I16, I32] {
        for function in [
            Function::ArithmeticRightShift { round: false },
            Function::ArithmeticRightShift { round: true },
            Function::BitwiseAnd,
            Function::BitwiseOr,
            Function::BitwiseXor,
            Function::LogicalLeftShift,
            Function::LogicalRightShift,
        ] {
            chains.push(alone(function, &[element, element], element));
        }
        let product = Function::Mul { shifted: false };
        chains.push(alone(product, &[element, element], I32));
        for function in [Function::BitwiseNot, Function::Negate, Function::Clamp] {
            chains.push(alone(function, &[element], element));
        }
        for other in [Bool, I8, I16, I32] {
            chains.push(alone(Function::Select, &[Bool, other, other], other));
            chains.push(alone(Function::Cast, &[element], other));
        }
        chains.push(alone(Function::Cast, &[Bool], element));
    }
    chains.extend(every_rescale());
    chains
}

fn every_rescale() -> Vec<Chain> {
    let mut chains = Vec::new();
    for input in [I8, I16, I32, I48] {
        for output in [I8, I16, I32] {
            for (modes, per_channel) in (0..8).flat_map(|modes| [(modes, false), (modes, true)]) {
                let function = Function::Rescale {
                    input,
                    input_unsigned: modes & 1 != 0 && matches!(input, I8 | I16),
                    output_unsigned: modes & 2 != 0 && output != I32 && matches!(input, I8 | I16),
                    per_channel,
                    double_round: modes & 4 != 0 && input != I48,
                };
                chains.push(alone(function, &[input], output));
            }
        }
    }
    chains
}

fn rescale(input: Element, per_channel: bool) -> Function {
    Function::Rescale {
        input,
        input_unsigned: false,
        output_unsigned: false,
        per_channel,
        double_round: false,
    }
}

/// Chains whose text is kept, with the names of their files.
fn snapshots() -> Vec<(&'static str, Chain)> {
    let broadcast = Chain {
        sources: vec![source(I32, Access::Broadcast), source(I32, Access::Scalar)],
        ..alone(Function::Sub, &[I32, I32], I32)
    };
    vec![
        ("add", alone(Function::Add, &[I32, I32], I32)),
        ("sub_broadcast_scalar", broadcast),
        (
            "logical_right_shift_i8",
            alone(Function::LogicalRightShift, &[I8, I8], I8),
        ),
        ("table_i16", alone(Function::TableI16, &[I16], I32)),
        (
            "rescale_i48_i16_channels",
            alone(rescale(I48, true), &[I48], I16),
        ),
        ("residual", residual()),
        ("softmax", softmax()),
        ("row_sums", row_sums()),
        // Of an i8, two rows may share a word.
        ("row_maxima", row_maxima()),
    ]
}

/// Epilogues whose text is kept, with the names of their files.
fn epilogues() -> Vec<(&'static str, Chain)> {
    vec![
        ("epilogue_sums", Chain::SUMS),
        ("epilogue_rescale", rescaled_sums(I8)),
        ("epilogue_rescale_i16", rescaled_sums(I16)),
        ("epilogue_residual", residual_sums()),
    ]
}

/// Sums rescaled with a factor for each channel, and clamped.
fn rescaled_sums(output: Element) -> Chain {
    Chain {
        sources: vec![source(I32, Access::Sum)],
        nodes: vec![
            node(rescale(I32, true), output, &[Operand::Source(0)]),
            node(Function::Clamp, output, &[Operand::Node(0)]),
        ],
    }
}

/// Sums rescaled, to which another tensor is added, broadcast, then a table of the sum.
fn residual_sums() -> Chain {
    Chain {
        sources: vec![source(I8, Access::Broadcast), source(I32, Access::Sum)],
        nodes: vec![
            node(rescale(I32, true), I32, &[Operand::Source(1)]),
            node(rescale(I8, false), I32, &[Operand::Source(0)]),
            node(Function::Add, I32, &[Operand::Node(0), Operand::Node(1)]),
            node(rescale(I32, false), I8, &[Operand::Node(2)]),
            node(Function::TableI8, I8, &[Operand::Node(3)]),
        ],
    }
}

/// A module around an epilogue: sums that are read.
fn framed(chain: &Chain) -> String {
    const FRAME: &str = "\
struct Params {
    positions: u32,
    output_channels: u32,
    row: u32,
    reserved: u32,
    @align(16) epilogue: Epilogue,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> input: array<vec4<i32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let position = id.y * params.row + id.x;
    store(id.z, position, 0u, input[min(position, arrayLength(&input) - 1u)]);
}
";
    format!("{FRAME}\n{}", chain.epilogue(1, false))
}

/// A constant whose text does not matter.
fn scalar(element: Element, per_row: bool) -> Source {
    Source {
        per_row,
        ..source(element, Access::Scalar)
    }
}

/// exp(x - max) / Σ exp(x - max), roughly: the shape of a quantised softmax.
fn softmax() -> Chain {
    let (table, product) = (Function::TableI16, Function::Mul { shifted: true });
    let (value, sum) = (Operand::Source, Operand::Node);
    Chain {
        sources: vec![source(I8, Access::Dense), scalar(I32, true)],
        nodes: vec![
            node(rescale(I8, false), I32, &[value(0)]),
            row_node(Function::Reduce(Reduction::Max), I32, &[sum(0)]),
            node(Function::Sub, I32, &[sum(0), sum(1)]),
            node(rescale(I32, false), I16, &[sum(2)]),
            node(table, I32, &[sum(3)]),
            row_node(Function::Reduce(Reduction::Sum), I32, &[sum(4)]),
            row_node(Function::Clz, I32, &[sum(5)]),
            row_node(Function::LogicalLeftShift, I32, &[sum(5), sum(6)]),
            row_node(Function::Sub, I32, &[value(1), sum(7)]),
            node(product, I32, &[sum(4), sum(8)]),
            node(rescale(I32, false), I8, &[sum(9)]),
        ],
    }
}

/// The sum of each row and a value for each.
fn row_sums() -> Chain {
    Chain {
        sources: vec![
            source(I32, Access::Broadcast),
            Source {
                per_row: true,
                ..source(I32, Access::Dense)
            },
        ],
        nodes: vec![
            row_node(Function::Reduce(Reduction::Sum), I32, &[Operand::Source(0)]),
            row_node(Function::Add, I32, &[Operand::Node(0), Operand::Source(1)]),
        ],
    }
}

fn row_maxima() -> Chain {
    Chain {
        sources: vec![source(I8, Access::Dense)],
        nodes: vec![row_node(
            Function::Reduce(Reduction::Max),
            I8,
            &[Operand::Source(0)],
        )],
    }
}

/// As many operators as a chain with reductions may have, a third of them behind each of two reductions.
fn longest_rows() -> Chain {
    let mut chain = softmax();
    chain.nodes.truncate(2);
    let third = ROW_NODES_MAX / 3;
    let mut wide = Operand::Node(0);
    while chain.nodes.len() < ROW_NODES_MAX {
        let last = Operand::Node(chain.nodes.len() - 1);
        if chain.nodes.len() == 2 * third {
            let reduction = Function::Reduce(Reduction::Min);
            chain.nodes.push(row_node(reduction, I32, &[wide]));
            continue;
        }
        let (function, operands) = match chain.nodes.len() % 3 {
            0 => (Function::Mul { shifted: true }, vec![wide, last]),
            1 => (rescale(I32, true), vec![wide]),
            _ => (Function::IntDiv, vec![wide, last]),
        };
        chain.nodes.push(node(function, I32, &operands));
        wide = Operand::Node(chain.nodes.len() - 1);
    }
    chain
}

/// Two i8 tensors added as a quantised network does: both rescaled to i32, the sum rescaled to i8 and clamped.
fn residual() -> Chain {
    Chain {
        sources: vec![source(I8, Access::Dense), source(I8, Access::Dense)],
        nodes: vec![
            node(rescale(I8, false), I32, &[Operand::Source(0)]),
            node(rescale(I8, false), I32, &[Operand::Source(1)]),
            node(Function::Add, I32, &[Operand::Node(0), Operand::Node(1)]),
            node(rescale(I32, false), I8, &[Operand::Node(2)]),
            node(Function::Clamp, I8, &[Operand::Node(3)]),
        ],
    }
}

/// As many operators as a chain may have, each reading the one before and a broadcast tensor.
fn longest() -> Chain {
    let mut chain = Chain {
        sources: vec![source(I8, Access::Broadcast); 6],
        nodes: Vec::new(),
    };
    for index in 0..NODES_MAX {
        let before = match index {
            0 => Operand::Source(5),
            _ => Operand::Node(index - 1),
        };
        let (function, operands) = match index % 3 {
            0 => (
                Function::Mul { shifted: true },
                vec![before, Operand::Source(index % 6)],
            ),
            1 => (rescale(I32, true), vec![before]),
            _ => (Function::IntDiv, vec![before, Operand::Source(index % 6)]),
        };
        let output = if index + 1 == NODES_MAX { I8 } else { I32 };
        chain.nodes.push(node(function, output, &operands));
    }
    chain
}

/// The chain with other access to its sources; i48 is read densely always.
fn accessed(chain: &Chain, access: Access) -> Chain {
    let mut chain = chain.clone();
    for source in chain
        .sources
        .iter_mut()
        .filter(|source| source.element != I48)
    {
        source.access = access;
    }
    chain
}

#[test]
fn every_operator_passes_the_lint_however_it_reads() {
    let mut wrong = Vec::new();
    for chain in every_operator() {
        for access in [Access::Dense, Access::Broadcast, Access::Scalar] {
            let chain = accessed(&chain, access);
            if let Err(error) = lint(&chain.kernel().source) {
                wrong.push(format!("{chain:?}: {error}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_name_is_that_of_an_operator() {
    let mut names: Vec<&str> = every_operator()
        .iter()
        .map(|chain| chain.nodes[0].function.name())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, Function::NAMES);
}

#[test]
fn the_longest_chain_passes_the_lint() {
    lint(&longest().kernel().source).expect("the walk through it is short enough");
}

#[test]
fn the_longest_chain_over_rows_passes_the_lint() {
    let chain = longest_rows();
    assert!(chain.row_evaluations() >= ROW_EVALUATIONS_MAX / 2);
    lint(&chain.kernel().source).expect("the walk through it is short enough");
}

#[test]
fn the_longest_epilogue_passes_the_lint_behind_every_frame() {
    let mut chain = longest();
    chain.sources.truncate(3);
    chain.sources.push(source(I32, Access::Sum));
    for node in &mut chain.nodes {
        for operand in &mut node.operands {
            if let Operand::Source(index) = operand {
                *index %= 4;
            }
        }
    }
    let tiled = tile::all().map(|tiled| &tiled.frame);
    let blocked = block::all().map(|blocked| &blocked.frame);
    for frame in kernels::FRAMES.iter().copied().chain(tiled).chain(blocked) {
        lint(&frame.kernel(&chain).source).expect("the walk through it is short enough");
    }
}

#[test]
fn every_operator_passes_the_lint_behind_sums() {
    for mut chain in every_operator() {
        for source in &mut chain.sources {
            source.access = match source.element {
                I32 => Access::Sum,
                _ => source.access,
            };
        }
        lint(&framed(&chain)).unwrap_or_else(|error| panic!("{chain:?}: {error}"));
    }
}

#[test]
fn texts_are_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chains");
    let bless = std::env::var_os("AIVM_BLESS").is_some();
    let mut differ = Vec::new();
    let kernels = snapshots().into_iter();
    let kernels = kernels.map(|(name, chain)| (name, chain.kernel().source.into_owned()));
    let epilogues = epilogues().into_iter();
    let epilogues = epilogues.map(|(name, chain)| (name, framed(&chain)));
    let texts: Vec<(&str, String)> = kernels.chain(epilogues).collect();
    for (name, text) in &texts {
        let file = folder.join(format!("{name}.wgsl"));
        lint(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        if bless {
            std::fs::write(&file, text.as_bytes()).expect("a text");
        } else if std::fs::read_to_string(&file).ok().as_deref() != Some(text) {
            differ.push(name);
        }
    }
    assert!(differ.is_empty(), "texts differ: {differ:?}");
    let files = std::fs::read_dir(&folder).expect("the folder is there");
    assert_eq!(files.count(), texts.len(), "files without a chain");
}

#[test]
fn every_file_in_chain_is_part_of_an_operator() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("chain");
    let sources: Vec<_> = every_operator()
        .iter()
        .map(|chain| chain.kernel().source)
        .collect();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        let used = sources.iter().any(|source| source.contains(&text));
        assert!(used, "{}", path.display());
    }
}
