//! What is refused before or after code generation, and that nothing leaks.

use super::*;
use crate::CompileError;
use crate::limits::{FUNCTION_WORK, WorkLimits, check};
use crate::work::work;

fn refusal(module: MeteredModule) -> CompileError {
    CompileError::clone(
        CompiledModule::compile(&Arc::new(module))
            .err()
            .as_ref()
            .expect("refused"),
    )
}

#[test]
fn nested_loops_over_many_locals_are_refused_before_compiling() {
    let mut module = plan("(module (func (export \"f\")))");
    let locals = 348;
    module.functions[0].locals = vec![ValueType::I64; locals];
    module.functions[0].frame_words = 360;
    let body: Vec<Op> = (0..locals as u32)
        .flat_map(|local| [Op::LocalGet(local), Op::I64Const(1), Op::LocalSet(local)])
        .flat_map(|op| match op {
            Op::LocalSet(_) => vec![Op::Binary(aivm_wasm::plan::BinaryOp::I64Add), op],
            op => vec![op],
        })
        .collect();
    let mut ops = Vec::new();
    for _ in 0..2 {
        ops.extend(std::iter::repeat_n(Op::Loop(BlockType::Empty), 256));
        ops.extend(body.clone());
        ops.extend(std::iter::repeat_n(Op::End, 256));
    }
    ops.push(Op::End);
    module.functions[0].ops = ops;
    assert!(matches!(
        refusal(module),
        CompileError::FunctionTooLarge { function: 0, .. }
    ));
}

/// A loop that carries `locals` locals and then goes on with `body`.
fn loop_over_locals(locals: usize, body: &str) -> MeteredModule {
    let sums: String = (1..locals)
        .map(|i| format!("(local.set {i} (i32.add (local.get {i}) (i32.const {i})))"))
        .collect();
    let others = "i32 ".repeat(locals - 1);
    plan(&format!(
        "(module (func (param i32) (local {others}) (loop {sums} {body})))"
    ))
}

fn refused_for_its_work(module: MeteredModule) -> bool {
    matches!(
        refusal(module),
        CompileError::FunctionTooLarge { function: 0, .. }
    )
}

#[test]
fn the_edges_of_a_branch_table_count_with_what_they_carry() {
    let table = |targets| format!("(block (br_table {}0 (local.get 0)))", "1 ".repeat(targets));
    assert!(refused_for_its_work(loop_over_locals(340, &table(1000))));
    assert!(CompiledModule::compile(&Arc::new(loop_over_locals(340, &table(100)))).is_ok());
    assert!(CompiledModule::compile(&Arc::new(loop_over_locals(4, &table(1000)))).is_ok());
}

#[test]
fn conditional_branches_count_with_what_they_carry() {
    let branches = |count| "(br_if 0 (local.get 0))".repeat(count);
    assert!(refused_for_its_work(loop_over_locals(340, &branches(500))));
    assert!(CompiledModule::compile(&Arc::new(loop_over_locals(340, &branches(50)))).is_ok());
    assert!(CompiledModule::compile(&Arc::new(loop_over_locals(4, &branches(500)))).is_ok());
}

/// A function that calls others with 16 results and 64 parameters.
fn wide_calls(rounds: usize) -> MeteredModule {
    let results = "i64 ".repeat(16);
    let parameters = "i64 ".repeat(64);
    let zeros = "(i64.const 0)".repeat(16);
    let round = "(call $g)(call $g)(call $g)(call $g)(call $f)".repeat(rounds);
    plan(&format!(
        "(module (func {round}) (func $g (result {results}) {zeros})
           (func $f (param {parameters})))"
    ))
}

#[test]
fn calls_count_with_their_parameters_and_results() {
    assert!(refused_for_its_work(wide_calls(300)));
    assert!(CompiledModule::compile(&Arc::new(wide_calls(60))).is_ok());
}

#[test]
fn many_calls_in_one_function_are_refused() {
    // Each call splits the context and the stack words, which all others use.
    let calls = |count: usize| {
        plan(&format!(
            "(module (func {}) (func $e))",
            "(call $e)".repeat(count)
        ))
    };
    assert!(refused_for_its_work(calls(4000)));
    assert!(CompiledModule::compile(&Arc::new(calls(1000))).is_ok());
}

#[test]
fn operands_alive_over_many_blocks_are_refused() {
    let module = |blocks: usize| {
        let loads: String = (0..200)
            .map(|i| format!("(i32.load offset={i} (local.get 0))"))
            .collect();
        let ifs = "(if (local.get 0) (then))".repeat(blocks);
        let sums = "i32.xor ".repeat(199);
        plan(&format!(
            "(module (memory 1) (func (param i32) (result i32) {loads} {ifs} {sums}))"
        ))
    };
    assert!(refused_for_its_work(module(1000)));
    assert!(CompiledModule::compile(&Arc::new(module(50))).is_ok());
}

#[test]
fn the_cap_of_one_function_is_exact() {
    let at = |consts: usize| {
        let mut ops = vec![Op::I32Const(1); consts];
        ops.push(Op::End);
        module_of(ops)
    };
    let end = work(&at(0), &at(0).functions[0]);
    let most = usize::try_from(FUNCTION_WORK - end).expect("fits");
    assert!(check(&at(most), WorkLimits::NODE).is_ok());
    assert!(refused_for_its_work(at(most + 1)));
}

