//! Graphs of many small operators, each of which reads the one before.

use aivm_tosa::DataType::{Bool, I8, I32};

use crate::graphs::Pair;
use crate::random::Choices;
use crate::step::{Case, Fill, number, sides};
use aivm_cases::model::{I32 as Number, INT32, Ints, U8};

/// Operators that give an i32 tensor of the shape that they read.
pub(crate) const LINKS_I32: [&str; 18] = [
    "ADD",
    "SUB",
    "MUL",
    "INTDIV",
    "ABS",
    "CLZ",
    "MAXIMUM",
    "IDENTITY",
    "RESHAPE",
    "SLICE",
    "TILE",
    "PAD",
    "REVERSE",
    "TRANSPOSE",
    "CONCAT",
    "REDUCE_SUM",
    "RESCALE",
    "SELECT",
];

/// The same for i8. CONV2D and DEPTHWISE_CONV2D have a RESCALE behind them.
pub(crate) const LINKS_I8: [&str; 18] = [
    "NEGATE",
    "CLAMP",
    "TABLE",
    "BITWISE_NOT",
    "BITWISE_AND",
    "IDENTITY",
    "RESHAPE",
    "SLICE",
    "TILE",
    "REVERSE",
    "CONCAT",
    "RESCALE",
    "CONV2D",
    "DEPTHWISE_CONV2D",
    "MAX_POOL2D",
    "AVG_POOL2D",
    "RESIZE",
    "LOGICAL_LEFT_SHIFT",
];

/// A drawn pattern of dependent operators, over and over.
pub(crate) fn sequence(links: &'static [&'static str], c: &mut Choices<'_>) -> Option<Pair> {
    let pattern: Vec<&str> = (0..1 + c.below(4)).map(|_| c.one_of(links)).collect();
    let channels = c.size(64);
    let shape = [1, c.size(64), c.size(64), channels];
    let elements = shape.iter().product::<usize>();
    if elements * channels > 1 << 18 {
        return None;
    }
    let repetitions = (c.size(1000) * 8)
        .min((1 << 22) / (elements * channels))
        .max(8);
    let of = |repetitions: usize| -> Case {
        let i8 = links == LINKS_I8;
        let data_type = if i8 { I8 } else { I32 };
        let mut chain = Chain::new(data_type, &shape);
        for index in 0..repetitions * pattern.len() {
            chain.link(pattern[index % pattern.len()]);
        }
        chain.case.model.outputs.push(chain.last.clone());
        chain.case
    };
    let few = (repetitions / 8).max(1);
    Some(Pair {
        small: of(few),
        large: of(repetitions),
        more: (repetitions - few) * pattern.len(),
        note: format!("{pattern:?} {shape:?} x{repetitions}"),
    })
}

/// Operators one after the other.
struct Chain {
    case: Case,
    kind: i32,
    shape: Vec<i32>,
    last: String,
    links: usize,
}

impl Chain {
    fn new(data_type: aivm_tosa::DataType, shape: &[usize]) -> Chain {
        let mut case = Case::new();
        case.input("x", data_type, shape, Fill::Range(1, 100));
        let kind = number(data_type);
        let (shape, channels) = (sides(shape), shape[3]);
        let list: Vec<i64> = shape.iter().map(|&side| i64::from(side)).collect();
        case.add(|model| {
            model
                .shape("same", &list)
                .shape("zeros", &[0; 4])
                .shape("ones", &[1; 4])
                .shape("pads", &[0; 8])
                .shape("scale", &[1, 1, 1, 1])
                .shape("origin", &[0, 0])
                .constant("yes", number(Bool), &[1, 1, 1, 1], &[1])
                .constant("zp", kind, &[1], if kind == INT32 { &[0; 4] } else { &[0] })
                .constant("zp32", INT32, &[1], &[0; 4])
                .constant("shift", number(I8), &[1], &[30])
                .constant("none", number(I8), &[1], &[0])
                .constant("multiplier", INT32, &[1], &0x4000_0000_i32.to_le_bytes())
                .constant("table", number(I8), &[256], &[7; 256])
                .constant("bias", INT32, &[1], &[0; 4])
                .constant(
                    "weight",
                    number(I8),
                    &[channels as i32, 1, 1, channels as i32],
                    &vec![1; channels * channels],
                )
                .constant(
                    "filter",
                    number(I8),
                    &[1, 1, channels as i32, 1],
                    &vec![1; channels],
                )
        });
        Chain {
            case,
            kind,
            shape,
            last: "x".into(),
            links: 0,
        }
    }

