//! Writes model files, good and bad, with the `flatbuffers` builder, from a description as plain data.

use flatbuffers::{FlatBufferBuilder, UOffsetT, WIPOffset};

/// A table: schema slot and value of each field that is present.
pub type Table = Vec<(u16, Field)>;

/// The value of a field.
#[derive(Clone, Debug)]
pub enum Field {
    /// One byte.
    U8(u8),
    /// Four bytes, signed.
    I32(i32),
    /// Eight bytes.
    U64(u64),
    /// A string.
    Text(String),
    /// A vector of bytes.
    Bytes(Vec<u8>),
    /// A vector of i32.
    Ints(Vec<i32>),
    /// A vector of strings.
    Texts(Vec<String>),
    /// A vector that points twice to one string.
    SharedText(String),
    /// A table.
    Table(Table),
    /// A vector of tables.
    Tables(Vec<Table>),
}

pub use Field::{Bytes, I32, Ints, SharedText, Tables, Text, Texts, U8, U64};

/// The file of a root table.
pub fn file(root: &Table) -> Vec<u8> {
    let mut builder = FlatBufferBuilder::new();
    let root = write(&mut builder, root);
    builder.finish(WIPOffset::<UOffsetT>::new(root), Some("TOSA"));
    builder.finished_data().to_vec()
}

/// Offset of a written table, from the end of the buffer.
fn write(builder: &mut FlatBufferBuilder<'_>, table: &Table) -> UOffsetT {
    // What a table points to is written before it.
    let targets: Vec<Option<UOffsetT>> = table
        .iter()
        .map(|(_, field)| match field {
            Field::U8(_) | I32(_) | U64(_) => None,
            Text(text) => Some(builder.create_string(text).value()),
            Bytes(bytes) => Some(builder.create_vector(bytes).value()),
            Ints(ints) => Some(builder.create_vector(ints).value()),
            Texts(texts) => {
                let texts: Vec<_> = texts.iter().map(|t| builder.create_string(t)).collect();
                Some(builder.create_vector(&texts).value())
            }
            SharedText(text) => {
                let text = builder.create_string(text);
                Some(builder.create_vector(&[text, text]).value())
            }
            Field::Table(table) => Some(write(builder, table)),
            Tables(tables) => {
                let tables: Vec<_> = tables
                    .iter()
                    .map(|table| WIPOffset::<UOffsetT>::new(write(builder, table)))
                    .collect();
                Some(builder.create_vector(&tables).value())
            }
        })
        .collect();
    let start = builder.start_table();
    for ((slot, field), target) in table.iter().zip(targets) {
        let slot = 4 + 2 * slot;
        match (field, target) {
            (Field::U8(value), _) => builder.push_slot_always(slot, *value),
            (I32(value), _) => builder.push_slot_always(slot, *value),
            (U64(value), _) => builder.push_slot_always(slot, *value),
            (_, Some(target)) => {
                builder.push_slot_always(slot, WIPOffset::<UOffsetT>::new(target));
            }
            (_, None) => unreachable!("every other field has a target"),
        }
    }
    builder.end_table(start).value()
}

/// Sets field `slot` of `table`.
pub fn set(table: &mut Table, slot: u16, field: Field) {
    table.retain(|(other, _)| *other != slot);
    table.push((slot, field));
}

fn texts(names: &[&str]) -> Field {
    Texts(names.iter().map(|name| (*name).to_owned()).collect())
}

/// `bool`, as the schema numbers types.
pub const BOOL: i32 = 1;
/// `i4`.
pub const I4: i32 = 2;
/// `i8`.
pub const I8: i32 = 3;
/// `i16`.
pub const I16: i32 = 4;
/// `i32`; [`I32`] is a field.
pub const INT32: i32 = 5;
/// `i48`.
pub const I48: i32 = 6;
/// `f32`, which no model may have.
pub const FP32: i32 = 7;

/// A model, or one of its regions, before it is written.
#[derive(Clone, Default)]
pub struct Model {
    /// Tables of tensors.
    pub tensors: Vec<Table>,
    /// Tables of shapes.
    pub shapes: Vec<Table>,
    /// Tables of operators.
    pub operators: Vec<Table>,
    /// Names of the inputs.
    pub inputs: Vec<String>,
    /// Names of the outputs.
    pub outputs: Vec<String>,
    /// Regions besides `main`, with their names.
    pub regions: Vec<(String, Model)>,
}

impl Model {
    /// Declares a tensor.
    #[must_use]
    pub fn tensor(mut self, name: &str, data_type: i32, shape: &[i32]) -> Model {
        self.tensors.push(vec![
            (0, Text(name.to_owned())),
            (1, Ints(shape.to_vec())),
            (2, I32(data_type)),
        ]);
        self
    }

    /// Declares a tensor and makes it an input.
    pub fn input(mut self, name: &str, data_type: i32, shape: &[i32]) -> Model {
        self.inputs.push(name.to_owned());
        self.tensor(name, data_type, shape)
    }

    /// Declares a tensor and makes it an output.
    #[must_use]
    pub fn output(mut self, name: &str, data_type: i32, shape: &[i32]) -> Model {
        self.outputs.push(name.to_owned());
        self.tensor(name, data_type, shape)
    }

