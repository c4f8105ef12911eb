//! A chain of operators with what it reads.

use std::rc::Rc;
use std::sync::Arc;

use aivm_shaders::chain::{self, Access, Chain, Element, Source};
use aivm_shaders::kernels::Frame;
use aivm_shaders::tile::Tiled;
use aivm_tosa::{Operator, TensorId};

use super::function::{arguments, table};
use crate::lower::linear::Blocks;
use crate::lower::linear::tile::Second;
use crate::lower::strides::Axes;
use crate::lower::{Work, signed};
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
    pub(super) fn scalar(element: Element, value: i32, per_row: bool) -> Bound {
        Bound {
            source: Source {
                element,
                access: Access::Scalar,
                per_row,
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

/// The rows along which a chain with reductions goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lower) struct Rows {
    pub(in crate::lower) count: u32,
    /// Elements of a row.
    pub(in crate::lower) length: u32,
}

/// A linear operator whose kernel is not dispatched yet, because an expression may be its end.
pub(in crate::lower) struct Linear {
    pub(in crate::lower) frame: &'static Frame,
    /// The same frame with a larger tile and operands in uniform buffers.
    pub(in crate::lower) tiled: &'static Tiled,
    /// What the frame reads first, each with the elements of its innermost axis, which is padded to words.
    pub(in crate::lower) inputs: Vec<(TensorId, u32)>,
    /// What it reads behind them.
    pub(in crate::lower) constants: Vec<Operand>,
    /// Bytes of the input for each position of the output, if that is all that the position depends on.
    pub(in crate::lower) row_bytes: Option<u32>,
    /// What its blocks would be, if there is a frame of them.
    pub(in crate::lower) blocks: Option<Blocks>,
    /// Of MATMUL, whose second input is packed for tiles.
    pub(in crate::lower) second: Option<Second>,
    /// The frame's parameters from the number of equal pieces of a case, each of which is a case to the kernel: more than
    /// one only if `row_bytes` is known or `second`. The words of a piece of each input follow, those of the grid, and the
    /// epilogue's.
    pub(in crate::lower) params: Box<dyn Fn(u32) -> Vec<u32>>,
    /// What the sums alone cost.
    pub(in crate::lower) work: Work,
    /// The nodes that the frame does.
    pub(in crate::lower) nodes: Vec<usize>,
    /// The tensor of the sums, of i32.
    pub(in crate::lower) sums: TensorId,
    /// Positions of the output in a case, and its channels.
    pub(in crate::lower) positions: u32,
    pub(in crate::lower) output_channels: u32,
}

/// Operators, the last of which gives the value; without operators it is the sums.
#[derive(Clone, Default)]
pub(in crate::lower) struct Expression {
    sources: Vec<Bound>,
    terms: Vec<Term>,
    /// The operator that gives the source [`Access::Sum`].
    linear: Option<Rc<Linear>>,
    /// Of one with reductions.
    rows: Option<Rows>,
}

impl Expression {
    /// The sums of a linear operator as they are.
    pub(in crate::lower) fn of_sums(linear: &Rc<Linear>) -> Expression {
        Expression {
            sources: vec![Bound {
                source: Source {
                    element: Element::I32,
                    access: Access::Sum,
                    per_row: false,
                },
                operand: None,
                case_words: 0,
                axes: None,
                scalar: 0,
            }],
            linear: Some(Rc::clone(linear)),
            ..Expression::default()
        }
    }

    /// Nothing yet, along rows.
    pub(super) fn of_rows(rows: Rows) -> Expression {
        Expression {
            rows: Some(rows),
            ..Expression::default()
        }
    }

    /// The linear operator whose sums it reads.
    pub(super) fn linear(&self) -> Option<&Rc<Linear>> {
        self.linear.as_ref()
    }

    /// Its rows, if it has reductions.
    pub(super) fn rows(&self) -> Option<Rows> {
        self.rows
    }

    /// Takes over the sums and the rows of another expression; none if it has others.
    pub(super) fn join(&mut self, other: &Expression) -> Option<()> {
        if let Some(linear) = &other.linear {
            let own = self.linear.get_or_insert_with(|| Rc::clone(linear));
            if !Rc::ptr_eq(own, linear) {
                return None;
            }
        }
        other.rows.map_or(Some(()), |rows| self.join_rows(rows))
    }

    /// Takes over rows; none if it has others.
    pub(super) fn join_rows(&mut self, rows: Rows) -> Option<()> {
        (*self.rows.get_or_insert(rows) == rows).then_some(())
    }

    /// Reads the sums where they were stored.
    pub(super) fn read_sums(&mut self, operand: Operand, case_words: u32) {
        self.linear = None;
        let mut sources = self.sources.iter_mut();
        if let Some(sums) = sources.find(|bound| bound.source.access == Access::Sum) {
            sums.source.access = Access::Dense;
            sums.operand = Some(operand);
            sums.case_words = case_words;
        }
    }

    /// Whether each operator with factors for channels has as many.
    pub(super) fn channels_are(&self, channels: u32) -> bool {
        self.terms.iter().all(|term| {
            let names = term.node.function.arguments().iter();
            let mut arguments = names.zip(&term.arguments);
            arguments.all(|(argument, &value)| argument.name != "channels" || value == channels)
        })
    }

    /// Rows that begin and end with words of the output: as many an invocation makes.
    pub(super) fn rows_together(&self) -> u32 {
        let (Some(rows), Some(last)) = (self.rows, self.terms.last()) else {
            return 1;
        };
        let length = if last.node.per_row { 1 } else { rows.length };
        let lanes = (1..=4).find(|&rows| last.node.output.fills_words(rows * length));
        lanes.unwrap_or(4)
    }

    /// How often the loops of one invocation over rows go round, the round counted that finds a loop's end.
    pub(super) fn row_rounds(&self) -> u64 {
        let Some(rows) = self.rows else {
            return 0;
        };
        let broadcasts = self.sources.iter().filter(|bound| bound.axes.is_some());
        let element = 1 + 9 * broadcasts.count() as u64;
        let loops = self.chain().row_loops() as u64;
        let row = 1 + loops * (u64::from(rows.length) * element + 1) + element;
        1 + u64::from(self.rows_together()) * row
    }

    /// What an invocation costs at most beside the sums, as [`Work`] counts.
    pub(super) fn rounds(&self) -> u64 {
        let row = self.rows.map_or(1, |rows| {
            u64::from(rows.length) * self.chain().row_loops() as u64
        });
        // Lanes of a word, or rows together, and then the operators.
        4 * row * self.nodes().max(1) as u64
    }

    /// The number of operators.
    pub(super) fn nodes(&self) -> usize {
        self.terms.len()
    }

    /// What its operators give.
    pub(super) fn tensors(&self) -> impl Iterator<Item = TensorId> {
        self.terms.iter().map(|term| term.tensor)
    }

    /// Reads `bound`, once for all operators.
    pub(super) fn source(&mut self, bound: Bound) -> chain::Operand {
        let known = self.sources.iter().position(|other| *other == bound);
        chain::Operand::Source(known.unwrap_or_else(|| {
            self.sources.push(bound);
            self.sources.len() - 1
        }))
    }

    /// Adds the operators of another expression; gives its value. `per_row` says which, if no reduction in it does.
    pub(super) fn append(&mut self, other: &Expression, per_row: bool) -> chain::Operand {
        let settled = |own: bool| if other.rows.is_some() { own } else { per_row };
        let sources: Vec<chain::Operand> = other
            .sources
            .iter()
            .map(|bound| {
                let mut bound = bound.clone();
                bound.source.per_row = settled(bound.source.per_row);
                self.source(bound)
            })
            .collect();
        // Where each of the other's terms lies here; what both hold is computed once.
        let mut places: Vec<usize> = Vec::with_capacity(other.terms.len());
        for term in &other.terms {
            let known = self.terms.iter().position(|own| own.tensor == term.tensor);
            places.push(known.unwrap_or_else(|| {
                let mut term = term.clone();
                term.node.per_row = settled(term.node.per_row);
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
        match places.last() {
            Some(&last) => chain::Operand::Node(last),
            // Sums alone.
            None => sources[0],
        }
    }

    /// Adds the operator that gives `tensor`, which now is the value.
    pub(super) fn apply(&mut self, tensor: TensorId, node: chain::Node, operator: &Operator) {
        self.terms.push(Term {
            tensor,
            node,
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

    /// The kernel's parameters, in the order that [`Chain`] gives. `sizes` are those that stand second there,
    /// `first_words` those of [`Expression::tables`].
    pub(super) fn params(&self, sizes: &[u32], first_words: &[u32]) -> Vec<u32> {
        let mut words = Vec::new();
        for axes in self.sources.iter().filter_map(|bound| bound.axes.as_ref()) {
            words.extend(axes.words());
        }
        words.extend(sizes);
        for bound in &self.sources {
            match bound.source.access {
                Access::Sum => {}
                Access::Scalar => words.push(signed(bound.scalar)),
                Access::Dense | Access::Broadcast => {
                    words.push(bound.case_words);
                    words.extend(bound.axes.as_ref().map(Axes::inner));
                }
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
