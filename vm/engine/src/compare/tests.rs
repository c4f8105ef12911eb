//! Plants every kind of wrong answer in a second engine and expects mode compare to name it.

use std::collections::BTreeMap;
use std::sync::Arc;

use aivm_core::ports::{
    Access, CallAnswer, CallPort, CallRequest, CreateAnswer, CreateRequest, Log, ModelSummary,
    StatePort, TensorPort,
};
use aivm_core::{
    Address, B256, Environment, Exit, GasSchedule, Guest, Host, HostExit, HostFunction, Limits,
    NodeFault, TrapCode, U256,
};
use aivm_host::{CallContext, Frame};
use aivm_wasm::Rules;

use super::{Difference, Verdict, compare};
use crate::execution::Entry;
use crate::machine::{Instance, Interpreter, Machine};

const INK: u64 = 10_000_000_000;

/// Reads its call data, hashes it, stores and loads a word, changes a global and memory. With call data
/// that begins with 1 it divides by zero, with 2 it runs `unreachable`, with 3 it loops for ever.
const CONTRACT: &str = r#"
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "native_keccak256" (func $keccak (param i32 i32 i32)))
  (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
  (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
  (memory (export "memory") 1)
  (global $count (mut i64) (i64.const 5))
  (func (export "user_entrypoint") (param i32) (result i32)
    (call $read_args (i32.const 0))
    (call $keccak (i32.const 0) (local.get 0) (i32.const 32))
    (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 1))
      (then (drop (i32.div_u (i32.const 1) (i32.const 0)))))
    (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 2))
      (then (unreachable)))
    (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 3))
      (then (loop $for_ever (br $for_ever))))
    (call $cache (i32.const 64) (i32.const 32))
    (call $flush (i32.const 0))
    (i32.store (i32.const 96) (i32.const 7))
    (global.set $count (i64.const 6))
    (i32.const 0)))
"#;

fn machine() -> Interpreter {
    let bytes = wat::parse_str(CONTRACT).unwrap();
    let module = aivm_wasm::validate(&bytes, &Limits::CONTRACT, Rules::Contract).unwrap();
    let module = Arc::new(aivm_wasm::meter(&module, &GasSchedule::V1));
    Interpreter(Arc::new(aivm_interpreter::Program::new(module)))
}

/// What a wrong engine does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lie {
    Nothing,
    /// Sees another byte at this address when the host reads or at the end.
    MemoryByte(usize),
    MemorySize,
    Ink,
    InkBeforeCall,
    ReturnValue,
    TrapCode,
    Global,
    Argument,
    SkippedCall,
    ExtraCall,
    OtherFunction,
    Fault,
    FailedInstantiation,
}

/// The interpreter with a lie.
struct Liar {
    inner: Interpreter,
    lie: Lie,
}

struct LyingInstance {
    inner: Box<dyn Instance>,
    lie: Lie,
    memory: Vec<u8>,
}

impl Machine for Liar {
    fn bytes_held(&self) -> usize {
        0
    }

    fn instantiate(&self, memory_pages: u32) -> Result<Box<dyn Instance>, Exit> {
        if self.lie == Lie::FailedInstantiation {
            return Err(Exit::Trap(TrapCode::MemoryOutOfBounds));
        }
        Ok(Box::new(LyingInstance {
            inner: self.inner.instantiate(memory_pages)?,
            lie: self.lie,
            memory: Vec::new(),
        }))
    }
}

impl Instance for LyingInstance {
    fn invoke(
        &mut self,
        function: u32,
        arguments: &[u64],
        ink: &mut u64,
        host: &mut dyn Host,
    ) -> Exit {
        let mut host = LyingHost {
            inner: host,
            lie: self.lie,
            calls: 0,
        };
        let exit = self.inner.invoke(function, arguments, ink, &mut host);
        self.memory = self.inner.memory().to_vec();
        match self.lie {
            Lie::MemoryByte(address) => self.memory[address] ^= 1,
            Lie::MemorySize => self.memory.push(0),
            Lie::Ink => *ink -= 1,
            Lie::ReturnValue if matches!(exit, Exit::Return(_)) => return Exit::Return(vec![1]),
            Lie::TrapCode if matches!(exit, Exit::Trap(_)) => {
                return Exit::Trap(TrapCode::IntegerOverflow);
            }
            Lie::Fault => return Exit::Fault(NodeFault("native stack".to_owned())),
            _ => {}
        }
        exit
    }

