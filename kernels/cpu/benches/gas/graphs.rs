//! Shapes of graphs: many small operators in a row, constants that many read, branches in branches, loops to their
//! limit, variables, borders. Each is a small and a large model that differ in how often a pattern stands in them.

use aivm_tosa::DataType::{Bool, I8, I32};
use aivm_tosa::ModelLimits;

use crate::random::Choices;
use crate::sequence::{LINKS_I8, LINKS_I32, sequence};
use crate::step::{Case, Fill, number};
use aivm_cases::model::{I32 as Number, INT32, Ints, Model, U8};

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
    let (elements, count, used) = (c.size(1 << 22), 1 + c.size(4096), c.once_in(2));
    let data_type = c.one_of(&[Bool, I8, I32, aivm_tosa::DataType::I48]);
    if elements * count > 1 << 22 {
        return None;
    }
    let of = |count: usize| {
        let mut case = Case::new();
        for index in 0..count {
            let (x, y) = (format!("x{index}"), format!("y{index}"));
            case.input(&x, data_type, &[elements], Fill::Any);
            if index > 0 && !used {
                continue;
            }
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
        note: format!("{count} of {data_type}[{elements}], used: {used}"),
    })
}
