//! What the estimate grows with. How far it is from the time is measured by the bench of bombs.

use aivm_core::{GasSchedule, Limits};

use super::{OPTIMISED_OPS, of_function, of_module};
use crate::{Rules, meter, validate};

/// Work of the last function of a module.
fn work(fields: &str) -> u64 {
    let bytes = wat::parse_str(format!("(module {fields})")).expect("good text");
    let module = validate(&bytes, &Limits::CONTRACT, Rules::Generic).expect("valid");
    let plan = meter(&module, &GasSchedule::V1);
    of_function(&plan, plan.functions.last().expect("a function"))
}

/// Work of a function of such a body, with a parameter and locals from 1 on.
fn of_body(locals: usize, body: &str) -> u64 {
    let locals = "i64 ".repeat(locals);
    work(&format!(
        "(func $e) (func (param i32) (local {locals}) {body})"
    ))
}

fn writes(locals: usize) -> String {
    (1..=locals)
        .map(|local| format!("(local.set {local} (i64.add (local.get {local}) (i64.const 1)))"))
        .collect()
}

#[test]
fn a_loop_counts_what_it_carries_against_all_that_lives() {
    let with = |locals| {
        of_body(
            locals,
            &format!("(loop {} (br_if 0 (local.get 0)))", writes(locals)),
        )
    };
    let without = |locals| of_body(locals, &format!("(loop {})", writes(locals)));
    let phis = |locals| with(locals) - without(locals);
    // Twice the locals: each of twice as many phis against twice as many values.
    assert!(phis(200) > 3 * phis(100), "{} {}", phis(200), phis(100));
    // Nothing comes round: no phi.
    assert!(without(200) < 3 * without(100));
}

#[test]
fn nested_loops_count_the_locals_of_those_inside() {
    let nest = |depth: usize| {
        let open: String = (1..=depth)
            .map(|local| format!("(loop (local.set {local} (i64.const 1))"))
            .collect();
        let reads: String = (1..=depth)
            .map(|local| format!("(drop (local.get {local}))"))
            .collect();
        let close = "(br_if 0 (local.get 0)))".repeat(depth);
        of_body(depth, &format!("{open} {close} {reads}"))
    };
    assert!(nest(80) > 5 * nest(40), "{} {}", nest(80), nest(40));
}

#[test]
fn meeting_paths_count_in_pairs() {
    let ifs = |count| of_body(0, &"(if (local.get 0) (then))".repeat(count));
    let meetings = |count: u64| ifs(2 * count as usize) - 2 * ifs(count as usize);
    assert!(meetings(4_000) > 3 * meetings(2_000));
    assert!(ifs(8_000) > 2 * ifs(4_000));
}

#[test]
fn the_targets_of_a_table_count_once_each_as_branches() {
    let table = |depth: usize, targets: &str| {
        of_body(
            0,
            &format!(
                "{} (br_table {targets} 0 (local.get 0)) {}",
                "(block ".repeat(depth),
                ")".repeat(depth)
            ),
        )
    };
    let all: String = (0..240).map(|depth| format!("{depth} ")).collect();
    let one = table(240, &"0 ".repeat(240));
    let many = table(240, &all);
    let long = table(240, &"0 ".repeat(4_096));
    assert!(many > one + 239 * 6_000, "{many} {one}");
    assert!(long < one + 4_096 * 2_000, "{long} {one}");
}

#[test]
fn calls_are_linear_in_what_they_hand_over() {
    let calls = |count: usize| of_body(0, &"(call $e)".repeat(count));
    assert!(calls(8_000) < 3 * calls(4_000));
    let wide = work(&format!(
        "(func $f (param {})) (func {})",
        "i64 ".repeat(60),
        format!("(call $f {})", "(i64.const 1)".repeat(60)).repeat(20)
    ));
    let constants = work(&format!("(func {})", "(drop (i64.const 1))".repeat(600)));
    assert!(wide > constants + 20 * 60 * 4_000, "{wide} {constants}");
}

#[test]
fn a_small_function_costs_what_the_optimiser_takes() {
    // Two ops each, the function's end and its charge.
    let most = (OPTIMISED_OPS - 2) / 2;
    let at = |count: usize| work(&format!("(func {})", "(drop (i64.const 1))".repeat(count)));
    assert!(at(most) > 3 * at(most + 1), "{} {}", at(most), at(most + 1));
}

#[test]
fn locals_that_nobody_reads_cost_nothing() {
    assert_eq!(of_body(0, "nop"), of_body(300, "nop"));
}

#[test]
fn imports_and_types_count_in_the_module() {
    let module = |fields: &str| {
        let bytes = wat::parse_str(format!("(module {fields})")).expect("good text");
        let module = validate(&bytes, &Limits::CONTRACT, Rules::Generic).expect("valid");
        of_module(&meter(&module, &GasSchedule::V1))
    };
    let import = r#"(import "vm_hooks" "msg_reentrant" (func (result i32)))"#;
    let (none, one, two) = (
        module("(func)"),
        module(&format!("{import} (func)")),
        module(&format!("{import} {import} (func)")),
    );
    // A thunk and the entry of its type; then a thunk.
    assert!(
        one > none + 100_000 && two == one + 60_000,
        "{none} {one} {two}"
    );
    let wide = format!("(func) (func (param {}))", "i32 ".repeat(60));
    assert!(module(&wide) >= none + 60 * 3_000);
}

#[test]
fn an_activation_pays_for_no_more_than_is_compiled() {
    let price = |ifs: usize| {
        let body = "(if (local.get 0) (then))".repeat(ifs);
        let bytes = wat::parse_str(format!("(module (func (param i32) {body}))"));
        let bytes = bytes.expect("good text");
        let module = validate(&bytes, &Limits::CONTRACT, Rules::Generic).expect("valid");
        let plan = meter(&module, &GasSchedule::V1);
        let most = super::WorkLimits::NODE.of_module(&plan);
        (
            of_module(&plan),
            most,
            crate::cost::activation(&plan, &GasSchedule::V1),
        )
    };
    let schedule = GasSchedule::V1;
    let (work, most, ink) = price(100);
    assert!(work < most);
    assert_eq!(ink, schedule.activation + schedule.activation_work * work);
    let (work, most, ink) = price(10_000);
    assert!(work > most);
    assert_eq!(ink, schedule.activation + schedule.activation_work * most);
}