    fn memory(&self) -> &[u8] {
        &self.memory
    }

    fn globals(&self) -> Vec<u64> {
        let mut globals = self.inner.globals();
        if self.lie == Lie::Global {
            globals[0] += 1;
        }
        globals
    }
}

struct LyingHost<'a> {
    inner: &'a mut dyn Host,
    lie: Lie,
    calls: u32,
}

impl Host for LyingHost<'_> {
    fn call(
        &mut self,
        function: HostFunction,
        arguments: &[u64],
        guest: &mut dyn Guest,
    ) -> Result<u64, HostExit> {
        self.calls += 1;
        match (self.lie, self.calls) {
            (Lie::InkBeforeCall, 2) => guest.charge(1)?,
            (Lie::Argument, 2) => return self.inner.call(function, &[0, 2, 33], guest),
            (Lie::MemoryByte(address), 2) if address < 2 => {
                let mut byte = guest.read(address as u32, 1)?[0];
                byte ^= 1;
                guest.write(address as u32, &[byte])?;
            }
            (Lie::SkippedCall, 4) => return Ok(0),
            (Lie::ExtraCall, 4) => {
                self.inner.call(function, arguments, guest)?;
            }
            (Lie::OtherFunction, 4) => {
                return self
                    .inner
                    .call(HostFunction::PayForMemoryGrow, arguments, guest);
            }
            _ => {}
        }
        self.inner.call(function, arguments, guest)
    }
}

struct NoTensors;

impl TensorPort for NoTensors {
    fn model(&self, _: B256) -> Option<ModelSummary> {
        None
    }

    fn infer(
        &self,
        _: B256,
        _: &[u8],
    ) -> Result<Result<Vec<u8>, aivm_core::ports::InferStatus>, NodeFault> {
        Err(NodeFault("no models".to_owned()))
    }
}

/// Storage that counts its stores; there is nothing else in its world.
#[derive(Default)]
struct CountingWorld {
    words: BTreeMap<B256, B256>,
    stores: u32,
}

impl StatePort for CountingWorld {
    fn touch_word(&mut self, _: Address, _: B256) -> Result<Access, NodeFault> {
        Ok(Access::Warm)
    }

    fn load(&mut self, _: Address, key: B256) -> Result<B256, NodeFault> {
        Ok(self.words.get(&key).copied().unwrap_or_default())
    }

    fn store(&mut self, _: Address, key: B256, value: B256) -> Result<(), NodeFault> {
        self.stores += 1;
        self.words.insert(key, value);
        Ok(())
    }

    fn touch_account(&mut self, _: Address) -> Result<Access, NodeFault> {
        Ok(Access::Warm)
    }

    fn exists(&mut self, _: Address) -> Result<bool, NodeFault> {
        Ok(false)
    }

    fn balance(&mut self, _: Address) -> Result<U256, NodeFault> {
        Ok(U256::ZERO)
    }

    fn code(&mut self, _: Address) -> Result<Arc<[u8]>, NodeFault> {
        Ok(Arc::default())
    }

    fn code_hash(&mut self, _: Address) -> Result<B256, NodeFault> {
        Ok(B256::ZERO)
    }

    fn log(&mut self, _: Log) -> Result<(), NodeFault> {
        Ok(())
    }

    fn console(&mut self, _: String) {}
}

impl CallPort for CountingWorld {
    fn call(&mut self, _: CallRequest) -> Result<CallAnswer, NodeFault> {
        Err(NodeFault("no other contracts".to_owned()))
    }

    fn create(&mut self, _: CreateRequest) -> Result<CreateAnswer, NodeFault> {
        Err(NodeFault("no other contracts".to_owned()))
    }
}

/// Compares the interpreter with the lying one on call data `data`; the number of stores, too.
fn judge(lie: Lie, data: &[u8], ink: u64) -> (Exit, Verdict, u32) {
    let context = CallContext {
        sender: Address::ZERO,
        contract: Address::ZERO,
        value: U256::ZERO,
        data: data.to_vec(),
        reentrant: false,
        read_only: false,
    };
    let environment = Environment::default();
    let mut world = CountingWorld::default();
    let mut frame = Frame::new(
        &context,
        &environment,
        &GasSchedule::V1,
        &Limits::CONTRACT,
        &mut world,
        &NoTensors,
    );
    let authority = machine();
    let module = authority.0.module();
    let entry = Entry {
        function: module.exported_function("user_entrypoint").unwrap(),
        arguments: [data.len() as u64],
        memory_pages: 1024,
        depth: 0,
    };
    let liar = Liar {
        inner: machine(),
        lie,
    };
    let (exit, _, verdict) = compare(&authority, &liar, &entry, ink, &mut frame);
    drop(frame);
    (exit, verdict, world.stores)
}

