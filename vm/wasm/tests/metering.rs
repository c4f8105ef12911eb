//! Metering is sound: along random paths of random modules the plan takes exactly the price of what runs.
//!
//! Two walks of one function make the same random choices at every branch. One follows the bytes of the
//! file, with prices written down here a second time; the other follows the plan and adds up its
//! charges. Wherever ink can be seen (a call, the end of the function) both must have the same total.

mod support;

use aivm_core::{GasSchedule, Limits};
use aivm_wasm::plan::{Function, MeteredModule, Op};
use aivm_wasm::{Rules, cost, meter, validate};
use support::Random;
use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// Every price differs, so that a mix-up shows.
const PRICES: GasSchedule = GasSchedule {
    simple: 1,
    convert: 3,
    local_write: 5,
    compare: 7,
    bit_count: 9,
    multiply: 20,
    divide: 300,
    load: 4_000,
    store: 6_000,
    global: 11,
    branch: 50_000,
    branch_table: 30_000,
    call: 600_000,
    call_indirect: 7_000_000,
    function_header: 80_000_000,
    local: 900_000_000,
    bulk_base: 10_000_000_000,
    ..GasSchedule::V1
};

/// Branches that one walk takes at most.
const BRANCHES_MAX: u32 = 200;

/// An instruction as a walk sees it.
#[derive(Clone, Debug)]
enum Step {
    Charge(u64),
    /// Opens a block, priced for an `if`; whether it is a loop, an `if`.
    Open {
        price: u64,
        looping: bool,
        choice: bool,
    },
    Else,
    End,
    Branch {
        price: u64,
        depth: u32,
    },
    BranchIf {
        price: u64,
        depth: u32,
    },
    BranchTable {
        price: u64,
        depths: Vec<u32>,
    },
    /// Returns or traps.
    Leave {
        price: u64,
    },
    Call {
        price: u64,
    },
    Plain {
        price: u64,
    },
}

/// What the plan says, with the prices of `cost`.
fn plan_step(op: &Op) -> Step {
    let price = cost::op(op, &PRICES);
    match op {
        Op::Charge(ink) => Step::Charge(*ink),
        Op::Block(_) | Op::Loop(_) | Op::If(_) => Step::Open {
            price,
            looping: matches!(op, Op::Loop(_)),
            choice: matches!(op, Op::If(_)),
        },
        Op::Else => Step::Else,
        Op::End => Step::End,
        Op::Br(depth) => Step::Branch {
            price,
            depth: *depth,
        },
        Op::BrIf(depth) => Step::BranchIf {
            price,
            depth: *depth,
        },
        Op::BrTable { targets, default } => Step::BranchTable {
            price,
            depths: targets.iter().chain([default]).copied().collect(),
        },
        Op::Return | Op::Unreachable => Step::Leave { price },
        Op::Call(_) | Op::CallIndirect { .. } => Step::Call { price },
        _ => Step::Plain { price },
    }
}

/// What the file says, with prices by the name of the instruction.
fn file_step(operator: &Operator<'_>) -> Step {
    let price = PRICES.branch;
    match operator {
        Operator::Block { .. } | Operator::Loop { .. } => Step::Open {
            price: 0,
            looping: matches!(operator, Operator::Loop { .. }),
            choice: false,
        },
        Operator::If { .. } => Step::Open {
            price,
            looping: false,
            choice: true,
        },
        Operator::Else => Step::Else,
        Operator::End => Step::End,
        Operator::Br { relative_depth } => Step::Branch {
            price,
            depth: *relative_depth,
        },
        Operator::BrIf { relative_depth } => Step::BranchIf {
            price,
            depth: *relative_depth,
        },
        Operator::BrTable { targets } => {
            let mut depths: Vec<u32> = targets
                .targets()
                .map(|depth| depth.expect("a depth"))
                .collect();
            depths.push(targets.default());
            let price = PRICES.branch_table;
            Step::BranchTable { price, depths }
        }
        Operator::Return => Step::Leave { price },
        Operator::Unreachable => Step::Leave {
            price: PRICES.simple,
        },
        Operator::Call { .. } => Step::Call { price: PRICES.call },
        Operator::CallIndirect { .. } => Step::Call {
            price: PRICES.call + PRICES.call_indirect,
        },
        other => Step::Plain {
            price: price_by_name(&format!("{other:?}")),
        },
    }
}

