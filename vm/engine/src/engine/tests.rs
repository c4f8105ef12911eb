//! Faults of compiled code, and code that could not be compiled: the receipt is the interpreter's.

use std::sync::Arc;

use aivm_coprocessor::Coprocessor;
use aivm_core::{Address, B256, Exit, GasSchedule, Host, NodeFault, Status, U256, keccak256};
use aivm_tosa::{ModelLimits, PriceTable};

use super::{Engine, Mode};
use crate::code::Code;
use crate::error::EngineError;
use crate::machine::{Instance, Machine};
use crate::receipt::{Call, Receipt};
use crate::state::State;

const CALLER: Address = Address::repeat_byte(0xCA);

/// Stores 7 under key 1 and emits a log without topics. `PAGES` pages of memory.
const CONTRACT: &str = r#"
(module
  (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
  (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
  (import "vm_hooks" "emit_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") PAGES)
  (func (export "user_entrypoint") (param i32) (result i32)
    (i32.store8 (i32.const 31) (i32.const 1))
    (i32.store8 (i32.const 63) (i32.const 7))
    (call $cache (i32.const 0) (i32.const 32))
    (call $flush (i32.const 0))
    (call $log (i32.const 0) (i32.const 33) (i32.const 0))
    (i32.const 0)))
"#;

/// What stands in for compiled code.
#[derive(Clone, Copy)]
enum Native {
    /// There is none.
    Missing,
    /// Runs the contract to its end, then reports a fault: its effects must not count.
    Faults,
    /// Runs the contract to its end, then panics.
    Panics,
}

struct Broken {
    inner: crate::machine::Interpreter,
    native: Native,
}

struct BrokenInstance {
    inner: Box<dyn Instance>,
    native: Native,
}

impl Machine for Broken {
    fn bytes_held(&self) -> usize {
        0
    }

    fn instantiate(&self, memory_pages: u32) -> Result<Box<dyn Instance>, Exit> {
        let inner = self.inner.instantiate(memory_pages)?;
        Ok(Box::new(BrokenInstance {
            inner,
            native: self.native,
        }))
    }
}

impl Instance for BrokenInstance {
    fn invoke(
        &mut self,
        function: u32,
        arguments: &[u64],
        ink: &mut u64,
        host: &mut dyn Host,
    ) -> Exit {
        let exit = self.inner.invoke(function, arguments, ink, host);
        assert_eq!(exit, Exit::Return(vec![0]));
        match self.native {
            Native::Panics => panic!("planted"),
            Native::Faults | Native::Missing => Exit::Fault(NodeFault("planted".to_owned())),
        }
    }

    fn memory(&self) -> &[u8] {
        self.inner.memory()
    }

    fn globals(&self) -> Vec<u64> {
        self.inner.globals()
    }
}

fn engine() -> Engine {
    let coprocessor = Coprocessor::new(Vec::new(), ModelLimits::CHAIN, PriceTable::V1);
    Engine::new(Arc::new(coprocessor))
}

/// An engine and a state with the contract, whose compiled code is replaced by `native`.
fn world(native: Option<Native>, pages: u32) -> (Engine, State, Call) {
    let engine = engine();
    let bytes = wat::parse_str(CONTRACT.replace("PAGES", &pages.to_string())).unwrap();
    if let Some(native) = native {
        let code = engine.prepare(keccak256(&bytes), &bytes).unwrap();
        let inner = engine
            .prepare(keccak256(&bytes), &bytes)
            .unwrap()
            .interpreter;
        let compiled = match native {
            Native::Missing => None,
            _ => Some(Box::new(Broken { inner, native }) as Box<dyn Machine>),
        };
        assert!(code.compiled.set(compiled).is_ok());
        let held = engine.codes.get(keccak256(&bytes), || Ok::<Code, ()>(code));
        assert!(held.is_ok());
    }
    let mut state = State::default();
    let contract = engine
        .deploy(&mut state, CALLER, B256::ZERO, &bytes)
        .unwrap();
    let call = Call {
        sender: CALLER,
        contract,
        value: U256::ZERO,
        data: Vec::new(),
        gas_limit: 10_000_000,
    };
    (engine, state, call)
}

/// The receipt of the interpreter alone.
fn interpreted() -> Receipt {
    let (engine, mut state, call) = world(None, 1);
    engine.call(Mode::Interpret, &mut state, &call).unwrap()
}

#[test]
fn a_fault_of_compiled_code_is_undone_and_the_call_interpreted() {
    for mode in [Mode::Jit, Mode::Compare] {
        let (engine, mut state, call) = world(Some(Native::Faults), 1);
        let receipt = engine.call(mode, &mut state, &call).unwrap();
        assert_eq!(receipt, interpreted(), "{mode}");
        assert_eq!((receipt.status, receipt.logs.len()), (Status::Ok, 1));
        let seven = B256::with_last_byte(7);
        assert_eq!(state.word(call.contract, B256::with_last_byte(1)), seven);
        assert_eq!(engine.metrics().compiled_faults, 1);
    }
}

#[test]
fn a_contract_without_compiled_code_is_interpreted_in_every_mode() {
    for mode in [Mode::Jit, Mode::Compare] {
        let (engine, mut state, call) = world(Some(Native::Missing), 1);
        let receipt = engine.call(mode, &mut state, &call).unwrap();
        assert_eq!(receipt, interpreted(), "{mode}");
        assert_eq!(engine.metrics().interpreted_for_lack_of_code, 1);
    }
}

#[test]
fn a_panic_in_a_call_leaves_nothing_behind() {
    let (engine, mut state, call) = world(Some(Native::Panics), 1);
    let result = engine.call(Mode::Jit, &mut state, &call);
    assert!(matches!(result, Err(EngineError::Fault(_))), "{result:?}");
    assert_eq!(
        state.word(call.contract, B256::with_last_byte(1)),
        B256::ZERO
    );
    // The next call's receipt has its own log only.
    let receipt = engine.call(Mode::Interpret, &mut state, &call).unwrap();
    assert_eq!(receipt, interpreted());
}

#[test]
fn the_pages_that_a_call_begins_with_cost_what_grown_ones_cost() {
    let gas_used = |pages| {
        let (engine, mut state, call) = world(None, pages);
        engine.call(Mode::Jit, &mut state, &call).unwrap().gas_used
    };
    let page = GasSchedule::V1.memory_page / aivm_core::INK_PER_GAS;
    assert_eq!(gas_used(5) - gas_used(2), 3 * page);

    // One gas less than base and pages: nothing runs, all is burnt.
    let (engine, mut state, mut call) = world(None, 5);
    call.gas_limit = GasSchedule::V1.call_base_gas + 5 * page - 1;
    let receipt = engine.call(Mode::Jit, &mut state, &call).unwrap();
    assert_eq!(
        (receipt.status, receipt.gas_used),
        (Status::OutOfGas, call.gas_limit)
    );
}

#[test]
fn code_on_disk_outlives_the_engine() {
    let name = format!("aivm-engine-code-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let bytes = wat::parse_str(CONTRACT.replace("PAGES", "1")).unwrap();
    for from_folder in [0, 1] {
        let folder = crate::CodeFolder::open(&path, 1 << 20).expect("a private folder");
        let engine = engine().with_code_folder(folder);
        let mut state = State::default();
        let contract = engine
            .deploy(&mut state, CALLER, B256::ZERO, &bytes)
            .unwrap();
        let call = Call {
            sender: CALLER,
            contract,
            value: U256::ZERO,
            data: Vec::new(),
            gas_limit: 10_000_000,
        };
        let receipt = engine.call(Mode::Compare, &mut state, &call).unwrap();
        assert_eq!(receipt, interpreted());
        let metrics = engine.metrics();
        assert_eq!(
            (metrics.codes_prepared, metrics.codes_from_folder),
            (1, from_folder)
        );
    }
    std::fs::remove_dir_all(path).unwrap();
}