    /// Adds `op` with `attribute`, of the last tensor and `others`, to a tensor of type `kind`.
    fn push(&mut self, op: &str, attribute: aivm_cases::model::Table, others: &[&str], kind: i32) {
        let name = format!("t{}", self.links);
        self.links += 1;
        let mut inputs = vec![self.last.as_str()];
        inputs.extend(others);
        let shape = &self.shape;
        self.case.add(|model| {
            model
                .tensor(&name, kind, shape)
                .operator(op, attribute, &inputs, &[&name])
        });
        self.last = name;
    }

    fn rescale(&mut self, to: i32) {
        let attribute = vec![
            (0, U8(1)),
            (1, Number(1)),
            (2, U8(0)),
            (3, U8(0)),
            (4, U8(0)),
        ];
        let from = if to == self.kind { "zp" } else { "zp32" };
        self.push(
            "RESCALE",
            attribute,
            &["multiplier", "shift", from, "zp"],
            self.kind,
        );
    }

    fn link(&mut self, op: &str) {
        let kind = self.kind;
        let window = |pads| {
            vec![
                (0, Ints(vec![1; 2])),
                (1, Ints(vec![1; 2])),
                (2, Ints(vec![0; pads])),
            ]
        };
        let convolution = || {
            vec![
                (0, Ints(vec![0; 4])),
                (1, Ints(vec![1; 2])),
                (2, Ints(vec![1; 2])),
                (3, U8(0)),
                (4, Number(5)),
            ]
        };
        let axis = vec![(0, Number(3))];
        match op {
            "ADD" | "SUB" | "INTDIV" | "BITWISE_AND" | "LOGICAL_LEFT_SHIFT" => {
                self.push(op, vec![], &["x"], kind)
            }
            "MAXIMUM" => self.push(op, vec![(0, Number(1))], &["x"], kind),
            "MUL" => self.push(op, vec![], &["x", "none"], kind),
            "ABS" | "CLZ" | "IDENTITY" | "BITWISE_NOT" => self.push(op, vec![], &[], kind),
            "RESHAPE" => self.push(op, vec![], &["same"], kind),
            "SLICE" => self.push(op, vec![], &["zeros", "same"], kind),
            "TILE" => self.push(op, vec![], &["ones"], kind),
            "PAD" => self.push(op, vec![], &["pads", "zp"], kind),
            "REVERSE" | "CONCAT" => self.push(op, axis, &[], kind),
            "TRANSPOSE" => self.push(op, vec![(0, Ints(vec![0, 1, 2, 3]))], &[], kind),
            "REDUCE_SUM" => self.push(op, vec![(0, Number(0))], &[], kind),
            "RESCALE" => self.rescale(kind),
            "NEGATE" => self.push(op, vec![], &["zp", "zp"], kind),
            "CLAMP" => {
                let bound = |value: i8| aivm_cases::model::Bytes(value.to_le_bytes().to_vec());
                self.push(
                    op,
                    vec![(0, bound(-9)), (1, bound(9)), (2, Number(1))],
                    &[],
                    kind,
                );
            }
            "TABLE" => self.push(op, vec![], &["table"], kind),
            "CONV2D" | "DEPTHWISE_CONV2D" => {
                let weight = if op == "CONV2D" { "weight" } else { "filter" };
                self.push(op, convolution(), &[weight, "bias", "zp", "zp"], INT32);
                self.rescale(INT32);
            }
            "MAX_POOL2D" | "AVG_POOL2D" => {
                let average = op == "AVG_POOL2D";
                let mut attribute = window(4);
                attribute.push((3, Number(if average { 5 } else { 1 })));
                self.push(
                    op,
                    attribute,
                    if average { &["zp", "zp"] } else { &[] },
                    kind,
                );
            }
            "RESIZE" => self.push(
                op,
                vec![(0, Number(1))],
                &["scale", "origin", "origin"],
                kind,
            ),
            _ => {
                // SELECT: the condition comes first.
                let (before, name) = (self.last.clone(), format!("t{}", self.links));
                self.links += 1;
                let shape = &self.shape;
                self.case.add(|model| {
                    let model = model.tensor(&name, kind, shape);
                    model.operator("SELECT", vec![], &["yes", &before, "x"], &[&name])
                });
                self.last = name;
            }
        }
    }
}
