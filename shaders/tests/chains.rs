//! Generated chains of element-wise operators: all pass the lint, and some are kept as text in `tests/chains/`.
//!
//! `AIVM_BLESS=1 cargo test --release -p aivm-shaders --test chains` writes the texts anew: read the difference.

use std::path::Path;

use aivm_shaders::chain::{Access, Chain, Element, Function, NODES_MAX, Node, Operand, Source};
use aivm_shaders::lint;

use Element::{Bool, I8, I16, I32, I48};

const fn source(element: Element, access: Access) -> Source {
    Source { element, access }
}

/// A chain of one operator on dense tensors of these types.
fn alone(function: Function, inputs: &[Element], output: Element) -> Chain {
    assert_eq!(inputs.len(), function.operands());
    Chain {
        sources: inputs
            .iter()
            .map(|&element| source(element, Access::Dense))
            .collect(),
        nodes: vec![Node {
            function,
            output,
            operands: (0..inputs.len()).map(Operand::Source).collect(),
        }],
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
    ]
}

/// Two i8 tensors added as a quantised network does: both rescaled to i32, the sum rescaled to i8 and clamped.
fn residual() -> Chain {
    let node = |function, output, operands: &[Operand]| Node {
        function,
        output,
        operands: operands.to_vec(),
    };
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
        chain.nodes.push(Node {
            function,
            output: if index + 1 == NODES_MAX { I8 } else { I32 },
            operands,
        });
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
fn texts_are_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chains");
    let bless = std::env::var_os("AIVM_BLESS").is_some();
    let mut differ = Vec::new();
    for (name, chain) in snapshots() {
        let file = folder.join(format!("{name}.wgsl"));
        let text = chain.kernel().source;
        if bless {
            std::fs::write(&file, text.as_bytes()).expect("a text");
        } else if std::fs::read_to_string(&file).ok().as_deref() != Some(&*text) {
            differ.push(name);
        }
    }
    assert!(differ.is_empty(), "texts differ: {differ:?}");
    let files = std::fs::read_dir(&folder).expect("the folder is there");
    assert_eq!(files.count(), snapshots().len(), "files without a chain");
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
