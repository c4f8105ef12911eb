//! One operator with its operands, as plain data, and the models that hold it any number of times.

use aivm_tosa::DataType;

use aivm_cases::model::{Field, Model, Table};

/// What an operand's elements are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fill {
    /// Any value of the type.
    Any,
    /// Values in a range, both ends included.
    Range(i64, i64),
}

/// An operand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    /// An input of the graph, or a constant.
    Tensor {
        data_type: DataType,
        shape: Vec<usize>,
        fill: Fill,
        constant: bool,
    },
    Shape(Vec<i64>),
}

impl Operand {
    pub(crate) fn input(data_type: DataType, shape: &[usize]) -> Operand {
        Operand::Tensor {
            data_type,
            shape: shape.to_vec(),
            fill: Fill::Any,
            constant: false,
        }
    }

    pub(crate) fn constant(data_type: DataType, shape: &[usize], fill: Fill) -> Operand {
        Operand::Tensor {
            data_type,
            shape: shape.to_vec(),
            fill,
            constant: true,
        }
    }

    /// The same as a constant if `constant`.
    pub(crate) fn if_constant(self, is_constant: bool) -> Operand {
        match self {
            Operand::Tensor {
                data_type,
                shape,
                fill,
                ..
            } => Operand::Tensor {
                data_type,
                shape,
                fill,
                constant: is_constant,
            },
            other => other,
        }
    }

    /// A zero point of one element: 0.
    pub(crate) fn zero(data_type: DataType) -> Operand {
        Operand::constant(data_type, &[1], Fill::Range(0, 0))
    }
}

/// One operator with its operands and its result.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub op: &'static str,
    pub attribute: Table,
    pub operands: Vec<Operand>,
    pub data_type: DataType,
    pub shape: Vec<usize>,
    /// What the operands do not show.
    pub note: String,
}

/// A model and what its inputs are filled with.
pub(crate) struct Case {
    pub model: Model,
    pub inputs: Vec<(DataType, usize, Fill)>,
}

impl Case {
    pub(crate) fn new() -> Case {
        Case {
            model: Model::default(),
            inputs: Vec::new(),
        }
    }

    /// Changes the model.
    pub(crate) fn add(&mut self, add: impl FnOnce(Model) -> Model) {
        self.model = add(std::mem::take(&mut self.model));
    }

    /// Declares an input.
    pub(crate) fn input(&mut self, name: &str, data_type: DataType, shape: &[usize], fill: Fill) {
        self.inputs.push((data_type, shape.iter().product(), fill));
        self.add(|model| model.input(name, number(data_type), &sides(shape)));
    }
}

impl Step {
    pub(crate) fn new(
        op: &'static str,
        attribute: Table,
        operands: Vec<Operand>,
        (data_type, shape): (DataType, &[usize]),
    ) -> Step {
        Step {
            op,
            attribute,
            operands,
            data_type,
            shape: shape.to_vec(),
            note: String::new(),
        }
    }

    pub(crate) fn note(mut self, note: String) -> Step {
        self.note = note;
        self
    }

    /// The step as text.
    pub(crate) fn describe(&self) -> String {
        let operands = self.operands.iter().filter_map(|operand| match operand {
            Operand::Tensor {
                data_type,
                shape,
                constant,
                ..
            } if shape.iter().product::<usize>() > 1 || !constant => {
                let mark = if *constant { "const " } else { "" };
                Some(format!("{mark}{data_type}{shape:?}"))
            }
            _ => None,
        });
        let operands: Vec<_> = operands.collect();
        let (to, shape) = (self.data_type, &self.shape);
        format!(
            "{} {} -> {to}{shape:?} {}",
            self.op,
            operands.join(" "),
            self.note
        )
    }

    /// Bytes of all tensors.
    pub(crate) fn bytes(&self) -> usize {
        let sizes = self.operands.iter().map(|operand| match operand {
            Operand::Tensor {
                data_type, shape, ..
            } => bytes(*data_type, shape),
            Operand::Shape(_) => 0,
        });
        sizes.fold(bytes(self.data_type, &self.shape), usize::saturating_add)
    }

    /// A model with `copies` of the step, and all that `room` of them have around them. The first result is the output.
    ///
    /// Around an element-wise step is what makes it a step of its own for an executor that fuses: its first operand is
    /// a new tensor each time, and somebody reads an element of its result.
    pub(crate) fn copies(&self, copies: usize, room: usize) -> Case {
        let mut case = Case::new();
        let names = self.declare(&mut case);
        let apart = self.is_element_wise();
        let (kind, shape) = (number(self.data_type), sides(&self.shape));
        if apart {
            case.add(|model| self.shapes_around(model));
        }
        for copy in 0..room {
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            let fresh = format!("x0.{copy}");
            if apart
                && let Operand::Tensor {
                    data_type, shape, ..
                } = &self.operands[0]
            {
                let (kind, shape) = (number(*data_type), sides(shape));
                case.add(|model| {
                    let model = model.tensor(&fresh, kind, &shape);
                    model.operator("SLICE", vec![], &["x0", "from", "whole"], &[&fresh])
                });
                names[0] = &fresh;
            }
            let name = format!("y{copy}");
            if copy < copies {
                case.add(|model| {
                    let model = if copy == 0 {
                        model.output(&name, kind, &shape)
                    } else {
                        model.tensor(&name, kind, &shape)
                    };
                    model.operator(self.op, self.attribute.clone(), &names, &[&name])
                });
            }
            if apart {
                let (reader, read) = (format!("z{copy}"), if copy < copies { &name } else { "y0" });
                let ones = vec![1; self.shape.len()];
                case.add(|model| {
                    let model = model.tensor(&reader, kind, &ones);
                    model.operator("SLICE", vec![], &[read, "first", "one"], &[&reader])
                });
            }
        }
        case
    }

