//! Random COND_IF and WHILE_LOOP.

use crate::generator::{Generator, Value};
use crate::model::{BOOL, I8, I16, INT32};

/// Regions inside regions at most.
const DEPTH_MAX: usize = 2;

impl Generator {
    /// Adds COND_IF or WHILE_LOOP, unless the graph stands too deep.
    pub fn control(&mut self) {
        if self.depth >= DEPTH_MAX {
            return;
        }
        let mut list = Vec::new();
        for _ in 0..self.structure.number(1, 3) {
            let value = self.values[self.structure.bits() as usize % self.values.len()].clone();
            list.push(value);
        }
        if self.structure.percent(50) {
            let condition = self.operand(BOOL, &[1]);
            let (yes, no) = (self.name(), self.name());
            self.region(&yes, &list, false);
            self.region(&no, &list, false);
            let inputs = [&[condition], &list[..]].concat();
            self.control_flow("COND_IF", [&yes, &no], &inputs, &list);
            return;
        }
        let counter = self.constant(INT32, &[1], &[0]);
        let list = [&[counter], &list[..]].concat();
        let (condition, body) = (self.name(), self.name());
        self.condition(&condition, &list);
        self.region(&body, &list, true);
        self.control_flow("WHILE_LOOP", [&condition, &body], &list, &list);
    }

    fn inner(&mut self, name: &str, list: &[Value]) -> (Generator, Vec<Value>) {
        let choices = crate::choices::Choices::new(self.choices.bits());
        let structure = crate::choices::Choices::new(self.structure.bits());
        let mut inner = Generator::new(choices, &format!("{name}_"), self.depth + 1);
        inner.structure = structure;
        inner.elements_max = self.elements_max;
        let inputs = list
            .iter()
            .map(|value| inner.input(value.data_type, &value.shape));
        let inputs = inputs.collect();
        (inner, inputs)
    }

    /// A region that gives values like those that it is given. The first of a body counts up.
    fn region(&mut self, name: &str, list: &[Value], counts: bool) {
        let (mut inner, inputs) = self.inner(name, list);
        let mut outputs = Vec::new();
        for (index, input) in inputs.iter().enumerate() {
            if counts && index == 0 {
                let one = inner.constant(INT32, &[1], &[1]);
                let operands = [&*input.name, &one.name];
                let sum = inner.operator("ADD", vec![], &operands, INT32, &[1]);
                outputs.push(sum.name);
                continue;
            }
            let mut value = input.clone();
            if inner.structure.percent(15) {
                inner.control();
            }
            for _ in 0..inner.structure.number(0, 3) {
                value = inner.alike(&value);
            }
            if inner.structure.percent(20) {
                // Another one of this type and shape, perhaps another input as it is.
                value = inner.operand(value.data_type, &value.shape);
            }
            outputs.push(value.name);
        }
        self.close(name, inner, outputs);
    }

    fn close(&mut self, name: &str, mut inner: Generator, outputs: Vec<String>) {
        self.regions.append(&mut inner.regions);
        let model = inner.finish_with(outputs);
        self.regions.push((name.to_owned(), model));
    }

    /// Whether the first of the list is below a small number.
    fn condition(&mut self, name: &str, list: &[Value]) {
        let (mut inner, inputs) = self.inner(name, list);
        let limit = i64::from(inner.choices.number(0, 5));
        let limit = inner.constant(INT32, &[1], &[limit]);
        let operands = [&*limit.name, &inputs[0].name];
        let holds = inner.operator("GREATER", vec![], &operands, BOOL, &[1]);
        self.close(name, inner, vec![holds.name]);
    }

    /// An operator whose result has the type and shape of its operand.
    fn alike(&mut self, value: &Value) -> Value {
        let names: &[&str] = match value.data_type {
            BOOL => &["LOGICAL_NOT", "IDENTITY"],
            I8 => &["CLAMP", "TABLE", "NEGATE", "BITWISE_NOT"],
            I16 => &["CLAMP", "NEGATE", "BITWISE_NOT"],
            INT32 => &["ABS", "CLZ", "NEGATE", "BITWISE_NOT"],
            _ => &["IDENTITY"],
        };
        let name = self.structure.one_of(names);
        self.element_wise_named(name, value);
        self.values[self.values.len() - 1].clone()
    }
}
