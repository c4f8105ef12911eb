//! One wrong instruction in the JIT is seen by mode compare, wherever it decides, and the interpreter's answer stands:
//! `cargo test --release -p aivm-engine --features planted-bug --test planted_bug`. Without the bug the same calls agree.

use std::sync::Arc;

use aivm_coprocessor::Coprocessor;
use aivm_core::{Address, B256, Status, U256};
use aivm_engine::{Call, Difference, Engine, EngineError, Mode, Receipt, State};
use aivm_tosa::{ModelLimits, PriceTable};

const CALLER: Address = Address::repeat_byte(0xCA);

/// What `ge_u` of a number and itself decides, by the first byte of call data: 0 what the entry point returns, 1 a byte
/// of memory, 2 a global, 3 how long a loop runs, 4 the data of a log, 5 whether it traps. Another byte is the call data
/// of a call to the address that follows it, less 16.
const CONTRACT: &str = r#"
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "emit_log" (func $log (param i32 i32 i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (global $global (mut i32) (i32.const 0))
  (func $decide (result i32)
    (local $x i32)
    (local.set $x (i32.load8_u (i32.const 32)))
    (i32.ge_u (local.get $x) (local.get $x)))
  (func $spend (param $turns i32)
    (loop $again
      (local.set $turns (i32.sub (local.get $turns) (i32.const 1)))
      (br_if $again (local.get $turns))))
  (func (export "user_entrypoint") (param i32) (result i32)
    (call $read_args (i32.const 32))
    (if (i32.lt_u (i32.load8_u (i32.const 32)) (i32.const 16)) (then
      (block $trap (block $log (block $loop (block $global (block $memory (block $return
        (br_table $return $memory $global $loop $log $trap (i32.load8_u (i32.const 32))))
        (return (i32.eqz (call $decide))))
        (i32.store8 (i32.const 99) (call $decide))
        (return (i32.const 0)))
        (global.set $global (call $decide))
        (return (i32.const 0)))
        (call $spend (i32.add (i32.mul (call $decide) (i32.const 10000)) (i32.const 1)))
        (return (i32.const 0)))
        (i32.store8 (i32.const 99) (call $decide))
        (call $log (i32.const 99) (i32.const 1) (i32.const 0))
        (return (i32.const 0)))
      (drop (i32.div_u (i32.const 1) (call $decide)))
      (return (i32.const 0))))
    (i32.store8 (i32.const 32) (i32.sub (i32.load8_u (i32.const 32)) (i32.const 16)))
    (call $call (i32.const 33) (i32.const 32) (i32.const 1) (i32.const 128) (i64.const -1) (i32.const 96))))
"#;

/// Each way in which the bug can show, and whether this is the difference that it must be.
const WAYS: [fn(&Difference) -> bool; 6] = [
    |difference| matches!(difference, Difference::Exit { .. }),
    |difference| {
        let (address, interpreter, jit) = (99, 1, 0);
        *difference
            == Difference::MemoryByte {
                address,
                interpreter,
                jit,
            }
    },
    |difference| matches!(difference, Difference::Globals { .. }),
    |difference| matches!(difference, Difference::Ink { .. }),
    |difference| matches!(difference, Difference::HostCall { index: 1, .. }),
    |difference| matches!(difference, Difference::Exit { .. }),
];

/// An engine of its own for each call, with two accounts of the contract.
fn call(mode: Mode, data: impl Fn(Address) -> Vec<u8>) -> (Result<Receipt, EngineError>, State) {
    let coprocessor = Coprocessor::new(Vec::new(), ModelLimits::CHAIN, PriceTable::V1);
    let engine = Engine::new(Arc::new(coprocessor));
    let code = wat::parse_str(CONTRACT).expect("good text");
    let mut state = State::default();
    let [contract, other] = [1, 2].map(|salt| {
        let salt = B256::with_last_byte(salt);
        let deployed = engine.deploy(&mut state, CALLER, salt, &code);
        deployed.expect("the contract is valid")
    });
    assert_eq!(engine.metrics().compile_failures, 0);
    let call = Call {
        sender: CALLER,
        contract,
        value: U256::ZERO,
        data: data(other),
        gas_limit: 10_000_000,
    };
    (engine.call(mode, &mut state, &call), state)
}

/// Runs this in modes interpret and compare: they agree unless the bug is there, and then the interpreter is right.
fn compare(data: impl Fn(Address) -> Vec<u8>, is_it: fn(&Difference) -> bool) {
    let (interpreted, state) = call(Mode::Interpret, &data);
    let interpreted = interpreted.expect("a receipt");
    assert_eq!(interpreted.status, Status::Ok);
    let (compared, compared_state) = call(Mode::Compare, &data);
    assert_eq!(compared_state, state);
    if !cfg!(feature = "planted-bug") {
        assert_eq!(compared, Ok(interpreted));
        return;
    }
    match compared {
        Err(EngineError::EnginesDisagree {
            difference,
            receipt,
        }) => {
            assert!(is_it(&difference), "{difference}");
            assert_eq!(*receipt, interpreted);
        }
        other => panic!("the bug was not seen: {other:?}"),
    }
}

#[test]
fn mode_compare_notices_it_wherever_it_decides() {
    for (way, is_it) in (0..).zip(WAYS) {
        compare(|_| vec![way], is_it);
    }
}

#[test]
fn mode_compare_notices_it_in_a_sub_call() {
    for (way, is_it) in (0..).zip(WAYS) {
        compare(|other| [&[16 + way], other.as_slice()].concat(), is_it);
    }
}

/// So that it is compare which notices, and the bug is one that a node could have: compiled code alone goes on with it.
#[test]
fn compiled_code_alone_is_believed() {
    for way in 0..WAYS.len() as u8 {
        let (interpreted, _) = call(Mode::Interpret, |_| vec![way]);
        let (compiled, _) = call(Mode::Jit, |_| vec![way]);
        let (interpreted, compiled) = (interpreted.unwrap(), compiled.unwrap());
        // What stays in memory or in a global is seen by nobody afterwards.
        let shows = cfg!(feature = "planted-bug") && ![1, 2].contains(&way);
        assert_eq!(interpreted != compiled, shows, "way {way}");
    }
}
