//! What is refused before or after code generation, and that nothing leaks.

use std::time::Duration;

use super::*;
use crate::CompileError;
use crate::limits::{Budget, CODE_BYTES, COMPILE_TIME, check};
use aivm_wasm::work::{self, WorkLimits};

fn refusal(module: MeteredModule) -> CompileError {
    CompileError::clone(
        CompiledModule::compile(&Arc::new(module))
            .err()
            .as_ref()
            .expect("refused"),
    )
}

const NODE: WorkLimits = WorkLimits::NODE;

/// A plan of so many constants, with a file of so many bytes.
fn constants(count: usize, bytes: u32) -> MeteredModule {
    let mut ops = vec![Op::I32Const(1); count];
    ops.push(Op::End);
    let mut module = module_of(ops);
    module.bytes = bytes;
    module
}

/// Work of one more constant in a long function.
fn of_a_constant() -> u64 {
    work::of_module(&constants(100_001, 0)) - work::of_module(&constants(100_000, 0))
}

#[test]
fn the_cap_of_one_function_is_exact() {
    let few = constants(2_000, u32::MAX);
    let left = NODE.function - work::of_function(&few, &few.functions[0]);
    let most = 2_000 + usize::try_from(left / of_a_constant()).expect("fits");
    assert!(check(&constants(most, u32::MAX), NODE).is_ok());
    assert!(matches!(
        check(&constants(most + 1, u32::MAX), NODE),
        Err(CompileError::FunctionTooLarge { function: 0, .. })
    ));
}

#[test]
fn the_cap_of_a_module_is_exact() {
    let with_functions = |count: usize, last: usize| {
        let mut module = constants(300_000, u32::MAX);
        let functions = vec![module.functions[0].clone(); count];
        module.functions = functions;
        module
            .functions
            .push(constants(last, 0).functions[0].clone());
        module
    };
    let work = |count, last| work::of_module(&with_functions(count, last));
    let left = NODE.module - work(3, 2_000);
    let most = 2_000 + usize::try_from(left / of_a_constant()).expect("fits");
    assert!(check(&with_functions(3, most), NODE).is_ok());
    assert_eq!(
        check(&with_functions(3, most + 1), NODE),
        Err(CompileError::ModuleTooLarge {
            work: work(3, most + 1),
            limit: NODE.module
        })
    );
}

#[test]
fn the_cap_of_a_kibibyte_is_exact() {
    let few = constants(2_000, 1);
    let most = |kibibytes: u64| {
        let left = kibibytes * NODE.kibibyte - work::of_module(&few);
        2_000 + usize::try_from(left / of_a_constant()).expect("fits")
    };
    for (bytes, kibibytes) in [(1, 1), (1024, 1), (1025, 2), (3072, 3)] {
        let most = most(kibibytes);
        assert!(check(&constants(most, bytes), NODE).is_ok(), "{bytes}");
        assert_eq!(
            check(&constants(most + 1, bytes), NODE),
            Err(CompileError::ModuleTooLarge {
                work: work::of_module(&constants(most + 1, bytes)),
                limit: kibibytes * NODE.kibibyte
            })
        );
    }
}

#[test]
fn a_compile_ends_at_its_deadline() {
    let module = Arc::new(plan("(module (func) (func))"));
    let within = |time| CompiledModule::compile_within(&module, Traps::best(), NODE, time);
    assert_eq!(
        within(Duration::ZERO).err(),
        Some(CompileError::Deadline {
            limit: Duration::ZERO
        })
    );
    assert!(within(COMPILE_TIME).is_ok());
}

#[test]
fn native_code_is_bounded_while_it_is_made() {
    let budget = Budget::new(COMPILE_TIME);
    assert!(budget.take_code(CODE_BYTES - 1).is_ok());
    assert!(budget.take_code(1).is_ok());
    assert_eq!(
        budget.take_code(1),
        Err(CompileError::CodeTooLarge { limit: CODE_BYTES })
    );
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
