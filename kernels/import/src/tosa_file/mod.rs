//! Writes `.tosa` files: a graph of one block is described tensor by tensor, then encoded.
//!
//! What is written is what the strict reader of `aivm-tosa` asks for: version 1.0, one region `main`, no
//! string or vector shared, constants of exact length, operators in an order in which they can run.
//! [`Writer::finish`] leaves out what no output needs.
//!
//! ```
//! use aivm_import::tosa_file::{Op, Writer};
//! use aivm_tosa::{DataType, ModelLimits, PriceTable};
//!
//! let mut writer = Writer::new();
//! let a = writer.input("a", DataType::I32, &[2]);
//! let ones = [1_i32, -1].iter().flat_map(|n| n.to_le_bytes()).collect();
//! let b = writer.constant("b", DataType::I32, &[2], ones);
//! let sum = writer.operator(Op::Add, &[a.into(), b.into()], ("sum", DataType::I32, &[2]));
//! writer.output(sum, "sum");
//! let file = writer.finish();
//! let model = aivm_tosa::load(&file, &ModelLimits::CHAIN, &PriceTable::V1).expect("it is accepted");
//! assert_eq!(model.graph().nodes().len(), 1);
//! ```

mod encode;
mod op;

use std::collections::BTreeMap;

use aivm_tosa::DataType;

pub use op::Op;

/// A tensor of the graph that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TensorId(u32);

/// A shape operand (TOSA's `shape_t`) of the graph that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShapeId(u32);

/// What an operator reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A tensor.
    Tensor(TensorId),
    /// A shape.
    Shape(ShapeId),
}

impl From<TensorId> for Operand {
    fn from(id: TensorId) -> Operand {
        Operand::Tensor(id)
    }
}

impl From<ShapeId> for Operand {
    fn from(id: ShapeId) -> Operand {
        Operand::Shape(id)
    }
}

struct Tensor {
    name: String,
    data_type: DataType,
    shape: Vec<u32>,
    /// Of constants: the elements, [`DataType::bytes`] each, little-endian.
    data: Option<Vec<u8>>,
}

struct Operator {
    op: Op,
    inputs: Vec<Operand>,
    output: TensorId,
}

/// A graph while it is written.
#[derive(Default)]
pub struct Writer {
    tensors: Vec<Tensor>,
    shapes: Vec<(String, Vec<i64>)>,
    operators: Vec<Operator>,
    inputs: Vec<TensorId>,
    outputs: Vec<TensorId>,
    /// How often each name was asked for.
    names: BTreeMap<String, u32>,
    /// Small constants that exist, so that a zero point is stored once.
    small: BTreeMap<(DataType, Vec<u32>, Vec<u8>), TensorId>,
    known_shapes: BTreeMap<Vec<i64>, ShapeId>,
}

/// Constants of at most this many bytes are stored once however often they are asked for.
const SMALL_BYTES: usize = 64;

impl Writer {
    /// An empty graph.
    #[must_use]
    pub fn new() -> Writer {
        Writer::default()
    }

    /// A name that no other tensor has: `wanted`, or `wanted` with a number behind it.
    fn unique(&mut self, wanted: &str) -> String {
        let wanted = if wanted.is_empty() { "tensor" } else { wanted };
        loop {
            let uses = self.names.entry(wanted.to_owned()).or_insert(0);
            *uses += 1;
            if *uses == 1 {
                return wanted.to_owned();
            }
            let name = format!("{wanted}#{uses}");
            if !self.names.contains_key(&name) {
                self.names.insert(name.clone(), 1);
                return name;
            }
        }
    }

    fn push(
        &mut self,
        name: &str,
        data_type: DataType,
        shape: &[u32],
        data: Option<Vec<u8>>,
    ) -> TensorId {
        let tensor = Tensor {
            name: self.unique(name),
            data_type,
            shape: shape.to_vec(),
            data,
        };
        let id = TensorId(self.tensors.len() as u32);
        self.tensors.push(tensor);
        id
    }

    /// Adds an input of the graph.
    pub fn input(&mut self, name: &str, data_type: DataType, shape: &[u32]) -> TensorId {
        let id = self.push(name, data_type, shape, None);
        self.inputs.push(id);
        id
    }

    /// Adds a constant: `data` holds the elements, row-major, [`DataType::bytes`] each, little-endian.
    pub fn constant(
        &mut self,
        name: &str,
        data_type: DataType,
        shape: &[u32],
        data: Vec<u8>,
    ) -> TensorId {
        let elements: u64 = shape.iter().map(|&side| u64::from(side)).product();
        debug_assert_eq!(elements * data_type.bytes(), data.len() as u64);
        if data.len() > SMALL_BYTES {
            return self.push(name, data_type, shape, Some(data));
        }
        let key = (data_type, shape.to_vec(), data);
        if let Some(&id) = self.small.get(&key) {
            return id;
        }
        let id = self.push(name, data_type, shape, Some(key.2.clone()));
        self.small.insert(key, id);
        id
    }

