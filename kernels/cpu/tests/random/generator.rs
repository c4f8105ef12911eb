//! Builds random graphs: values, constants, regions and variables; the operators are in `operators`.

use crate::choices::Choices;
use crate::model::{BOOL, I4, I8, I16, I48, INT32, Model, Table};

/// A tensor of the graph that is being built.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub name: String,
    pub data_type: i32,
    pub shape: Vec<i32>,
    pub constant: bool,
}

impl Value {
    pub(crate) fn elements(&self) -> i32 {
        self.shape.iter().product()
    }
}

/// Bits of a type's elements.
pub(crate) fn bits(data_type: i32) -> u32 {
    match data_type {
        BOOL => 1,
        I4 => 4,
        I8 => 8,
        I16 => 16,
        I48 => 48,
        _ => 32,
    }
}

/// Elements in the layout of files.
pub(crate) fn file_data(data_type: i32, values: &[i64]) -> Vec<u8> {
    match data_type {
        I4 => values
            .chunks(2)
            .map(|pair| (pair[0] & 15) as u8 + 16 * (pair.get(1).unwrap_or(&0) & 15) as u8)
            .collect(),
        _ => {
            let bytes = bits(data_type).div_ceil(8) as usize;
            let values = values.iter();
            values
                .flat_map(|value| value.to_le_bytes()[..bytes].to_vec())
                .collect()
        }
    }
}

/// A graph while it is built.
pub(crate) struct Generator {
    pub choices: Choices,
    model: Model,
    pub values: Vec<Value>,
    /// Values that an operator reads.
    read: Vec<String>,
    names: usize,
    prefix: String,
    /// Regions of the model, those of regions included.
    pub regions: Vec<(String, Model)>,
    /// How deep in regions this graph is.
    pub depth: usize,
}

impl Generator {
    pub(crate) fn new(choices: Choices, prefix: &str, depth: usize) -> Generator {
        Generator {
            choices,
            model: Model::default(),
            values: Vec::new(),
            read: Vec::new(),
            names: 0,
            prefix: prefix.to_owned(),
            regions: Vec::new(),
            depth,
        }
    }

    pub(crate) fn name(&mut self) -> String {
        self.names += 1;
        format!("{}{}", self.prefix, self.names)
    }

    fn change(&mut self, change: impl FnOnce(Model) -> Model) {
        self.model = change(std::mem::take(&mut self.model));
    }

    /// A new input of the graph.
    pub(crate) fn input(&mut self, data_type: i32, shape: &[i32]) -> Value {
        let name = self.name();
        self.change(|model| model.input(&name, data_type, shape));
        self.known(name, data_type, shape, false)
    }

    fn known(&mut self, name: String, data_type: i32, shape: &[i32], constant: bool) -> Value {
        let value = Value {
            name,
            data_type,
            shape: shape.to_vec(),
            constant,
        };
        self.values.push(value.clone());
        value
    }

    /// A constant with these elements.
    pub(crate) fn constant(&mut self, data_type: i32, shape: &[i32], elements: &[i64]) -> Value {
        let name = self.name();
        let data = file_data(data_type, elements);
        self.change(|model| model.constant(&name, data_type, shape, &data));
        self.known(name, data_type, shape, true)
    }

    /// A constant with any elements.
    pub(crate) fn any_constant(&mut self, data_type: i32, shape: &[i32]) -> Value {
        let elements = shape.iter().product::<i32>();
        let elements: Vec<_> = (0..elements)
            .map(|_| self.choices.element(bits(data_type)))
            .collect();
        self.constant(data_type, shape, &elements)
    }

    /// An operand that the specification wants constant: one with these elements, or (EXT-DYNAMIC) rarely an input.
    pub(crate) fn parameter(&mut self, data_type: i32, shape: &[i32], elements: &[i64]) -> Value {
        if self.depth == 0 && self.choices.percent(4) {
            return self.input(data_type, shape);
        }
        self.constant(data_type, shape, elements)
    }

