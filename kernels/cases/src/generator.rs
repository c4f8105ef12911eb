//! Builds random graphs: values, constants, regions and variables; the operators are in `operators`.

use crate::choices::Choices;
use crate::model::{BOOL, I4, I8, I16, I48, INT32, Model, Table};

/// A tensor of the graph that is being built.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its name in the file.
    pub name: String,
    /// The schema's number of its type.
    pub data_type: i32,
    /// Its sides, outermost first.
    pub shape: Vec<i32>,
    /// Whether it is a CONST.
    pub constant: bool,
}

impl Value {
    /// How many elements it has.
    #[must_use]
    pub fn elements(&self) -> i32 {
        self.shape.iter().product()
    }
}

/// Bits of a type's elements.
#[must_use]
pub fn bits(data_type: i32) -> u32 {
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
#[must_use]
pub fn file_data(data_type: i32, values: &[i64]) -> Vec<u8> {
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
///
/// Kernels that are generated from a graph depend on its structure: operators, types, which operands broadcast. So
/// structure comes from one source of choices, sizes and numbers from the other; graphs of equal structure choices and
/// different other ones share most of their kernels.
pub struct Generator {
    /// Decides operators, types, flags, and what is an input, a constant or broadcast.
    pub structure: Choices,
    /// Decides sizes, and all numbers that are parameters of kernels.
    pub choices: Choices,
    /// The most elements that a tensor may have.
    pub elements_max: i32,
    /// How often an operand that the specification wants constant is an input (EXT-DYNAMIC), in percent.
    pub late_percent: u64,
    model: Model,
    /// The tensors so far.
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
    /// An empty graph: names of tensors begin with `prefix`, and it stands `depth` regions deep.
    #[must_use]
    pub fn new(mut choices: Choices, prefix: &str, depth: usize) -> Generator {
        Generator {
            structure: Choices::new(choices.bits()),
            choices,
            elements_max: 6000,
            late_percent: 4,
            model: Model::default(),
            values: Vec::new(),
            read: Vec::new(),
            names: 0,
            prefix: prefix.to_owned(),
            regions: Vec::new(),
            depth,
        }
    }

    /// Forgets the graph and begins another one with this structure; sizes go on.
    pub(crate) fn restart(&mut self, structure: &Choices) {
        let empty = Generator::new(self.choices.clone(), &self.prefix, self.depth);
        *self = Generator {
            structure: structure.clone(),
            elements_max: self.elements_max,
            late_percent: self.late_percent,
            ..empty
        };
    }

    pub(crate) fn name(&mut self) -> String {
        self.names += 1;
        format!("{}{}", self.prefix, self.names)
    }

    fn change(&mut self, change: impl FnOnce(Model) -> Model) {
        self.model = change(std::mem::take(&mut self.model));
    }

    /// A new input of the graph.
    pub fn input(&mut self, data_type: i32, shape: &[i32]) -> Value {
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
    pub fn constant(&mut self, data_type: i32, shape: &[i32], elements: &[i64]) -> Value {
        let name = self.name();
        let data = file_data(data_type, elements);
        self.change(|model| model.constant(&name, data_type, shape, &data));
        self.known(name, data_type, shape, true)
    }

    /// A constant with any elements.
    pub(crate) fn any_constant(&mut self, data_type: i32, shape: &[i32]) -> Value {
        let count = shape.iter().product::<i32>() as usize;
        let elements = self.choices.elements(bits(data_type), count);
        self.constant(data_type, shape, &elements)
    }

    /// An operand that the specification wants constant: one with these elements, or (EXT-DYNAMIC) rarely an input.
    pub(crate) fn parameter(&mut self, data_type: i32, shape: &[i32], elements: &[i64]) -> Value {
        if self.depth == 0 && self.structure.percent(self.late_percent) {
            return self.input(data_type, shape);
        }
        self.constant(data_type, shape, elements)
    }

    /// A value of this type and shape: one that is there, a new input, or a constant.
    pub fn operand(&mut self, data_type: i32, shape: &[i32]) -> Value {
        let fits = |value: &&Value| value.data_type == data_type && value.shape == shape;
        let known: Vec<Value> = self.values.iter().filter(fits).cloned().collect();
        if self.structure.percent(70) && !known.is_empty() {
            return known[self.structure.bits() as usize % known.len()].clone();
        }
        if self.depth > 0 || self.structure.percent(40) {
            self.any_constant(data_type, shape)
        } else {
            self.input(data_type, shape)
        }
    }

    /// A shape operand.
    pub fn shape(&mut self, values: &[i64]) -> String {
        let name = self.name();
        self.change(|model| model.shape(&name, values));
        name
    }

    /// Adds an operator with one output.
    pub fn operator(
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
        let count = shape.iter().product::<i32>() as usize;
        let data = file_data(data_type, &self.choices.elements(bits(data_type), count));
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
        if self.structure.percent(50) {
            return self.operator("VARIABLE_READ", vec![], &[&name], data_type, shape);
        }
        value
    }

    /// Makes outputs of the values that nothing reads, and of some others.
    #[must_use]
    pub fn finish(mut self) -> Model {
        let mut outputs = Vec::new();
        for value in &self.values {
            let unread = !self.read.contains(&value.name) && !value.constant;
            if self.structure.percent(10) || unread {
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
