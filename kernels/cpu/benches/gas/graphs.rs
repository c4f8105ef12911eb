//! Shapes of graphs: many small operators in a row, constants that many read, branches in branches, loops to their
//! limit, variables, borders. Each is a small and a large model that differ in how often a pattern stands in them.

use aivm_tosa::DataType::{Bool, I8, I32};
use aivm_tosa::ModelLimits;

use crate::model::{I32 as Number, INT32, Ints, Model, U8};
use crate::random::Choices;
use crate::step::{Case, Fill, number, sides};

/// A pattern at two numbers of repetitions.
pub(crate) struct Pair {
    pub small: Case,
    pub large: Case,
    /// Repetitions that the large model has more.
    pub more: usize,
    pub note: String,
}

/// The shapes of graphs.
pub(crate) const GRAPHS: [&str; 7] = [
    "sequence of i32",
    "sequence of i8",
    "aliased constant",
    "branches",
    "loop",
    "variables",
    "borders",
];

/// A drawn graph of shape `name`.
pub(crate) fn draw(name: &'static str, c: &mut Choices<'_>) -> Option<Pair> {
    match name {
        "sequence of i32" => sequence(&LINKS_I32, c),
        "sequence of i8" => sequence(&LINKS_I8, c),
        "aliased constant" => aliased(c),
        "branches" => branches(c),
        "loop" => while_loop(c),
        "variables" => variables(c),
        _ => borders(c),
    }
}

