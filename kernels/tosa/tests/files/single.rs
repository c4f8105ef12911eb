//! Models of one operator, as parts that a test can change: a valid one for each operator.

use crate::model::{BOOL, Bytes, Field, I4, I8, I16, I32, I48, INT32, Ints, Model, Table, U8};

/// What an operator reads.
#[derive(Clone)]
pub(crate) enum Part {
    /// An input of the graph: type and shape.
    Tensor(i32, Vec<i32>),
    /// A constant whose elements are all one value.
    Constant(i32, Vec<i32>, i64),
    /// A shape operand.
    Shape(Vec<i64>),
}

use Part::{Constant, Shape, Tensor};

/// A model of one operator.
#[derive(Clone)]
pub(crate) struct Single {
    pub name: String,
    pub attribute: Table,
    pub inputs: Vec<Part>,
    pub outputs: Vec<(i32, Vec<i32>)>,
}

impl Single {
    /// The model, with inputs `i0`, `i1`, … and outputs `o0`, ….
    pub(crate) fn model(&self) -> Model {
        let mut model = Model::default();
        let mut inputs = Vec::new();
        for (index, part) in self.inputs.iter().enumerate() {
            let name = format!("i{index}");
            model = match part {
                Tensor(data_type, shape) => model.input(&name, *data_type, shape),
                Constant(data_type, shape, value) => {
                    let elements: i32 = shape.iter().product();
                    let data = filled(*data_type, elements as usize, *value);
                    model.constant(&name, *data_type, shape, &data)
                }
                Shape(values) => model.shape(&name, values),
            };
            inputs.push(name);
        }
        let mut outputs = Vec::new();
        for (index, (data_type, shape)) in self.outputs.iter().enumerate() {
            let name = format!("o{index}");
            model = model.output(&name, *data_type, shape);
            outputs.push(name);
        }
        let names = |list: &[String]| {
            list.iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let (inputs, outputs) = (names(&inputs), names(&outputs));
        model.operator(
            &self.name,
            self.attribute.clone(),
            &inputs.split_whitespace().collect::<Vec<_>>(),
            &outputs.split_whitespace().collect::<Vec<_>>(),
        )
    }

    /// The same with input `index` replaced.
    pub(crate) fn input(mut self, index: usize, part: Part) -> Single {
        self.inputs[index] = part;
        self
    }

    /// The same with the shape of tensor or constant `index` replaced.
    pub(crate) fn input_shape(mut self, index: usize, sides: &[i32]) -> Single {
        match &mut self.inputs[index] {
            Tensor(_, shape) | Constant(_, shape, _) => *shape = sides.to_vec(),
            Shape(_) => panic!("input {index} is a shape operand"),
        }
        self
    }

    /// The same with the shape of the output replaced.
    pub(crate) fn output_shape(mut self, sides: &[i32]) -> Single {
        self.outputs[0].1 = sides.to_vec();
        self
    }

    /// The same with a field of the attribute replaced.
    pub(crate) fn field(mut self, slot: u16, field: Field) -> Single {
        crate::model::set(&mut self.attribute, slot, field);
        self
    }
}

/// Constant data of `elements` times `value`, in the layout of files.
pub(crate) fn filled(data_type: i32, elements: usize, value: i64) -> Vec<u8> {
    let one = value.to_le_bytes();
    match data_type {
        I4 => {
            let half = one[0] & 15;
            let mut data = vec![half | half << 4; elements / 2];
            data.extend((elements % 2 == 1).then_some(half));
            data
        }
        I16 => one[..2].repeat(elements),
        INT32 => one[..4].repeat(elements),
        I48 => one[..6].repeat(elements),
        _ => one[..1].repeat(elements),
    }
}

/// A valid model of operator `name` if `types`, the types that the specification leaves open in the order of
/// operands, are one of its combinations. RESIZE has two names, with its mode.
pub(crate) fn single(name: &str, types: &[i32]) -> Single {
    let tensor = |data_type: i32, shape: &[i32]| Tensor(data_type, shape.to_vec());
    let zero = |data_type: i32| Constant(data_type, vec![1], 0);
    let ints = |slot: u16, values: &[i32]| (slot, Ints(values.to_vec()));
    let axis = || vec![(0, I32(0))];
    let zeros = |n: usize| vec![0; n];
    let ones = |n: usize| vec![1; n];
    let window = || vec![ints(0, &[2, 2]), ints(1, &[2, 2]), ints(2, &zeros(4))];
    let convolution = |axes: usize, acc_type: i32| {
        vec![
            ints(0, &zeros(2 * axes)),
            ints(1, &ones(axes)),
            ints(2, &ones(axes)),
            (4, I32(acc_type)),
        ]
    };
    let conv = |x: &[i32], w: &[i32], bias: i32, types: &[i32]| {
        vec![
            tensor(types[0], x),
            tensor(types[1], w),
            tensor(types[2], &[bias]),
            zero(types[0]),
            zero(types[1]),
        ]
    };
    let (attribute, inputs, output): (Table, Vec<Part>, (i32, &[i32])) = match (name, types) {
        ("ARGMAX", &[a, o]) => (axis(), vec![tensor(a, &[2, 3])], (o, &[3])),
        ("AVG_POOL2D", &[a, o, acc]) => {
            let mut attribute = window();
            attribute.push((3, I32(acc)));
            let inputs = vec![tensor(a, &[1, 4, 4, 1]), zero(a), zero(a)];
            (attribute, inputs, (o, &[1, 2, 2, 1]))
        }
        ("MAX_POOL2D", &[a, o]) => (window(), vec![tensor(a, &[1, 4, 4, 1])], (o, &[1, 2, 2, 1])),
        ("CONV2D", &[_, _, o, acc]) => (
            convolution(2, acc),
            conv(&[1, 5, 5, 2], &[3, 3, 3, 2], 3, types),
            (o, &[1, 3, 3, 3]),
        ),
        ("CONV3D", &[_, _, o, acc]) => (
            convolution(3, acc),
            conv(&[1, 3, 5, 5, 2], &[3, 2, 3, 3, 2], 3, types),
            (o, &[1, 2, 3, 3, 3]),
        ),
        ("DEPTHWISE_CONV2D", &[_, _, o, acc]) => (
            convolution(2, acc),
            conv(&[1, 5, 5, 2], &[3, 3, 2, 2], 4, types),
            (o, &[1, 3, 3, 4]),
        ),
        ("TRANSPOSE_CONV2D", &[_, _, o, acc]) => (
            vec![ints(0, &zeros(4)), ints(1, &ones(2)), (3, I32(acc))],
            conv(&[1, 3, 3, 2], &[2, 3, 3, 2], 2, types),
            (o, &[1, 5, 5, 2]),
        ),
        ("MATMUL", &[a, b, o]) => (
            vec![],
            vec![
                tensor(a, &[1, 2, 3]),
                tensor(b, &[1, 3, 4]),
                zero(a),
                zero(b),
            ],
            (o, &[1, 2, 4]),
        ),
        ("CLAMP", &[a, o]) => (
            vec![(0, Bytes(filled(a, 1, 0))), (1, Bytes(filled(a, 1, 1)))],
            vec![tensor(a, &[2, 3])],
            (o, &[2, 3]),
        ),
        ("MUL", &[a, b, o]) => (
            vec![],
            vec![tensor(a, &[2, 1]), tensor(b, &[1, 3]), zero(I8)],
            (o, &[2, 3]),
        ),
        ("TABLE", &[a, t, o]) => (
            vec![],
            vec![
                tensor(a, &[2, 3]),
                Constant(t, vec![if a == I16 { 513 } else { 256 }], 0),
            ],
            (o, &[2, 3]),
        ),
        ("NEGATE", &[a, o]) => (
            vec![],
            vec![tensor(a, &[2, 3]), zero(a), zero(a)],
            (o, &[2, 3]),
        ),
        ("SELECT", &[c, a, b, o]) => (
            vec![],
            vec![tensor(c, &[1, 1]), tensor(a, &[2, 1]), tensor(b, &[1, 3])],
            (o, &[2, 3]),
        ),
        ("CONCAT", &[a, b, o]) => (
            axis(),
            vec![tensor(a, &[2, 3]), tensor(b, &[1, 3])],
            (o, &[3, 3]),
        ),
        ("PAD", &[a, c, o]) => (
            vec![],
            vec![tensor(a, &[2, 3]), Shape(vec![1, 0, 0, 2]), zero(c)],
            (o, &[3, 5]),
        ),
        ("RESHAPE", &[a, o]) => (
            vec![],
            vec![tensor(a, &[2, 3]), Shape(vec![3, 2])],
            (o, &[3, 2]),
        ),
        ("REVERSE", &[a, o]) => (axis(), vec![tensor(a, &[2, 3])], (o, &[2, 3])),
        ("SLICE", &[a, o]) => (
            vec![],
            vec![tensor(a, &[2, 3]), Shape(vec![1, 1]), Shape(vec![1, 2])],
            (o, &[1, 2]),
        ),
        ("TILE", &[a, o]) => (
            vec![],
            vec![tensor(a, &[2, 3]), Shape(vec![2, 1])],
            (o, &[4, 3]),
        ),
        ("TRANSPOSE", &[a, o]) => (
            vec![ints(0, &[1, 0])],
            vec![tensor(a, &[2, 3])],
            (o, &[3, 2]),
        ),
        ("GATHER", &[a, i, o]) => (
            vec![],
            vec![tensor(a, &[2, 3, 4]), tensor(i, &[2, 5])],
            (o, &[2, 5, 4]),
        ),
        ("SCATTER", &[a, i, b, o]) => (
            vec![],
            vec![
                tensor(a, &[2, 3, 4]),
                tensor(i, &[2, 3]),
                tensor(b, &[2, 3, 4]),
            ],
            (o, &[2, 3, 4]),
        ),
        ("RESIZE nearest" | "RESIZE bilinear", &[a, o]) => (
            vec![(0, I32(if name == "RESIZE nearest" { 1 } else { 2 }))],
            vec![
                tensor(a, &[1, 2, 2, 1]),
                Shape(vec![2, 1, 2, 1]),
                Shape(vec![0, 0]),
                Shape(vec![0, 0]),
            ],
            (o, &[1, 3, 3, 1]),
        ),
        ("RESCALE", &[a, m, s, o]) => (
            vec![(0, U8(u8::from(m == INT32))), (1, I32(1))],
            vec![
                tensor(a, &[2, 3]),
                Constant(m, vec![1], 1),
                Constant(s, vec![1], if s == BOOL { 1 } else { 2 }),
                zero(a),
                zero(o),
            ],
            (o, &[2, 3]),
        ),
        ("ARITHMETIC_RIGHT_SHIFT", &[a, b, o]) => (
            vec![(0, U8(1))],
            vec![tensor(a, &[2, 1]), tensor(b, &[1, 3])],
            (o, &[2, 3]),
        ),
        // Reductions along axis 0, else one operand.
        (_, &[a, o]) if name.starts_with("REDUCE") => {
            (axis(), vec![tensor(a, &[2, 3])], (o, &[1, 3]))
        }
        (_, &[a, o]) => (vec![], vec![tensor(a, &[2, 3])], (o, &[2, 3])),
        (_, &[a, b, o]) => (
            vec![],
            vec![tensor(a, &[2, 1]), tensor(b, &[1, 3])],
            (o, &[2, 3]),
        ),
        _ => panic!("{name} of {types:?}"),
    };
    Single {
        name: name.split(' ').next().expect("a name").to_owned(),
        attribute,
        inputs,
        outputs: vec![(output.0, output.1.to_vec())],
    }
}
