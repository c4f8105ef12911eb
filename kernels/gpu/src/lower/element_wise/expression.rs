//! A chain of element-wise operators with what it reads.

use std::sync::Arc;

use aivm_shaders::chain::{self, Access, Chain, Element, Function, INPUTS_MAX, NODES_MAX, Source};
use aivm_tosa::{Operator, TensorId};

use super::function::{arguments, table};
use crate::lower::signed;
use crate::lower::strides::Axes;
use crate::program::Operand;

/// A source of a chain and what is read there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) source: Source,
    /// The tensor; none for a scalar.
    pub(super) operand: Option<Operand>,
    /// Words of the tensor from one case to the next.
    pub(super) case_words: u32,
    /// Where a broadcast tensor's elements lie.
    pub(super) axes: Option<Axes<1>>,
    /// The value of a scalar.
    pub(super) scalar: i32,
}

impl Bound {
    /// A constant of one element.
    pub(super) fn scalar(element: Element, value: i32) -> Bound {
        Bound {
            source: Source {
                element,
                access: Access::Scalar,
            },
            operand: None,
            case_words: 0,
            axes: None,
            scalar: value,
        }
    }
}

/// An operator of a chain and its parameters.
#[derive(Clone)]
struct Term {
    /// The tensor that it gives.
    tensor: TensorId,
    node: chain::Node,
    arguments: Vec<u32>,
    /// Empty if it has none.
    table: Arc<[u8]>,
}

/// Element-wise operators, the last of which gives the value.
#[derive(Clone, Default)]
pub(in crate::lower) struct Expression {
    sources: Vec<Bound>,
    terms: Vec<Term>,
}

impl Expression {
    /// The number of operators.
    pub(super) fn nodes(&self) -> usize {
        self.terms.len()
    }

    /// What its operators give.
    pub(super) fn tensors(&self) -> impl Iterator<Item = TensorId> {
        self.terms.iter().map(|term| term.tensor)
    }

    /// Whether a kernel can hold it.
    pub(super) fn fits(&self) -> bool {
        let inputs = self.operands().len() + usize::from(self.chain().has_tables());
        self.terms.len() <= NODES_MAX && inputs <= INPUTS_MAX
    }

    /// Reads `bound`, once for all operators.
    pub(super) fn source(&mut self, bound: Bound) -> chain::Operand {
        let known = self.sources.iter().position(|other| *other == bound);
        chain::Operand::Source(known.unwrap_or_else(|| {
            self.sources.push(bound);
            self.sources.len() - 1
        }))
    }

    /// Adds the operators of another expression; gives its value.
    pub(super) fn append(&mut self, other: &Expression) -> chain::Operand {
        let sources: Vec<chain::Operand> = other
            .sources
            .iter()
            .map(|bound| self.source(bound.clone()))
            .collect();
        // Where each of the other's terms lies here; what both hold is computed once.
        let mut places: Vec<usize> = Vec::with_capacity(other.terms.len());
        for term in &other.terms {
            let known = self.terms.iter().position(|own| own.tensor == term.tensor);
            places.push(known.unwrap_or_else(|| {
                let mut term = term.clone();
                for operand in &mut term.node.operands {
                    *operand = match *operand {
                        chain::Operand::Source(index) => sources[index],
                        chain::Operand::Node(index) => chain::Operand::Node(places[index]),
                    };
                }
                self.terms.push(term);
                self.terms.len() - 1
            }));
        }
        chain::Operand::Node(places[places.len() - 1])
    }

    /// Adds the operator that gives `tensor`, which now is the value.
    pub(super) fn apply(
        &mut self,
        tensor: TensorId,
        (function, output): (Function, Element),
        operands: Vec<chain::Operand>,
        operator: &Operator,
    ) {
        self.terms.push(Term {
            tensor,
            node: chain::Node {
                function,
                output,
                operands,
            },
            arguments: arguments(operator),
            table: table(operator).into(),
        });
    }

    /// The structure that the kernel's text depends on.
    pub(super) fn chain(&self) -> Chain {
        Chain {
            sources: self.sources.iter().map(|bound| bound.source).collect(),
            nodes: self.terms.iter().map(|term| term.node.clone()).collect(),
        }
    }

    /// The tensors that it reads, in the order of the kernel's bindings.
    pub(super) fn operands(&self) -> Vec<Operand> {
        self.sources
            .iter()
            .filter_map(|bound| bound.operand)
            .collect()
    }

    /// All tables one behind the other, and of each operator the first word of its table.
    pub(super) fn tables(&self) -> (Vec<u8>, Vec<u32>) {
        let mut bytes = Vec::new();
        let mut first_words = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            first_words.push((bytes.len() / 4) as u32);
            bytes.extend_from_slice(&term.table);
        }
        (bytes, first_words)
    }

    /// The kernel's parameters, in the order that [`Chain`] gives. `sizes` are elements and words of the output and
    /// the invocations of a row, `first_words` those of [`Expression::tables`].
    pub(super) fn params(&self, sizes: [u32; 3], first_words: &[u32]) -> Vec<u32> {
        let mut words = Vec::new();
        for axes in self.sources.iter().filter_map(|bound| bound.axes.as_ref()) {
            words.extend(axes.words());
        }
        words.extend(sizes);
        for bound in &self.sources {
            match &bound.axes {
                None if bound.source.access == Access::Scalar => words.push(signed(bound.scalar)),
                None => words.push(bound.case_words),
                Some(axes) => words.extend([bound.case_words, axes.inner()]),
            }
        }
        for (term, &first_word) in self.terms.iter().zip(first_words) {
            let names = term.node.function.arguments();
            debug_assert_eq!(names.len(), term.arguments.len());
            for (argument, &word) in names.iter().zip(&term.arguments) {
                words.push(if argument.name == "table" {
                    first_word
                } else {
                    word
                });
            }
        }
        words
    }
}