fn difference(lie: Lie, data: &[u8]) -> Difference {
    match judge(lie, data, INK) {
        (_, Verdict::Differ(difference), _) => difference,
        _ => panic!("{lie:?} was not noticed"),
    }
}

fn host_call(lie: Lie) -> (u64, &'static str) {
    match difference(lie, &[9, 9]) {
        Difference::HostCall { index, what, .. } => (index, what),
        other => panic!("{lie:?}: {other}"),
    }
}

#[test]
fn an_honest_engine_agrees_on_every_kind_of_end_and_effects_happen_once() {
    let ends = [
        (&[9, 9][..], Exit::Return(vec![0])),
        (&[1], Exit::Trap(TrapCode::IntegerDivisionByZero)),
        (&[2], Exit::Trap(TrapCode::Unreachable)),
        (&[3], Exit::OutOfInk),
    ];
    for (data, expected) in ends {
        let (exit, verdict, stores) = judge(Lie::Nothing, data, INK);
        assert!(matches!(verdict, Verdict::Agree), "{data:?}");
        assert_eq!(stores, u32::from(exit == Exit::Return(vec![0])));
        assert_eq!(exit, expected);
    }
}

#[test]
fn an_honest_engine_agrees_wherever_the_ink_ends() {
    let whole = 300_000_000;
    for ink in (0..whole).step_by(1_234_567).chain([1, 10_000, 250_000]) {
        let (_, verdict, _) = judge(Lie::Nothing, &[9, 9], ink);
        assert!(matches!(verdict, Verdict::Agree), "{ink} ink");
    }
}

#[test]
fn wrong_ends_are_named() {
    use Difference::{Exit as OtherExit, Globals, Ink, MemoryByte, MemorySize};
    let returned = |lie| difference(lie, &[9, 9]);
    assert!(matches!(returned(Lie::ReturnValue), OtherExit { .. }));
    assert!(matches!(
        returned(Lie::FailedInstantiation),
        OtherExit { .. }
    ));
    assert!(matches!(difference(Lie::TrapCode, &[1]), OtherExit { .. }));
    assert!(matches!(returned(Lie::Ink), Ink { .. }));
    assert!(matches!(difference(Lie::Ink, &[2]), Ink { .. }));
    assert!(matches!(returned(Lie::MemorySize), MemorySize { .. }));
    assert!(matches!(
        returned(Lie::MemoryByte(96)),
        MemoryByte {
            address: 96,
            interpreter: 7,
            jit: 6
        }
    ));
    assert!(matches!(
        difference(Lie::MemoryByte(96), &[1]),
        MemoryByte { .. }
    ));
    assert!(matches!(returned(Lie::Global), Globals { .. }));
}

#[test]
fn wrong_host_calls_are_named() {
    assert_eq!(host_call(Lie::InkBeforeCall), (1, "the ink at entry"));
    assert_eq!(host_call(Lie::Argument), (1, "the arguments"));
    assert_eq!(host_call(Lie::MemoryByte(1)), (1, "bytes read"));
    assert_eq!(host_call(Lie::OtherFunction), (3, "the function"));
    assert_eq!(host_call(Lie::SkippedCall), (3, "the call"));
    assert_eq!(host_call(Lie::ExtraCall), (4, "the call"));
}

#[test]
fn ink_after_a_trap_that_burns_it_is_not_compared() {
    let (_, verdict, _) = judge(Lie::Ink, &[1], INK);
    assert!(matches!(verdict, Verdict::Agree));
}

#[test]
fn a_fault_of_the_second_engine_is_no_disagreement() {
    let (exit, verdict, stores) = judge(Lie::Fault, &[9, 9], INK);
    assert!(matches!(verdict, Verdict::SecondFaulted));
    assert_eq!((exit, stores), (Exit::Return(vec![0]), 1));
}