/// Operators that give an i32 tensor of the shape that they read.
const LINKS_I32: [&str; 18] = [
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
const LINKS_I8: [&str; 18] = [
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
fn sequence(links: &'static [&'static str], c: &mut Choices<'_>) -> Option<Pair> {
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
    fn push(&mut self, op: &str, attribute: crate::model::Table, others: &[&str], kind: i32) {
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
                let bound = |value: i8| crate::model::Bytes(value.to_le_bytes().to_vec());
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

/// A large constant that many operators read.
fn aliased(c: &mut Choices<'_>) -> Option<Pair> {
    let (rows, row) = (c.size(1 << 16), c.size(1 << 12));
    let (kind, readers) = (c.below(4), c.size(2048));
    if rows * row > 4 << 20 || (kind == 2 && rows * row * readers > 64 << 20) {
        return None;
    }
    let of = |readers: usize| {
        let mut case = Case::new();
        case.input("index", I32, &[1, 1], Fill::Range(0, rows as i64 - 1));
        case.input("x", I8, &[1, 1, 1, row], Fill::Any);
        case.input("one", I8, &[1, 1, 1], Fill::Any);
        let (rows, row) = (rows as i32, row as i32);
        let data = vec![1; (rows * row) as usize];
        case.add(|model| {
            model
                .constant("large", 3, &[1, rows, row], &data)
                .constant("weight", 3, &[rows, 1, 1, row], &data)
                .constant("zp", 3, &[1], &[0])
                .constant("bias", INT32, &[1], &[0; 4])
                .shape("start", &[0, i64::from(rows) - 1, 0])
                .shape("size", &[1, 1, i64::from(row)])
        });
        for reader in 0..readers {
            let name = format!("y{reader}");
            case.add(|model| {
                let shape: &[i32] = match kind {
                    0 | 1 => &[1, 1, row],
                    2 => &[1, 1, 1, rows],
                    _ => &[1, rows, row],
                };
                let kind32 = if kind == 2 { INT32 } else { 3 };
                let model = if reader == 0 {
                    model.output(&name, kind32, shape)
                } else {
                    model.tensor(&name, kind32, shape)
                };
                let attribute = vec![
                    (0, Ints(vec![0; 4])),
                    (1, Ints(vec![1; 2])),
                    (2, Ints(vec![1; 2])),
                    (3, U8(0)),
                    (4, Number(5)),
                ];
                match kind {
                    0 => model.operator("GATHER", vec![], &["large", "index"], &[&name]),
                    1 => model.operator("SLICE", vec![], &["large", "start", "size"], &[&name]),
                    2 => model.operator(
                        "CONV2D",
                        attribute,
                        &["x", "weight", "bias", "zp", "zp"],
                        &[&name],
                    ),
                    _ => model.operator("BITWISE_AND", vec![], &["large", "one"], &[&name]),
                }
            });
        }
        case
    };
    let readers = if kind == 3 {
        readers.min(1 + (1 << 24) / (rows * row))
    } else {
        readers
    }
    .max(2);
    let what = ["GATHER", "SLICE", "CONV2D", "BITWISE_AND"][kind];
    Some(Pair {
        small: of(1),
        large: of(readers),
        more: readers - 1,
        note: format!("{what} of constant [{rows}, {row}] x{readers}"),
    })
}

/// COND_IFs inside each other, many in a row.
fn branches(c: &mut Choices<'_>) -> Option<Pair> {
    let (depth, elements, tensors, count) =
        (1 + c.below(6), c.size(1 << 18), c.size(16), 1 + c.size(512));
    if elements * tensors * count * depth > 1 << 24 {
        return None;
    }
    let region = |level: usize, uses: usize, inside: Case| -> Case {
        let mut case = inside;
        let shape = [elements as i32];
        let names = |prefix: &str| -> Vec<String> {
            (0..tensors).map(|t| format!("{prefix}{t}")).collect()
        };
        if level > 0 {
            case.add(|model| model.constant("c", number(Bool), &[1], &[1]));
            for name in names("x") {
                case.add(|model| model.input(&name, INT32, &shape));
            }
        } else {
            case.input("c", Bool, &[1], Fill::Any);
            for name in names("x") {
                case.input(&name, I32, &[elements], Fill::Any);
            }
        }
        let mut last = names("x");
        for round in 0..uses {
            let next = names(&format!("r{round}."));
            for name in &next {
                case.add(|model| model.tensor(name, INT32, &shape));
            }
            let mut inputs = vec!["c"];
            inputs.extend(last.iter().map(String::as_str));
            let outputs: Vec<&str> = next.iter().map(String::as_str).collect();
            let callee = format!("level{}", level + 1);
            if level == depth {
                for (from, to) in last.iter().zip(&next) {
                    case.add(|model| model.operator("ABS", vec![], &[from], &[to]));
                }
            } else {
                case.add(|model| {
                    model.control_flow("COND_IF", [&callee, &callee], &inputs, &outputs)
                });
            }
            last = next;
        }
        case.model.outputs = last;
        case
    };
    let of = |count: usize| {
        let mut case = region(0, count, Case::new());
        for level in 1..=depth {
            let inner = region(level, 1, Case::new());
            case.add(|model| model.region(&format!("level{level}"), inner.model));
        }
        case
    };
    Some(Pair {
        small: of(1),
        large: of(count),
        more: count - 1,
        note: format!("depth {depth}, {tensors} of i32[{elements}] x{count}"),
    })
}

/// A WHILE_LOOP that runs to its limit.
fn while_loop(c: &mut Choices<'_>) -> Option<Pair> {
    let (elements, tensors, operators) = (c.size(1 << 14), c.size(16), c.below(4));
    let limit = ModelLimits::TOOL.loop_iterations;
    if elements * tensors > 1 << 14 {
        return None;
    }
    let names =
        |prefix: &str| -> Vec<String> { (0..tensors).map(|t| format!("{prefix}{t}")).collect() };
    let shape = [elements as i32];
    let inputs = |mut model: Model| {
        for name in names("x") {
            model = model.input(&name, INT32, &shape);
        }
        model
    };
    let condition = inputs(Model::default().input("n", INT32, &[1]))
        .output("more", number(Bool), &[1])
        .constant("zero", INT32, &[1], &[0; 4])
        .operator("GREATER", vec![], &["n", "zero"], &["more"]);
    let mut body = inputs(Model::default().input("n", INT32, &[1]))
        .output("less", INT32, &[1])
        .constant("unit", INT32, &[1], &[1, 0, 0, 0])
        .operator("SUB", vec![], &["n", "unit"], &["less"]);
    for name in names("x") {
        let mut last = name.clone();
        for round in 0..operators {
            let next = format!("{name}.{round}");
            body = body
                .tensor(&next, INT32, &shape)
                .operator("ABS", vec![], &[&last], &[&next]);
            last = next;
        }
        body.outputs.push(last);
    }
    let of = |looped: bool| {
        let mut case = Case::new();
        let limit = i64::from(limit);
        case.input("n", I32, &[1], Fill::Range(limit, limit));
        for name in names("x") {
            case.input(&name, I32, &[elements], Fill::Any);
        }
        let mut operands = vec!["n".to_owned()];
        operands.extend(names("x"));
        let results: Vec<String> = operands.iter().map(|name| format!("out.{name}")).collect();
        case.add(|mut model| {
            for name in &results {
                let one = name == "out.n";
                model = model.output(name, INT32, if one { &[1] } else { &shape });
            }
            let operands: Vec<&str> = operands.iter().map(String::as_str).collect();
            let outputs: Vec<&str> = results.iter().map(String::as_str).collect();
            if looped {
                return model
                    .control_flow("WHILE_LOOP", ["condition", "body"], &operands, &outputs)
                    .region("condition", condition.clone())
                    .region("body", body.clone());
            }
            for (from, to) in operands.iter().zip(&outputs) {
                model = model.operator("IDENTITY", vec![], &[from], &[to]);
            }
            model
        });
        case
    };
    Some(Pair {
        small: of(false),
        large: of(true),
        more: limit as usize,
        note: format!("{limit} rounds of {operators} ABS of {tensors} of i32[{elements}]"),
    })
}

/// Variables that are read and written.
fn variables(c: &mut Choices<'_>) -> Option<Pair> {
    let (elements, count, used) = (c.size(1 << 20), 1 + c.size(1000), c.once_in(2));
    if elements * count > 1 << 22 {
        return None;
    }
    let of = |count: usize| {
        let mut case = Case::new();
        case.input("x", I32, &[1], Fill::Any);
        let shape = [elements as i32];
        case.add(|model| {
            model
                .output("y", INT32, &[1])
                .operator("ABS", vec![], &["x"], &["y"])
        });
        for index in 0..count {
            let [v, variable, old, new] =
                ["v", "variable", "old", "new"].map(|name| format!("{name}{index}"));
            case.add(|model| {
                let model = model.variable(&v, &variable, INT32, &shape, &vec![0; 4 * elements]);
                let model = model.operator("VARIABLE", vec![], &[], &[&v]);
                if !used {
                    return model;
                }
                model
                    .tensor(&old, INT32, &shape)
                    .tensor(&new, INT32, &shape)
                    .operator("VARIABLE_READ", vec![], &[&v], &[&old])
                    .operator("ADD", vec![], &[&old, "x"], &[&new])
                    .operator("VARIABLE_WRITE", vec![], &[&new], &[&v])
            });
        }
        case
    };
    Some(Pair {
        small: of(1),
        large: of(count),
        more: count - 1,
        note: format!("{count} of i32[{elements}], used: {used}"),
    })
}

/// Inputs and outputs with hardly anything between them.
fn borders(c: &mut Choices<'_>) -> Option<Pair> {
    let (elements, count) = (c.size(1 << 22), 1 + c.size(4096));
    let data_type = c.one_of(&[Bool, I8, I32, aivm_tosa::DataType::I48]);
    if elements * count > 1 << 22 {
        return None;
    }
    let of = |count: usize| {
        let mut case = Case::new();
        for index in 0..count {
            let (x, y) = (format!("x{index}"), format!("y{index}"));
            case.input(&x, data_type, &[elements], Fill::Any);
            case.add(|model| {
                let model = model.output(&y, number(data_type), &[elements as i32]);
                model.operator("IDENTITY", vec![], &[&x], &[&y])
            });
        }
        case
    };
    Some(Pair {
        small: of(1),
        large: of(count),
        more: count - 1,
        note: format!("{count} of {data_type}[{elements}]"),
    })
}
