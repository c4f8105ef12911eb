//! Lowering of element-wise operators: each is held back as an expression while all that reads it ends in another one
//! of as many elements, so that a chain of them becomes one dispatch.

mod expression;
mod function;

pub(super) use expression::Expression;
pub(super) use function::is_element_wise;

use aivm_shaders::chain::{Access, Element, Function, NODES_MAX, Source};
use aivm_tosa::{DataType, Node, TensorId};

use super::Lowering;
use super::strides::{Axes, broadcast};
use expression::Bound;
use function::{element, function_of};

/// How many nodes before the last reader of a tensor its other readers are looked for.
const SPAN_MAX: usize = 64;

impl Lowering<'_> {
    /// An element-wise operator.
    pub(super) fn element_wise(&mut self, node: &Node) -> Result<(), String> {
        let output = node.outputs[0];
        let expression = self.expression(node)?;
        if self.is_continued(output, expression.nodes()) {
            self.held[output.0 as usize] = Some(expression);
            return Ok(());
        }
        self.compute(expression, output)
    }

    /// Whether a tensor that takes `nodes` operators need not be stored: the last operator that reads it is
    /// element-wise and of as many elements, and whatever else reads it is so, too, and is needed for that one only.
    /// All of them fit a chain.
    fn is_continued(&self, id: TensorId, nodes: usize) -> bool {
        let Some(last) = self.reader[id.0 as usize] else {
            return false;
        };
        let first = last.saturating_sub(SPAN_MAX - 1);
        let span = &self.graph.nodes()[first..=last];
        let elements = |id| self.tensor(id).shape.elements();
        let mut inside = vec![id];
        for (node, index) in span.iter().zip(first..) {
            if node.inputs.iter().any(|input| inside.contains(input)) {
                let output = node.outputs.first().copied();
                let Some(output) = output.filter(|_| is_element_wise(&node.operator)) else {
                    return false;
                };
                if elements(output) != elements(id) || nodes + inside.len() > NODES_MAX {
                    return false;
                }
                if index < last {
                    inside.push(output);
                }
            }
        }
        let read_in_span = |id: &TensorId| {
            let inputs = span.iter().flat_map(|node| &node.inputs);
            inputs.filter(|&input| input == id).count()
        };
        let mut inside = inside.iter();
        inside.all(|id| read_in_span(id) == self.readers[id.0 as usize] as usize)
    }

    /// The node applied to its operands, those held back included.
    fn expression(&mut self, node: &Node) -> Result<Expression, String> {
        let output = node.outputs[0];
        let input_type = self.tensor(node.inputs[0]).data_type;
        let function = function_of(&node.operator, input_type)
            .ok_or_else(|| format!("{} is no element-wise operator", node.operator.name()))?;
        loop {
            let expression = self.applied(node, function, output)?;
            if expression.fits() {
                for &input in &node.inputs {
                    let last = self.reader[input.0 as usize];
                    if last.is_some_and(|last| std::ptr::eq(&self.graph.nodes()[last], node)) {
                        self.held[input.0 as usize] = None;
                    }
                }
                return Ok(expression);
            }
            self.compute_largest(&node.inputs)?;
        }
    }

    fn applied(
        &mut self,
        node: &Node,
        function: Function,
        output: TensorId,
    ) -> Result<Expression, String> {
        let mut expression = Expression::default();
        let mut operands = Vec::with_capacity(node.inputs.len());
        for (index, &input) in node.inputs.iter().enumerate() {
            let earlier = node.inputs[..index]
                .iter()
                .position(|&other| other == input);
            let operand = match (earlier, &self.held[input.0 as usize]) {
                (Some(earlier), _) => operands[earlier],
                (None, Some(held)) => expression.append(held),
                (None, None) => {
                    let bound = self.bound(input, output)?;
                    expression.source(bound)
                }
            };
            operands.push(operand);
        }
        let element = element(self.tensor(output).data_type)?;
        expression.apply(output, (function, element), operands, &node.operator);
        Ok(expression)
    }

    /// How an operand with a place is read for each element of `output`.
    fn bound(&mut self, input: TensorId, output: TensorId) -> Result<Bound, String> {
        let tensor = self.tensor(input);
        let element = element(tensor.data_type)?;
        let shape = &tensor.shape;
        let constant = self.constant_bytes(input);
        if let Some(bytes) = constant
            && shape.elements() == 1
            && element != Element::I48
        {
            return Ok(Bound::scalar(element, scalar(tensor.data_type, bytes)));
        }
        let output_shape = &self.tensor(output).shape;
        let axes = (shape.elements() != output_shape.elements()).then(|| {
            let steps = broadcast(shape.dimensions());
            Axes::new(output_shape.dimensions(), [steps])
        });
        let access = match axes {
            Some(_) => Access::Broadcast,
            None => Access::Dense,
        };
        let operand = self.place(input)?;
        Ok(Bound {
            source: Source { element, access },
            operand: Some(operand),
            case_words: self.case_words(operand),
            axes,
            scalar: 0,
        })
    }

    /// Computes the longest expression that stands for one of these tensors. There is one if an expression does not
    /// fit, for every operator alone does.
    fn compute_largest(&mut self, inputs: &[TensorId]) -> Result<(), String> {
        let nodes = |id: &&TensorId| {
            let held = self.held[id.0 as usize].as_ref();
            held.map_or(0, Expression::nodes)
        };
        let largest = inputs.iter().max_by_key(nodes).copied();
        let held = largest.and_then(|id| Some((id, self.held[id.0 as usize].take()?)));
        match held {
            Some((id, expression)) => self.compute(expression, id),
            None => Err("the operator reads too many tensors".to_owned()),
        }
    }

    /// Appends the step that computes an expression as the tensor `output`.
    fn compute(&mut self, expression: Expression, output: TensorId) -> Result<(), String> {
        let tensor = self.tensor(output);
        let elements = tensor.shape.elements();
        let words = crate::layout::words(tensor);
        let kernel = expression.chain().kernel();
        let (tables, first_words) = expression.tables();
        let mut operands = expression.operands();
        if !tables.is_empty() {
            operands.push(self.new_constant(tables));
        }
        let nodes = self.nodes_of(expression.tensors());
        let doing = std::mem::replace(&mut self.doing, nodes);
        self.step(&kernel, operands, output, words, |row| {
            expression.params([elements, words, row], &first_words)
        })?;
        self.doing = doing;
        Ok(())
    }

    /// The nodes that give these tensors, in their order.
    fn nodes_of(&self, tensors: impl Iterator<Item = TensorId>) -> Vec<usize> {
        let mut nodes: Vec<usize> = tensors
            .filter_map(|id| self.writer[id.0 as usize])
            .collect();
        nodes.sort_unstable();
        nodes
    }
}

/// The one element of a constant, sign-extended.
fn scalar(data_type: DataType, bytes: &[u8]) -> i32 {
    // Of at most 32 bits, so the value fits.
    aivm_tosa::bytes::read(data_type, bytes) as i32
}