    /// Whether executors may compute it together with its neighbours; all tensors can be sliced.
    fn is_element_wise(&self) -> bool {
        let sliceable = |data_type| data_type != DataType::I48;
        let moves = [
            "REDUCE_",
            "ARGMAX",
            "CONCAT",
            "PAD",
            "RESHAPE",
            "REVERSE",
            "SLICE",
            "TILE",
            "TRANSPOSE",
            "GATHER",
            "SCATTER",
            "RESIZE",
            "IDENTITY",
            "CONV",
            "POOL",
            "MATMUL",
        ];
        let first = match &self.operands[0] {
            Operand::Tensor {
                data_type, shape, ..
            } => sliceable(*data_type) && !shape.is_empty(),
            Operand::Shape(_) => false,
        };
        first && sliceable(self.data_type) && !moves.iter().any(|word| self.op.contains(word))
    }

    /// The shapes that SLICEs around an element-wise step name.
    fn shapes_around(&self, model: Model) -> Model {
        let list = |sides: &[usize]| sides.iter().map(|&side| side as i64).collect::<Vec<_>>();
        let Operand::Tensor { shape, .. } = &self.operands[0] else {
            return model;
        };
        model
            .shape("from", &vec![0; shape.len()])
            .shape("whole", &list(shape))
            .shape("first", &vec![0; self.shape.len()])
            .shape("one", &vec![1; self.shape.len()])
    }

    /// Declares the operands and gives their names.
    fn declare(&self, case: &mut Case) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (index, operand) in self.operands.iter().enumerate() {
            // An operand that stands twice in a CONCAT is one tensor.
            let before = self.operands[..index]
                .iter()
                .position(|other| other == operand);
            if let Some(first) = before.filter(|_| self.op == "CONCAT") {
                let name = names[first].clone();
                names.push(name);
                continue;
            }
            let name = format!("x{index}");
            match operand {
                Operand::Tensor {
                    data_type,
                    shape,
                    fill,
                    constant,
                } => {
                    if *constant {
                        let elements = shape.iter().product();
                        let data = file_bytes(*data_type, elements, *fill, index as u64);
                        let (kind, shape) = (number(*data_type), sides(shape));
                        case.add(|model| model.constant(&name, kind, &shape, &data));
                    } else {
                        case.input(&name, *data_type, shape, *fill);
                    }
                }
                Operand::Shape(values) => case.add(|model| model.shape(&name, values)),
            }
            names.push(name);
        }
        names
    }
}

pub(crate) fn bytes(data_type: DataType, shape: &[usize]) -> usize {
    let width = data_type.bytes() as usize;
    shape
        .iter()
        .fold(width, |bytes, &side| bytes.saturating_mul(side))
}

/// The number of a type in the schema.
pub(crate) fn number(data_type: DataType) -> i32 {
    match data_type {
        DataType::Bool => 1,
        DataType::I4 => 2,
        DataType::I8 => 3,
        DataType::I16 => 4,
        DataType::I32 => 5,
        DataType::I48 => 6,
    }
}

pub(crate) fn sides(shape: &[usize]) -> Vec<i32> {
    shape.iter().map(|&side| side as i32).collect()
}

/// A list of numbers as a field.
pub(crate) fn ints(list: &[usize]) -> Field {
    Field::Ints(sides(list))
}

/// Elements as they cross borders.
pub(crate) fn border_bytes(data_type: DataType, elements: usize, fill: Fill, seed: u64) -> Vec<u8> {
    let width = data_type.bytes() as usize;
    let mut random = crate::random::Random::new(seed);
    let (min, max) = match fill {
        Fill::Any => (data_type.min(), data_type.max()),
        Fill::Range(min, max) => (min, max),
    };
    let range = (max - min + 1) as u64;
    let mut bytes = Vec::with_capacity(width * elements);
    for _ in 0..elements {
        let value = min.wrapping_add((random.next() % range) as i64);
        bytes.extend_from_slice(&value.to_le_bytes()[..width]);
    }
    bytes
}

/// Elements as a file holds constants: i4 two a byte, i48 six bytes.
pub(crate) fn file_bytes(data_type: DataType, elements: usize, fill: Fill, seed: u64) -> Vec<u8> {
    let border = border_bytes(data_type, elements, fill, seed);
    match data_type {
        DataType::I4 => border
            .chunks(2)
            .map(|pair| (pair[0] & 15) | (pair.get(1).map_or(0, |high| high & 15) << 4))
            .collect(),
        DataType::I48 => border
            .chunks_exact(8)
            .flat_map(|element| element[..6].to_vec())
            .collect(),
        _ => border,
    }
}