    /// Adds a shape.
    pub fn shape(&mut self, values: &[i64]) -> ShapeId {
        if let Some(&id) = self.known_shapes.get(values) {
            return id;
        }
        let id = ShapeId(self.shapes.len() as u32);
        let name = self.unique("shape");
        self.shapes.push((name, values.to_vec()));
        self.known_shapes.insert(values.to_vec(), id);
        id
    }

    /// Adds an operator, and the tensor that it computes.
    pub fn operator(
        &mut self,
        op: Op,
        inputs: &[Operand],
        (name, data_type, shape): (&str, DataType, &[u32]),
    ) -> TensorId {
        let output = self.push(name, data_type, shape, None);
        self.operators.push(Operator {
            op,
            inputs: inputs.to_vec(),
            output,
        });
        output
    }

    /// Adds an output of the graph. A tensor that is an input or already an output goes through IDENTITY, so
    /// that each output has its own name: `name`, if no other tensor has it.
    pub fn output(&mut self, id: TensorId, name: &str) -> TensorId {
        let computed = self.producer(id).is_some();
        let id = if computed && !self.outputs.contains(&id) {
            id
        } else {
            let (data_type, shape) = (self.data_type(id), self.dimensions(id).to_vec());
            self.operator(Op::Identity, &[id.into()], (name, data_type, &shape))
        };
        // The outside knows this name: a tensor inside that has it gives it away.
        let holder = self.tensors.iter().position(|tensor| tensor.name == name);
        match holder.map(|at| TensorId(at as u32)) {
            Some(holder) if holder == id => {}
            Some(holder) if self.inputs.contains(&holder) || self.outputs.contains(&holder) => {}
            Some(holder) => {
                let given = std::mem::take(&mut self.tensors[id.0 as usize].name);
                let taken = std::mem::replace(&mut self.tensors[holder.0 as usize].name, given);
                self.tensors[id.0 as usize].name = taken;
            }
            None if name.is_empty() => {}
            None => {
                self.names.insert(name.to_owned(), 1);
                self.tensors[id.0 as usize].name = name.to_owned();
            }
        }
        self.outputs.push(id);
        id
    }

    /// Sets the order of the graph's inputs: those of `order` first.
    pub fn order_inputs(&mut self, order: &[TensorId]) {
        let place = |id: &TensorId| {
            order
                .iter()
                .position(|other| other == id)
                .unwrap_or(order.len())
        };
        self.inputs.sort_by_key(place);
    }

    /// The type of a tensor.
    #[must_use]
    pub fn data_type(&self, id: TensorId) -> DataType {
        self.tensors[id.0 as usize].data_type
    }

    /// The shape of a tensor.
    #[must_use]
    pub fn dimensions(&self, id: TensorId) -> &[u32] {
        &self.tensors[id.0 as usize].shape
    }

    /// The name of a tensor.
    #[must_use]
    pub fn name(&self, id: TensorId) -> &str {
        &self.tensors[id.0 as usize].name
    }

    /// Number of operators so far, constants not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.operators.len()
    }

    /// Whether there is no operator yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operators.is_empty()
    }

    /// Number of tensors and shapes so far.
    #[must_use]
    pub fn tensor_count(&self) -> usize {
        self.tensors.len() + self.shapes.len()
    }

    /// The operator that computed `id`, and what it reads; `None` for inputs and constants.
    #[must_use]
    pub fn producer(&self, id: TensorId) -> Option<(&Op, &[Operand])> {
        let at = self
            .operators
            .binary_search_by_key(&id, |operator| operator.output)
            .ok()?;
        Some((&self.operators[at].op, &self.operators[at].inputs))
    }

    /// Which operators (by index, in the order in which they were added) an output needs.
    #[must_use]
    pub fn needed(&self) -> Vec<bool> {
        let mut live = vec![false; self.tensors.len()];
        for id in &self.outputs {
            live[id.0 as usize] = true;
        }
        let mut needed = vec![false; self.operators.len()];
        for (index, operator) in self.operators.iter().enumerate().rev() {
            if live[operator.output.0 as usize] {
                needed[index] = true;
                for input in &operator.inputs {
                    if let Operand::Tensor(id) = input {
                        live[id.0 as usize] = true;
                    }
                }
            }
        }
        needed
    }

    /// The name of the operator that was added as number `index`.
    #[must_use]
    pub fn operator_name(&self, index: usize) -> &'static str {
        self.operators[index].op.name()
    }

    /// The file.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        encode::file(&self)
    }
}
