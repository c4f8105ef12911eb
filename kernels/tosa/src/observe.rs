//! How runs of a back end that is no authority can be verified: what a plan shows of its steps while it runs.

use crate::{Graph, Node, NodeId, Operator, Priced, RunError, TensorId};

/// How runs of a plan can be verified.
pub enum Verification<'a> {
    /// Not at all: the back end is an authority, or trusted like one.
    None,
    /// Step by step.
    Steps(&'a dyn Observed),
    /// Only by running a case again.
    Whole,
}

/// A plan whose steps can be seen while it runs.
pub trait Observed: Send + Sync {
    /// The steps of a case, in order.
    fn steps(&self) -> &[ObservedStep];

    /// As [`crate::Plan::run_cases_from`] for a plain model; `see` is given what was `selected`, in order. What it is
    /// shown of a graph's output is what `output` gets. A step whose tensors no buffer could hold is left out.
    ///
    /// # Errors
    /// As [`crate::Plan::run_cases_from`].
    fn run_observed(
        &self,
        cases: u32,
        input: &[u8],
        selected: &[Selected],
        output: &mut Vec<u8>,
        see: &mut dyn FnMut(&Observation<'_>),
    ) -> Result<(), RunError>;
}

/// A part of a run that can be verified by itself: nodes of `main` that a back end does together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedStep {
    /// The nodes, ascending. Together with constants and `inputs` they give `output`.
    pub nodes: Vec<NodeId>,
    /// The computed tensors that it reads, and inputs of the graph.
    pub inputs: Vec<TensorId>,
    /// The tensor that it writes.
    pub output: TensorId,
    /// The node among `nodes` whose raw sums are shown as well ([`checked_by_sums`]).
    pub accumulators: Option<NodeId>,
}

/// A step of a case. Lists are ordered, by case first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selected {
    /// Index of the case.
    pub case: u32,
    /// Index in [`Observed::steps`].
    pub step: usize,
}

/// What was seen of a step. Tensors are bytes as at the borders.
#[derive(Clone, Debug)]
pub struct Observation<'a> {
    /// Which step.
    pub of: Selected,
    /// Each of [`ObservedStep::inputs`], as it was when the step began.
    pub inputs: Vec<&'a [u8]>,
    /// The sums of [`ObservedStep::accumulators`]: the output tensor of that node.
    pub accumulators: Option<&'a [u8]>,
    /// [`ObservedStep::output`], as it was behind the last step that read it.
    pub output: &'a [u8],
}

/// The sizes of an operator whose sums of products can be checked for less than they cost (Freivalds): CONV2D,
/// DEPTHWISE_CONV2D, MATMUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumsShape {
    /// Images, or matrices of a batch.
    pub images: u64,
    /// Positions of the output in an image, or rows of a matrix.
    pub positions: u64,
    /// Places of the window.
    pub taps: u64,
    /// Elements of the input at a place.
    pub channels: u64,
    /// Elements of the output at a position.
    pub output_channels: u64,
    /// Products of the operator.
    pub products: u64,
    /// Elements of all weights.
    pub weights: u64,
    /// Whether the weights are constant, so that they are summed once and not in each check.
    pub constant: bool,
}

/// Products below which an operator is recomputed: a second dispatch, with copies to and from it, costs a driver as much
/// as the reference takes for about so many.
const PRODUCTS_MIN: u64 = 1 << 17;
/// A check must be cheaper than the operator by this factor.
const FACTOR_MIN: u64 = 4;

impl SumsShape {
    /// The sizes of `node`, if it is one of these operators.
    #[must_use]
    pub fn of(graph: &Graph, node: &Node) -> Option<SumsShape> {
        let sides = |id: TensorId| {
            let dimensions = graph.tensor(id).shape.dimensions();
            dimensions.iter().map(|&side| u64::from(side))
        };
        let weight = match &node.operator {
            Operator::Conv2d { .. }
            | Operator::DepthwiseConv2d { .. }
            | Operator::MatMul { .. } => *node.inputs.get(1)?,
            _ => return None,
        };
        let [x, w, y] =
            [node.inputs[0], weight, node.outputs[0]].map(|id| sides(id).collect::<Vec<_>>());
        let weights = w.iter().product();
        let constant = graph.constant(weight).is_some();
        Some(match (&node.operator, &x[..], &w[..], &y[..]) {
            (
                Operator::Conv2d { .. },
                &[_, _, _, channels],
                &[_, height, width, _],
                &[images, rows, columns, output_channels],
            )
            | (
                Operator::DepthwiseConv2d { .. },
                &[_, _, _, channels],
                &[height, width, _, _],
                &[images, rows, columns, output_channels],
            ) => SumsShape {
                images,
                positions: rows * columns,
                taps: height * width,
                channels,
                output_channels,
                products: images * rows * columns * weights,
                weights,
                constant,
            },
            (Operator::MatMul { .. }, &[images, rows, channels], _, &[_, _, columns]) => {
                SumsShape {
                    images,
                    positions: rows,
                    taps: 1,
                    channels,
                    output_channels: columns,
                    products: rows * weights,
                    weights,
                    constant,
                }
            }
            _ => return None,
        })
    }

    /// Products of one check.
    #[must_use]
    pub fn check_products(&self) -> u64 {
        let each = self.taps * self.channels + self.output_channels;
        let folding = if self.constant { 0 } else { self.weights };
        self.images * self.positions * each + folding
    }

    /// Whether a check is worth the sums being written and read.
    #[must_use]
    pub fn is_worth_it(&self) -> bool {
        self.products >= PRODUCTS_MIN
            && self.check_products().saturating_mul(FACTOR_MIN) <= self.products
    }
}

/// Whether a node of `main` is checked by its sums: an operator of [`SumsShape`] that is large enough and cannot wrap.
#[must_use]
pub fn checked_by_sums(model: &Priced, id: NodeId) -> bool {
    let node = &model.graph().nodes()[id.0 as usize];
    node.late.is_empty()
        && !model.may_wrap(id)
        && SumsShape::of(model.graph(), node).is_some_and(|shape| shape.is_worth_it())
}