#[test]
fn many_large_functions_are_refused_together() {
    let mut module = plan("(module (func (export \"f\")))");
    let mut ops = vec![Op::I32Const(1); 230_000];
    ops.push(Op::End);
    let function = Function {
        ops,
        ..module.functions[0].clone()
    };
    module.functions = vec![function; 5];
    assert!(matches!(
        refusal(module),
        CompileError::ModuleTooLarge { .. }
    ));
}

#[test]
fn a_frame_of_no_words_is_refused() {
    let mut module = plan("(module (func (export \"f\")))");
    module.functions[0].frame_words = 0;
    assert_eq!(
        refusal(module),
        CompileError::FrameWithoutWords { function: 0 }
    );
}

#[test]
fn a_frame_larger_than_its_words_say_is_refused() {
    // 300 values alive across a call, but a plan that says four words.
    let reads: String = (0..300)
        .map(|i| format!("(i64.load (i32.const {i}))"))
        .collect();
    let joins = "(i64.xor)".repeat(300);
    let mut module = plan(&format!(
        "(module (memory 1) (func $f (export \"f\") (result i64) {reads} (call $f) {joins}))"
    ));
    module.functions[0].frame_words = 4;
    assert!(matches!(
        refusal(module),
        CompileError::FrameTooLarge {
            function: 0,
            words: 4,
            ..
        }
    ));
}

#[test]
fn a_long_chain_of_loads_compiles_in_linear_time_and_within_its_frame() {
    for loads in [150, 3000] {
        let chain: String = (0..loads)
            .map(|i| {
                format!("(i64.load offset={i} (i32.add (local.get 0) (i32.const {i})))(i64.add)")
            })
            .collect();
        let wat = format!(
            "(module (memory 1) (data (i32.const 0) \"\\01\")
               (func (export \"f\") (param i32) (result i64) (i64.const 5) {chain}))"
        );
        assert_eq!(exit(&wat, &[0]), returns(&[6]), "{loads}");
    }
}

#[test]
fn a_panic_while_compiling_is_contained() {
    // Not a plan that metering makes: the operand is missing.
    let module = module_of(vec![Op::Drop, Op::End]);
    assert_eq!(refusal(module), CompileError::Panicked);
}

#[test]
fn too_many_results_are_refused() {
    let mut module = plan("(module (func (export \"f\")))");
    module.types.push(FuncType {
        parameters: Vec::new(),
        results: vec![ValueType::I32; 33],
    });
    assert_eq!(refusal(module), CompileError::TooManyResults);
}

#[test]
fn compiling_is_deterministic_and_says_its_size() {
    let wat = "(module (memory 1 2) (func (export \"f\") (param i32) (result i32)
      (i32.load offset=4 (local.get 0))))";
    let sizes: Vec<_> = (0..2)
        .map(|_| {
            CompiledModule::compile(&Arc::new(plan(wat)))
                .expect("compiles")
                .code_bytes()
        })
        .collect();
    assert_eq!(sizes[0], sizes[1]);
    assert!(sizes[0] > 0);
}

#[test]
fn native_code_as_text_has_a_line_an_instruction() {
    let module = plan("(module (func (result i32) (i32.const 4)))");
    for form in FORMS {
        let text = crate::native_text(&module, 0, *form).expect("compiles");
        assert!(text.contains("ret"), "{text}");
    }
    assert!(crate::native_text(&module, 1, Traps::Explicit).is_err());
}

#[test]
fn code_is_the_same_on_one_thread_and_on_many() {
    // Enough functions, of different sizes, for several threads.
    let functions: String = (0..200)
        .map(|i| {
            let sums = "(i32.add (i32.const 3)) (i32.mul (local.get 0))".repeat(1 + i % 17);
            format!(
                "(func (param i32) (result i32) (call {}) (i32.load (local.get 0)) {sums})",
                i / 2
            )
            .replace(
                &format!("(call {})", i / 2),
                &format!("(drop (call {} (local.get 0)))", i / 2),
            )
        })
        .collect();
    let module = Arc::new(plan(&format!("(module (memory 1) {functions})")));
    let code = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let compile = || CompiledModule::compile(&module).expect("compiles");
        pool.expect("threads").install(compile).code().to_vec()
    };
    let alone = code(1);
    for threads in [2, 3, 8] {
        assert!(alone == code(threads), "{threads} threads");
    }
}

/// Mappings of this process, where the system tells.
fn mappings() -> Option<usize> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    Some(maps.lines().count())
}

#[test]
fn code_and_memory_are_freed() {
    let wat =
        "(module (memory 1 128) (func (export \"f\") (i32.store (i32.const 0) (i32.const 1))))";
    let one_round = || assert_eq!(exit(wat, &[]), returns(&[]));
    one_round();
    let before = mappings();
    for _ in 0..200 {
        one_round();
    }
    if let (Some(before), Some(after)) = (before, mappings()) {
        assert!(after < before + 100, "{before} mappings became {after}");
    }
}

#[test]
fn an_instance_keeps_its_code_alive() {
    let mut instance = {
        let module = Arc::new(plan(
            "(module (func (export \"f\") (result i32) (i32.const 4)))",
        ));
        let compiled = Arc::new(CompiledModule::compile(&module).expect("compiles"));
        Instance::new(&compiled).expect("no segments")
    };
    assert_eq!(instance.exit("f", &[]), returns(&[4]));
}