/// The price of an instruction that is no control, by its name in the parser.
fn price_by_name(operator: &str) -> u64 {
    let name = operator.split(' ').next().unwrap_or(operator);
    let is = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let integer = name.strip_prefix("I32").or(name.strip_prefix("I64"));
    let begins = |parts: &[&str]| {
        let begins_with = |part| integer.is_some_and(|name| name.starts_with(part));
        parts.iter().copied().any(begins_with)
    };
    if name == "Nop" {
        0
    } else if is(&["Memory", "Table", "DataDrop", "ElemDrop"]) {
        PRICES.bulk_base
    } else if is(&["Load"]) {
        PRICES.load
    } else if is(&["Store"]) {
        PRICES.store
    } else if is(&["Global"]) {
        PRICES.global
    } else if is(&["LocalSet", "LocalTee"]) {
        PRICES.local_write
    } else if begins(&["Eq", "Ne", "Lt", "Gt", "Le", "Ge"]) || is(&["Select"]) {
        PRICES.compare
    } else if begins(&["Clz", "Ctz", "Popcnt"]) {
        PRICES.bit_count
    } else if is(&["Mul"]) {
        PRICES.multiply
    } else if is(&["Div", "Rem"]) {
        PRICES.divide
    } else if begins(&["Extend", "Wrap"]) {
        PRICES.convert
    } else {
        PRICES.simple
    }
}

/// For each step that opens a block (and each `else`): the `else` of its block, if any, and the `end`.
fn matching(steps: &[Step]) -> Vec<(Option<usize>, usize)> {
    let mut partners = vec![(None, 0); steps.len()];
    let mut open: Vec<(usize, Option<usize>)> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        match step {
            Step::Open { .. } => open.push((at, None)),
            Step::Else => open.last_mut().expect("an open if").1 = Some(at),
            Step::End => {
                if let Some((start, middle)) = open.pop() {
                    partners[start] = (middle, at);
                    if let Some(middle) = middle {
                        partners[middle] = (None, at);
                    }
                }
            }
            _ => {}
        }
    }
    partners
}

/// Walks one path. The totals of ink at each call and at the end: of the prices, and of the charges.
fn walk(steps: &[Step], entry: u64, seed: u64) -> (Vec<u64>, Vec<u64>) {
    let partners = matching(steps);
    let mut random = Random(seed);
    let (mut price_total, mut charge_total) = (entry, 0);
    let (mut prices, mut charges) = (Vec::new(), Vec::new());
    // The step that opened each block we are in.
    let mut labels: Vec<usize> = Vec::new();
    let mut branches = 0;
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        let mut branch = None;
        at += 1;
        match step {
            Step::Charge(ink) => charge_total += ink,
            Step::Open { price, choice, .. } => {
                price_total += price;
                let (middle, end) = partners[at - 1];
                if *choice && random.bits() & 1 == 0 {
                    match middle {
                        Some(middle) => {
                            labels.push(at - 1);
                            at = middle + 1;
                        }
                        None => at = end + 1,
                    }
                } else {
                    labels.push(at - 1);
                }
            }
            // Reached from the first arm: on to the `end`.
            Step::Else => at = partners[at - 1].1,
            Step::End => {
                labels.pop();
            }
            Step::Branch { price, depth } => {
                price_total += price;
                branch = Some(*depth);
            }
            Step::BranchIf { price, depth } => {
                price_total += price;
                branch = (random.bits() & 1 == 0).then_some(*depth);
            }
            Step::BranchTable { price, depths } => {
                price_total += price;
                branch = Some(depths[random.below(depths.len())]);
            }
            Step::Leave { price } => {
                price_total += price;
                break;
            }
            Step::Call { price } => {
                price_total += price;
                prices.push(price_total);
                charges.push(charge_total);
            }
            Step::Plain { price } => price_total += price,
        }
        if let Some(depth) = branch {
            branches += 1;
            let Some(label) = labels.len().checked_sub(1 + depth as usize) else {
                break;
            };
            let start = labels[label];
            let looping = matches!(steps[start], Step::Open { looping: true, .. });
            if looping {
                labels.truncate(label + 1);
                at = start + 1;
            } else {
                labels.truncate(label);
                at = partners[start].1 + 1;
            }
            if branches == BRANCHES_MAX {
                // The walk stops between two metering blocks.
                break;
            }
        }
    }
    prices.push(price_total);
    charges.push(charge_total);
    (prices, charges)
}

