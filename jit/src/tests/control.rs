//! Blocks, branches, locals, globals, select.

use super::*;

#[test]
fn a_loop_counts() {
    let wat = "(module (func (export \"f\") (param i32) (result i64) (local i64)
      (loop $again
        (local.set 1 (i64.add (local.get 1) (i64.extend_i32_u (local.get 0))))
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get 1)))";
    assert_eq!(exit(wat, &[100]), returns(&[5050]));
}

#[test]
fn blocks_pass_parameters_and_results() {
    let wat = "(module (func (export \"f\") (param i32 i64) (result i64 i32)
      (local.get 1) (local.get 0)
      (block (param i64 i32) (result i32 i64)
        (if (param i64 i32) (result i32 i64) (local.get 0)
          (then (drop) (drop) (i32.const 10) (i64.const 20))
          (else (drop) (drop) (i32.const 30) (i64.const 40)))
        (br_if 0 (i32.eqz (local.get 0)))
        (i64.const 1) (i64.add))
      (local.set 1) (local.set 0)
      (local.get 1) (local.get 0)))";
    assert_eq!(exit(wat, &[1, 5]), returns(&[21, 10]));
    assert_eq!(exit(wat, &[0, 5]), returns(&[40, 30]));
}

#[test]
fn an_if_without_else_passes_its_parameters_on() {
    let wat = "(module (func (export \"f\") (param i32) (result i32)
      (i32.const 7)
      (if (param i32) (result i32) (local.get 0) (then (i32.const 1) (i32.add)))))";
    assert_eq!(exit(wat, &[0]), returns(&[7]));
    assert_eq!(exit(wat, &[3]), returns(&[8]));
}

#[test]
fn a_loop_with_parameters_branches_back_with_new_ones() {
    let wat = "(module (func (export \"f\") (param i32) (result i32)
      (local.get 0) (i32.const 1)
      (loop (param i32 i32) (result i32) (local $product i32)
        (local.set $product) (local.set 0)
        (if (result i32) (i32.eqz (local.get 0))
          (then (local.get $product))
          (else
            (i32.sub (local.get 0) (i32.const 1))
            (i32.mul (local.get $product) (local.get 0))
            (br 1))))))"
        .replace("(local $product i32)", "")
        .replace(
            "(result i32)\n      (local.get 0) (i32.const 1)",
            "(result i32) (local $product i32) (local.get 0) (i32.const 1)",
        );
    assert_eq!(exit(&wat, &[5]), returns(&[120]));
}

#[test]
fn br_table_takes_the_default_beyond_its_targets() {
    let wat = "(module (func (export \"f\") (param i32) (result i32)
      (block (result i32) (block (result i32) (block (result i32)
        (i32.const 5) (br_table 0 1 2 (local.get 0)))
        (return (i32.add (i32.const 100))))
        (return (i32.add (i32.const 200))))
      (i32.add (i32.const 300))))";
    for (index, value) in [(0, 105), (1, 205), (2, 305), (3, 305), (0xffff_ffff, 305)] {
        assert_eq!(exit(wat, &[index]), returns(&[value]), "{index}");
    }
}

#[test]
fn an_end_that_nothing_reaches_is_harmless() {
    for body in [
        "(block (unreachable)) (i32.const 1)",
        "(block (result i32) (return (i32.const 1)))",
        "(loop (result i32) (br 1 (i32.const 1)))",
        "(block (loop (br 0))) (i32.const 2)",
        "(block (result i32) (if (i32.const 1) (then (return (i32.const 1))) (else (unreachable))) (i32.const 3))",
        "(block (block (br 1)) (unreachable)) (i32.const 1)",
    ] {
        let wat = format!("(module (func (export \"f\") (result i32) {body}))");
        let exit = instance(&wat).run("f", &[], 1_000_000).0;
        match body {
            _ if body.contains("(br 0)") => assert_eq!(exit, Exit::OutOfInk),
            _ if body.starts_with("(block (unreachable") => {
                assert_eq!(exit, traps(TrapCode::Unreachable));
            }
            _ => assert_eq!(exit, returns(&[1]), "{body}"),
        }
    }
}

#[test]
fn select_and_locals_and_globals() {
    let wat = "(module
      (global $fixed i64 (i64.const -5)) (global $small i32 (i32.const -1))
      (global $counter (mut i32) (i32.const 40)) (global $wide (mut i64) (i64.const 1))
      (func (export \"f\") (param i32) (result i64 i32 i32 i64)
        (global.set $counter (i32.sub (global.get $counter) (i32.const 41)))
        (global.set $wide (i64.shl (global.get $wide) (i64.const 40)))
        (select (global.get $fixed) (i64.const 9) (local.get 0))
        (global.get $small) (global.get $counter) (global.get $wide)))";
    let mut instance = instance(wat);
    let minus_five = 5_u64.wrapping_neg();
    let minus_one = 0xffff_ffff;
    assert_eq!(
        instance.exit("f", &[1]),
        returns(&[minus_five, minus_one, minus_one, 1 << 40])
    );
    assert_eq!(
        instance.globals(),
        [minus_five, minus_one, minus_one, 1 << 40]
    );
    assert_eq!(
        instance.exit("f", &[0]),
        returns(&[9, minus_one, minus_one - 41, 0])
    );
    assert_eq!(
        instance.globals(),
        [minus_five, minus_one, minus_one - 41, 0]
    );
}

#[test]
fn state_stays_as_a_trap_left_it() {
    let wat = "(module (memory 1) (global (mut i32) (i32.const 0))
      (func (export \"f\")
        (global.set 0 (i32.const 3)) (i32.store8 (i32.const 0) (i32.const 4)) (unreachable)))";
    let mut instance = instance(wat);
    assert_eq!(instance.exit("f", &[]), traps(TrapCode::Unreachable));
    assert_eq!(instance.globals(), [3]);
    assert_eq!(instance.memory()[0], 4);
}
