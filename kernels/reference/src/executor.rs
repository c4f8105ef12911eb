//! The reference back end: runs the nodes of a graph one after the other.

use std::borrow::Cow;
use std::sync::Arc;

use aivm_tosa::{
    Executor, ExecutorFault, Graph, Node, Operator, Plan, Priced, RunError, TensorId, Variables,
    bytes,
};

use crate::value::View;
use crate::{
    add, arithmetic_right_shift, avg_pool2d, clamp, clz, conv2d, logical_left_shift, max_pool2d,
    mul, reduce_max, reduce_sum, rescale, reshape, slice, sub, table,
};

/// Runs models by the letter of the specification, on one thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferenceExecutor;

impl Executor for ReferenceExecutor {
    fn name(&self) -> &str {
        "reference"
    }

    fn prepare(&self, model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        Ok(Arc::new(ReferencePlan::new(Arc::clone(model))))
    }
}

/// A model with its constants decoded.
struct ReferencePlan {
    model: Arc<Priced>,
    initial: Variables,
    /// Elements of each tensor that is a constant, by tensor.
    constants: Vec<Option<Vec<i64>>>,
    /// For each node, the computed tensors that no later node reads and that are no outputs.
    dead_after: Vec<Vec<TensorId>>,
}

impl ReferencePlan {
    fn new(model: Arc<Priced>) -> ReferencePlan {
        let graph = model.graph();
        let constants = graph.tensors().iter().map(|tensor| {
            let constant = tensor.constant.as_ref()?;
            Some(bytes::decode(tensor.data_type, constant))
        });
        let constants = constants.collect();
        let dead_after = dead_after(graph);
        ReferencePlan {
            initial: Variables::initial(model.program()),
            model,
            constants,
            dead_after,
        }
    }

    /// Runs one case and appends its outputs to `output`. `input` has been checked.
    fn run_case(&self, mut input: &[u8], output: &mut Vec<u8>) {
        let graph = self.model.graph();
        let mut values: Vec<Option<Cow<'_, [i64]>>> = self
            .constants
            .iter()
            .map(|constant| constant.as_deref().map(Cow::Borrowed))
            .collect();
        for &id in graph.inputs() {
            let tensor = graph.tensor(id);
            let (own, rest) = input.split_at(tensor.bytes() as usize);
            input = rest;
            values[id.0 as usize] = Some(Cow::Owned(bytes::decode(tensor.data_type, own)));
        }
        for (node, dead) in graph.nodes().iter().zip(&self.dead_after) {
            let result = compute(graph, node, &values);
            values[node.outputs[0].0 as usize] = Some(Cow::Owned(result));
            for id in dead {
                values[id.0 as usize] = None;
            }
        }
        for &id in graph.outputs() {
            bytes::encode(
                graph.tensor(id).data_type,
                view(graph, &values, id).elements,
                output,
            );
        }
    }
}

impl Plan for ReferencePlan {
    fn initial(&self) -> &Variables {
        &self.initial
    }

    fn run_cases_from(
        &self,
        _start: &Variables,
        cases: u32,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        let graph = self.model.graph();
        bytes::check_input(graph, cases, input)?;
        let input_bytes = graph.input_bytes() as usize;
        for case in 0..cases as usize {
            let own = &input[case * input_bytes..(case + 1) * input_bytes];
            self.run_case(own, output);
        }
        Ok(())
    }

    fn step(
        &self,
        variables: &mut Variables,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), RunError> {
        self.run_cases_from(variables, 1, input, output)
    }
}

/// For each node, the tensors whose last reader it is.
fn dead_after(graph: &Graph) -> Vec<Vec<TensorId>> {
    let mut seen = vec![false; graph.tensors().len()];
    for &id in graph.outputs() {
        seen[id.0 as usize] = true;
    }
    let mut dead: Vec<Vec<TensorId>> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes().iter().rev() {
        let mut last = Vec::new();
        for &id in node.inputs.iter().chain(&node.outputs) {
            if !seen[id.0 as usize] && graph.tensor(id).constant.is_none() {
                seen[id.0 as usize] = true;
                last.push(id);
            }
        }
        dead.push(last);
    }
    dead.reverse();
    dead
}

/// The value of tensor `id`, which a validated graph has computed before it is read.
fn view<'a>(graph: &'a Graph, values: &'a [Option<Cow<'_, [i64]>>], id: TensorId) -> View<'a> {
    let Some(elements) = &values[id.0 as usize] else {
        unreachable!("validation orders writes before reads")
    };
    View {
        shape: graph.tensor(id).shape.dimensions(),
        elements,
    }
}

/// The elements of the node's output.
fn compute(graph: &Graph, node: &Node, values: &[Option<Cow<'_, [i64]>>]) -> Vec<i64> {
    let input = |index: usize| view(graph, values, node.inputs[index]);
    let output = graph.tensor(node.outputs[0]);
    let (shape, data_type) = (output.shape.dimensions(), output.data_type);
    match &node.operator {
        Operator::AvgPool2d {
            kernel,
            stride,
            pad,
            input_zp,
            output_zp,
        } => {
            let zero_points = avg_pool2d::ZeroPoints {
                input: *input_zp,
                output: *output_zp,
            };
            let window = (*kernel, *stride, *pad);
            avg_pool2d::avg_pool2d(data_type, shape, input(0), window, &zero_points)
        }
        Operator::Conv2d {
            pad,
            stride,
            dilation,
            input_zp,
            weight_zp,
        } => {
            let parameters = conv2d::Parameters {
                pad: *pad,
                stride: *stride,
                dilation: *dilation,
                input_zp: *input_zp,
                weight_zp: *weight_zp,
            };
            let bias = input(2).elements;
            conv2d::conv2d(data_type, shape, input(0), input(1), bias, &parameters)
        }
        Operator::MaxPool2d {
            kernel,
            stride,
            pad,
        } => max_pool2d::max_pool2d(data_type, shape, input(0), *kernel, *stride, *pad),
        Operator::Clamp { min, max } => clamp::clamp(input(0), *min, *max),
        Operator::Add => add::add(shape, input(0), input(1)),
        Operator::ArithmeticRightShift { round } => arithmetic_right_shift::arithmetic_right_shift(
            data_type,
            shape,
            input(0),
            input(1),
            *round,
        ),
        Operator::LogicalLeftShift => {
            logical_left_shift::logical_left_shift(data_type, shape, input(0), input(1))
        }
        Operator::Mul { shift } => mul::mul(shape, input(0), input(1), *shift),
        Operator::Sub => sub::sub(shape, input(0), input(1)),
        Operator::Table(content) => table::table(input(0), content),
        Operator::Clz => clz::clz(input(0)),
        Operator::ReduceMax { axis } => reduce_max::reduce_max(data_type, input(0), *axis),
        Operator::ReduceSum { axis } => reduce_sum::reduce_sum(input(0), *axis),
        Operator::Reshape => reshape::reshape(input(0)),
        Operator::Slice { start } => slice::slice(shape, input(0), start),
        Operator::Rescale {
            factors,
            rounding,
            input_zp,
            output_zp,
            input_unsigned,
            output_unsigned,
            per_channel: _,
            scale32: _,
        } => {
            let from = rescale::Side {
                data_type: graph.tensor(node.inputs[0]).data_type,
                zero_point: *input_zp,
                unsigned: *input_unsigned,
            };
            let to = rescale::Side {
                data_type,
                zero_point: *output_zp,
                unsigned: *output_unsigned,
            };
            rescale::rescale(input(0), factors, *rounding, from, to)
        }
        _ => unreachable!("validation admits no other operator yet"),
    }
}