    /// Adds a region.
    pub fn region(mut self, name: &str, region: Model) -> Model {
        self.regions.push((name.to_owned(), region));
        self
    }

    /// Adds COND_IF or WHILE_LOOP with the names of its regions.
    #[must_use]
    pub fn control_flow(
        self,
        name: &str,
        regions: [&str; 2],
        inputs: &[&str],
        outputs: &[&str],
    ) -> Model {
        let names = regions.map(|region| Text(region.to_owned()));
        self.operator(name, (0..).zip(names).collect(), inputs, outputs)
    }

    /// Declares a tensor that stands for the variable `variable`.
    #[must_use]
    pub fn variable(
        self,
        name: &str,
        variable: &str,
        data_type: i32,
        shape: &[i32],
        data: &[u8],
    ) -> Model {
        let mut model = self.tensor(name, data_type, shape);
        if let Some(tensor) = model.tensors.last_mut() {
            set(tensor, 3, Bytes(data.to_vec()));
            set(tensor, 4, U8(1));
            set(tensor, 6, Text(variable.to_owned()));
        }
        model
    }

    /// Adds CONST.
    #[must_use]
    pub fn constant(self, name: &str, data_type: i32, shape: &[i32], data: &[u8]) -> Model {
        let mut model = self.tensor(name, data_type, shape);
        if let Some(tensor) = model.tensors.last_mut() {
            set(tensor, 3, Bytes(data.to_vec()));
        }
        model.operator("CONST", vec![], &[], &[name])
    }

    /// Adds CONST_SHAPE.
    #[must_use]
    pub fn shape(mut self, name: &str, values: &[i64]) -> Model {
        let data = values.iter().flat_map(|value| value.to_le_bytes());
        self.shapes.push(vec![
            (0, Text(name.to_owned())),
            (1, I32(values.len() as i32)),
            (2, Bytes(data.collect())),
        ]);
        self.operator("CONST_SHAPE", vec![], &[], &[name])
    }

    /// Adds an operator.
    pub fn operator(
        mut self,
        name: &str,
        attribute: Table,
        inputs: &[&str],
        outputs: &[&str],
    ) -> Model {
        let number = number(name);
        self.operators.push(vec![
            (0, I32(i32::from(number))),
            (1, U8(number)),
            (2, Field::Table(attribute)),
            (3, texts(inputs)),
            (4, texts(outputs)),
        ]);
        self
    }

    /// Its block.
    #[must_use]
    pub fn block(&self) -> Table {
        vec![
            (0, Text("main".into())),
            (1, Tables(self.operators.clone())),
            (2, Tables(self.tensors.clone())),
            (3, Texts(self.inputs.clone())),
            (4, Texts(self.outputs.clone())),
            (5, Tables(self.shapes.clone())),
        ]
    }

    /// Its root table.
    pub fn root(&self) -> Table {
        let region = |name: &str, model: &Model| -> Table {
            vec![(0, Text(name.to_owned())), (1, Tables(vec![model.block()]))]
        };
        let mut regions = vec![region("main", self)];
        regions.extend(self.regions.iter().map(|(name, model)| region(name, model)));
        vec![
            (0, Field::Table(vec![(0, I32(1)), (1, I32(0)), (2, I32(0))])),
            (1, Tables(regions)),
        ]
    }

    /// Its file.
    #[must_use]
    pub fn file(&self) -> Vec<u8> {
        file(&self.root())
    }
}

/// Operators in the order of the schema, where the first has number 0.
const OPERATORS: &str = "UNKNOWN ARGMAX AVG_POOL2D CONV2D CONV3D DEPTHWISE_CONV2D FFT2D \
    MATMUL MAX_POOL2D RFFT2D TRANSPOSE_CONV2D CLAMP ERF SIGMOID \
    TANH ADD ARITHMETIC_RIGHT_SHIFT BITWISE_AND BITWISE_OR BITWISE_XOR INTDIV \
    LOGICAL_AND LOGICAL_LEFT_SHIFT LOGICAL_RIGHT_SHIFT LOGICAL_OR LOGICAL_XOR MAXIMUM MINIMUM \
    MUL POW SUB TABLE ABS BITWISE_NOT CEIL \
    CLZ COS EXP FLOOR LOG LOGICAL_NOT NEGATE \
    RECIPROCAL RSQRT SIN SELECT EQUAL GREATER GREATER_EQUAL \
    REDUCE_ALL REDUCE_ANY REDUCE_MAX REDUCE_MIN REDUCE_PRODUCT REDUCE_SUM CONCAT \
    PAD RESHAPE REVERSE SLICE TILE TRANSPOSE GATHER \
    SCATTER RESIZE CAST RESCALE CONST IDENTITY CUSTOM \
    COND_IF WHILE_LOOP VARIABLE VARIABLE_WRITE VARIABLE_READ CONST_SHAPE";

/// The number of an operator in the schema.
fn number(name: &str) -> u8 {
    let place = OPERATORS.split(' ').position(|other| other == name);
    place.expect("an operator of the schema") as u8
}

/// `c = a + b`, i32 `[2]`.
pub fn add() -> Model {
    Model::default()
        .input("a", INT32, &[2])
        .input("b", INT32, &[2])
        .output("c", INT32, &[2])
        .operator("ADD", vec![], &["a", "b"], &["c"])
}