/// Compares the walks of one function.
fn check(function: &Function, parameters: usize, body: &FunctionBody<'_>, seed: u64) -> usize {
    let locals = (function.locals.len() - parameters) as u64;
    let entry = PRICES.function_header + PRICES.local * locals;
    let file: Vec<Step> = body
        .get_operators_reader()
        .expect("a body")
        .into_iter()
        .map(|operator| file_step(&operator.expect("an operator")))
        .collect();
    let plan: Vec<Step> = function.ops.iter().map(plan_step).collect();
    let (of_file, no_charges) = walk(&file, entry, seed);
    let (of_plan, charges) = walk(&plan, entry, seed);
    assert!(no_charges.iter().all(|total| *total == 0));
    assert_eq!(
        of_plan, of_file,
        "the plan runs other ops than the file\n{function}"
    );
    assert_eq!(charges, of_file, "charges differ from prices\n{function}");
    of_file.len() - 1
}

/// Bodies of a module beside their plans.
fn check_module(bytes: &[u8], plan: &MeteredModule, random: &mut Random) -> usize {
    let mut functions = plan.functions.iter();
    let mut calls = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        if let Payload::CodeSectionEntry(body) = payload.expect("a valid module") {
            let function = functions.next().expect("a plan for each body");
            let parameters = plan.types[function.ty as usize].parameters.len();
            for _ in 0..8 {
                calls += check(function, parameters, &body, random.bits());
            }
        }
    }
    assert!(functions.next().is_none());
    calls
}

#[test]
fn each_op_is_paid_exactly_once_on_every_path() {
    let mut random = Random(2);
    let (mut accepted, mut functions, mut calls) = (0, 0, 0);
    const MODULES: usize = 1_500;
    for seed in 0..MODULES as u64 {
        let bytes = support::module(seed, 2_000);
        let Ok(module) = validate(&bytes, &Limits::CONTRACT, Rules::Generic) else {
            continue;
        };
        accepted += 1;
        let plan = meter(&module, &PRICES);
        functions += plan.functions.len();
        calls += check_module(&bytes, &plan, &mut random);
    }
    println!("{accepted} of {MODULES} modules, {functions} functions, {calls} calls on the way");
    assert!(
        accepted * 10 >= MODULES * 9,
        "only {accepted} of {MODULES} modules were accepted"
    );
    assert!(
        functions >= MODULES && calls >= MODULES,
        "the modules are too small to mean much"
    );
}

#[test]
fn the_plan_has_the_form_that_engines_rely_on() {
    for seed in 0..500 {
        let bytes = support::module(seed, 2_000);
        let Ok(module) = validate(&bytes, &Limits::CONTRACT, Rules::Generic) else {
            continue;
        };
        let plan = meter(&module, &PRICES);
        assert_eq!(
            plan,
            meter(&module, &PRICES),
            "metering is a function of its arguments"
        );
        for function in &plan.functions {
            assert_eq!(function.ops.last(), Some(&Op::End));
            assert!(matches!(function.ops.first(), Some(Op::Charge(_))));
            for pair in function.ops.windows(2) {
                let ends_flow = matches!(
                    pair[0],
                    Op::Br(_) | Op::BrTable { .. } | Op::Return | Op::Unreachable
                );
                assert!(
                    !ends_flow || matches!(pair[1], Op::Else | Op::End),
                    "dead code after {:?}: {:?}",
                    pair[0],
                    pair[1]
                );
                let two = matches!(pair, [Op::Charge(_), Op::Charge(_)]);
                assert!(!two, "two charges in a row\n{function}");
            }
        }
    }
}