    /// A value of this type and shape: one that is there, a new input, or a constant.
    pub(crate) fn operand(&mut self, data_type: i32, shape: &[i32]) -> Value {
        let fits = |value: &&Value| value.data_type == data_type && value.shape == shape;
        let known: Vec<Value> = self.values.iter().filter(fits).cloned().collect();
        if !known.is_empty() && self.choices.percent(70) {
            return known[self.choices.bits() as usize % known.len()].clone();
        }
        if self.depth > 0 || self.choices.percent(40) {
            self.any_constant(data_type, shape)
        } else {
            self.input(data_type, shape)
        }
    }

    /// A shape operand.
    pub(crate) fn shape(&mut self, values: &[i64]) -> String {
        let name = self.name();
        self.change(|model| model.shape(&name, values));
        name
    }

    /// Adds an operator with one output.
    pub(crate) fn operator(
        &mut self,
        name: &str,
        attribute: Table,
        inputs: &[&str],
        data_type: i32,
        shape: &[i32],
    ) -> Value {
        let output = self.name();
        self.read.extend(inputs.iter().map(|&name| name.to_owned()));
        self.change(|model| {
            model
                .tensor(&output, data_type, shape)
                .operator(name, attribute, inputs, &[&output])
        });
        self.known(output, data_type, shape, false)
    }

    /// Adds COND_IF or WHILE_LOOP, whose outputs have the types and shapes of `like`.
    pub(crate) fn control_flow(
        &mut self,
        name: &str,
        regions: [&str; 2],
        inputs: &[Value],
        like: &[Value],
    ) {
        let outputs: Vec<String> = like.iter().map(|_| self.name()).collect();
        let input_names: Vec<&str> = inputs.iter().map(|value| value.name.as_str()).collect();
        let output_names: Vec<&str> = outputs.iter().map(String::as_str).collect();
        self.read
            .extend(inputs.iter().map(|value| value.name.clone()));
        self.change(|mut model| {
            for (output, like) in outputs.iter().zip(like) {
                model = model.tensor(output, like.data_type, &like.shape);
            }
            model.control_flow(name, regions, &input_names, &output_names)
        });
        for (output, like) in outputs.iter().zip(like) {
            self.known(output.clone(), like.data_type, &like.shape, false);
        }
    }

    /// Declares a variable, reads it, and writes a value of its type and shape if there is one.
    pub(crate) fn variable(&mut self, data_type: i32, shape: &[i32]) -> Value {
        let (name, variable) = (self.name(), self.name());
        let elements = shape.iter().product::<i32>();
        let elements: Vec<_> = (0..elements)
            .map(|_| self.choices.element(bits(data_type)))
            .collect();
        let data = file_data(data_type, &elements);
        self.change(|model| {
            model
                .variable(&name, &variable, data_type, shape, &data)
                .operator("VARIABLE", vec![], &[], &[&name])
        });
        let value = self.operator("VARIABLE_READ", vec![], &[&name], data_type, shape);
        let new = self.operand(data_type, shape);
        let sum = match data_type {
            INT32 => self.operator("ADD", vec![], &[&value.name, &new.name], data_type, shape),
            _ => new,
        };
        self.read.push(sum.name.clone());
        self.change(|model| model.operator("VARIABLE_WRITE", vec![], &[&sum.name], &[&name]));
        if self.choices.percent(50) {
            return self.operator("VARIABLE_READ", vec![], &[&name], data_type, shape);
        }
        value
    }

    /// Makes outputs of the values that nothing reads, and of some others.
    pub(crate) fn finish(mut self) -> Model {
        let mut outputs = Vec::new();
        for value in &self.values {
            let unread = !self.read.contains(&value.name) && !value.constant;
            if unread || self.choices.percent(10) {
                outputs.push(value.name.clone());
            }
        }
        self.finish_with(outputs)
    }

    /// The graph with these outputs.
    pub(crate) fn finish_with(mut self, outputs: Vec<String>) -> Model {
        self.model.outputs = outputs;
        self.model.regions = self.regions;
        self.model
    }
}
