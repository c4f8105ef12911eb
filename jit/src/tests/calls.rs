//! Calls of functions of the module, stack words, recursion.

use super::*;

#[test]
fn recursion_computes() {
    let wat = "(module (func $fib (export \"f\") (param i32) (result i32)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
        (then (local.get 0))
        (else (i32.add
          (call $fib (i32.sub (local.get 0) (i32.const 1)))
          (call $fib (i32.sub (local.get 0) (i32.const 2))))))))";
    assert_eq!(exit(wat, &[20]), returns(&[6765]));
}

#[test]
fn many_parameters_and_results_arrive_in_order() {
    for results in [1, 3, 4, 5, 16] {
        let parameters = 20;
        let types: Vec<_> = (0..parameters)
            .map(|i| if i % 3 == 0 { "i32" } else { "i64" })
            .collect();
        let returned: Vec<_> = (0..results).map(|i| parameters - 1 - i).collect();
        let result_types: Vec<_> = returned.iter().map(|i| types[*i]).collect();
        let signature = format!(
            "(param {}) (result {})",
            types.join(" "),
            result_types.join(" ")
        );
        let all: String = (0..parameters)
            .map(|i| format!("(local.get {i})"))
            .collect();
        let some: String = returned
            .iter()
            .map(|i| format!("(local.get {i})"))
            .collect();
        let wat = format!(
            "(module (type $t (func {signature})) (table funcref (elem $inner))
               (func $inner (type $t) {some})
               (func (export \"f\") {signature} {all} (call $inner))
               (func (export \"g\") {signature} {all} (i32.const 0) (call_indirect (type $t))))"
        );
        let arguments: Vec<u64> = (0..parameters as u64).map(|i| 1000 + i).collect();
        let expected: Vec<u64> = returned.iter().map(|i| arguments[*i]).collect();
        let mut instance = instance(&wat);
        assert_eq!(instance.exit("f", &arguments), returns(&expected));
        assert_eq!(instance.exit("g", &arguments), returns(&expected));
    }
}

#[test]
fn a_trap_deep_down_ends_the_whole_call_at_its_ink() {
    let wat = "(module
      (func $down (export \"f\") (param i32) (result i64)
        (if (i32.eqz (local.get 0)) (then (unreachable)))
        (call $down (i32.sub (local.get 0) (i32.const 1)))))";
    let (exit, shallow) = instance(wat).run("f", &[0], PLENTY);
    assert_eq!(exit, traps(TrapCode::Unreachable));
    let (exit, one) = instance(wat).run("f", &[1], PLENTY);
    assert_eq!(exit, traps(TrapCode::Unreachable));
    let (exit, deep) = instance(wat).run("f", &[50], PLENTY);
    assert_eq!(exit, traps(TrapCode::Unreachable));
    assert_eq!(PLENTY - deep, (PLENTY - shallow) + 50 * (shallow - one));
}

/// Depth that recursion reaches before it traps, as it counts in a global.
fn depth_reached(module: MeteredModule) -> u64 {
    let mut depths = FORMS.iter().map(|form| {
        let mut instance = instance_with(module.clone(), *form);
        assert_eq!(instance.exit("f", &[]), traps(TrapCode::StackOverflow));
        instance.globals()[0]
    });
    let depth = depths.next().expect("a form");
    assert!(depths.all(|other| other == depth));
    depth
}

const BOTTOMLESS: &str = "(module (global (mut i32) (i32.const 0))
  (func $f (export \"f\")
    (global.set 0 (i32.add (global.get 0) (i32.const 1)))
    (call $f)))";

#[test]
fn recursion_overflows_at_exactly_the_words_of_the_plan() {
    let module = plan(BOTTOMLESS);
    let (words, frame) = (module.stack_words, module.functions[0].frame_words);
    assert_eq!(depth_reached(module.clone()), u64::from(words / frame));
    for words in [0, frame - 1, frame, 2 * frame - 1, 2 * frame] {
        let mut module = module.clone();
        module.stack_words = words;
        assert_eq!(depth_reached(module), u64::from(words / frame), "{words}");
    }
}

#[test]
fn large_frames_reach_the_cap_before_the_native_stack_ends() {
    // 300 locals, all alive across the call, so that all of them take native stack.
    let locals = 300;
    let set: String = (0..locals)
        .map(|i| format!("(local.set {i} (i64.load (i32.const {})))", i * 8))
        .collect();
    let sum: String = (0..locals)
        .map(|i| format!("(local.get {i}) (i64.xor)"))
        .collect();
    let wat = format!(
        "(module (memory 1) (global (mut i32) (i32.const 0))
          (func $f (export \"f\") (result i64) (local {}) {set}
            (global.set 0 (i32.add (global.get 0) (i32.const 1)))
            (call $f) {sum}))",
        "i64 ".repeat(locals)
    );
    let module = plan(&wat);
    let expected = u64::from(module.stack_words / module.functions[0].frame_words);
    assert_eq!(depth_reached(module), expected);
}

#[test]
fn many_small_frames_reach_the_cap_on_a_small_thread() {
    let thread = std::thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(|| depth_reached(plan(BOTTOMLESS)))
        .expect("a thread");
    let module = plan(BOTTOMLESS);
    let expected = module.stack_words / module.functions[0].frame_words;
    assert_eq!(thread.join().expect("no overflow"), u64::from(expected));
}

#[test]
fn stack_overflow_comes_before_the_callees_charge() {
    let mut module = plan("(module (func $g) (func (export \"f\") (call $g)))");
    let charge = |index: usize| match module.functions[index].ops[0] {
        Op::Charge(ink) => ink,
        _ => panic!("a charge comes first"),
    };
    let (callee, caller) = (charge(0), charge(1));
    assert!(callee > 0);
    module.stack_words = module.functions[1].frame_words;
    let mut instance = instance_of(module);
    assert_eq!(
        instance.run("f", &[], caller),
        (traps(TrapCode::StackOverflow), 0)
    );
}

#[test]
fn words_are_given_back_on_return() {
    let wat = "(module (func $leaf)
      (func (export \"f\") (param i32)
        (loop (call $leaf) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))";
    assert_eq!(exit(wat, &[1_000_000]), returns(&[]));
}
