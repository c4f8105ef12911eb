//! Nodes whose operands are all constants, computed when the model is planned.
//!
//! Converters leave the shape and the order of weights to RESHAPE and TRANSPOSE of constants.

use std::sync::Arc;

use aivm_tosa::{Graph, Operator};

use super::lower::{Lowered, Operands, lower};
use super::units::is_element_wise;
use crate::isa::Isa;
use crate::memory::{Buffer, Place, Reader, Source};

/// Bytes that folding may add to those of the file's constants.
const SPARE_BYTES: u64 = 1 << 20;

/// The values of a graph that are known before it runs.
pub(crate) struct Known {
    /// By tensor.
    pub values: Vec<Option<Arc<[u8]>>>,
    /// Nodes that need not run.
    pub folded: Vec<bool>,
}

impl Known {
    /// The constants of the file.
    pub(crate) fn of_file(graph: &Graph) -> Known {
        let values = graph.tensors().iter().map(|tensor| tensor.constant.clone());
        Known {
            values: values.collect(),
            folded: vec![false; graph.nodes().len()],
        }
    }

    /// The constants of the file, and what follows from them by cheap operators. No more than doubles them.
    pub(crate) fn folded(graph: &Graph, isa: Isa) -> Known {
        let mut known = Known::of_file(graph);
        let bytes = known
            .values
            .iter()
            .flatten()
            .map(|value| value.len() as u64);
        let mut spare = bytes.sum::<u64>() + SPARE_BYTES;
        let root: Vec<_> = (0..graph.tensors().len() as u32)
            .map(aivm_tosa::TensorId)
            .collect();
        let mut places = vec![None; root.len()];
        for (index, node) in graph.nodes().iter().enumerate() {
            let [output] = node.outputs[..] else { continue };
            let bytes = graph.tensor(output).bytes();
            let cheap = is_element_wise(&node.operator) || moves(&node.operator);
            let mut inputs = node.inputs.iter();
            if !cheap
                || !node.late.is_empty()
                || bytes > spare
                || inputs.any(|id| known.values[id.0 as usize].is_none())
            {
                continue;
            }
            spare -= bytes;
            let mut constants = Vec::new();
            for id in &node.inputs {
                if let Some(value) = &known.values[id.0 as usize] {
                    constants.resize(usize::next_multiple_of(constants.len(), 8), 0);
                    places[id.0 as usize] = Some(Place {
                        source: Source::Constants,
                        offset: constants.len(),
                        bytes: value.len(),
                    });
                    constants.extend_from_slice(value);
                }
            }
            places[output.0 as usize] = Some(Place {
                source: Source::Arena,
                offset: 0,
                bytes: bytes as usize,
            });
            let operands = Operands {
                graph,
                root: &root,
                places: &places,
            };
            let mut aligned = Buffer::new(constants.len());
            aligned.bytes_mut().copy_from_slice(&constants);
            let mut result = Buffer::new(bytes as usize);
            let reader = Reader::new(aligned.bytes(), &[]);
            match lower(&operands, node, &node.operator) {
                Lowered::Chain(program) => {
                    let mut numbers = vec![0; program.register_numbers()];
                    let all = 0..program.elements;
                    program.run(isa, reader, &mut [result.bytes_mut()], all, &mut numbers);
                }
                Lowered::Operation(operation) => {
                    operation.run(isa, reader, result.bytes_mut(), &mut []);
                }
            }
            known.values[output.0 as usize] = Some(result.bytes().into());
            known.folded[index] = true;
            for id in node.inputs.iter().chain([&output]) {
                places[id.0 as usize] = None;
            }
        }
        known
    }
}

/// Whether an operator only moves elements.
fn moves(operator: &Operator) -> bool {
    matches!(
        operator,
        Operator::Concat { .. }
            | Operator::Identity
            | Operator::Pad { .. }
            | Operator::Reshape
            | Operator::Reverse { .. }
            | Operator::Slice { .. }
            | Operator::Tile
            | Operator::Transpose { .. }
    )
}
