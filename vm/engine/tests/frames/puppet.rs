//! The contract that the tests pull the strings of, and a world in which it is deployed twice.

use std::sync::Arc;

use aivm_coprocessor::Coprocessor;
use aivm_core::{Address, B256, BlockContext, U256};
use aivm_engine::{Call, Engine, Mode, Receipt, State, Trace};
use aivm_tosa::{ModelLimits, PriceTable};

pub(crate) const CALLER: Address = Address::repeat_byte(0xCA);
/// Gas that asks for everything.
pub(crate) const ALL: u64 = u64::MAX;
/// Calls of the puppet's own function before it does anything when it is told to use up stack.
pub(crate) const STACK_CALLS: u32 = 4000;

/// How a puppet ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Return0,
    Return1,
    Unreachable,
    Divide,
}

/// How a puppet calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Call,
    Delegate,
    Static,
    Nobody,
}

/// What a puppet is to do: its call data before encoding.
#[derive(Clone, Debug)]
pub(crate) struct Strings {
    pub(crate) end: End,
    pub(crate) store: bool,
    pub(crate) log: bool,
    pub(crate) deep: bool,
    pub(crate) kind: Kind,
    pub(crate) gas: u64,
    pub(crate) value: U256,
    pub(crate) target: Address,
    pub(crate) grow: u8,
    pub(crate) data: Vec<u8>,
}

impl Strings {
    /// Calls nobody.
    pub(crate) fn leaf(end: End) -> Strings {
        Strings {
            end,
            store: false,
            log: false,
            deep: false,
            kind: Kind::Nobody,
            gas: ALL,
            value: U256::ZERO,
            target: Address::ZERO,
            grow: 0,
            data: Vec::new(),
        }
    }

    /// Calls `target` with all gas and `inner`'s call data, and returns 0.
    pub(crate) fn call(kind: Kind, target: Address, inner: &Strings) -> Strings {
        Strings {
            kind,
            target,
            data: inner.encode(),
            ..Strings::leaf(End::Return0)
        }
    }

    /// The same, and it stores and logs first.
    pub(crate) fn with_effects(self) -> Strings {
        Strings {
            store: true,
            log: true,
            ..self
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let flags = [(self.store, 16), (self.log, 32), (self.deep, 64)];
        let flags = flags.map(|(set, flag)| if set { flag } else { 0 });
        let mut bytes = vec![self.end as u8 + flags.iter().sum::<u8>(), self.kind as u8];
        bytes.extend(self.gas.to_le_bytes());
        bytes.extend(self.value.to_be_bytes::<32>());
        bytes.extend(self.target.as_slice());
        bytes.push(self.grow);
        bytes.extend(&self.data);
        bytes
    }
}

/// What a puppet's output says.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// Of the call that it made, 255 for none.
    pub(crate) status: u8,
    pub(crate) grown: i32,
    pub(crate) ink_before: u64,
    pub(crate) ink_after: u64,
    pub(crate) sender: Address,
    pub(crate) contract: Address,
    pub(crate) value: U256,
    pub(crate) reentrant: bool,
    pub(crate) return_data: Vec<u8>,
}

impl Report {
    pub(crate) fn decode(output: &[u8]) -> Report {
        let long = |at: usize| u64::from_le_bytes(output[at..at + 8].try_into().unwrap());
        Report {
            status: output[0],
            grown: i32::from_le_bytes(output[1..5].try_into().unwrap()),
            ink_before: long(5),
            ink_after: long(13),
            sender: Address::from_slice(&output[21..41]),
            contract: Address::from_slice(&output[41..61]),
            value: U256::from_be_slice(&output[61..93]),
            reentrant: output[93] == 1,
            return_data: output[94..].to_vec(),
        }
    }

    /// The callee's report, if its return data is one.
    pub(crate) fn inner(&self) -> Report {
        Report::decode(&self.return_data)
    }
}

fn no_models() -> Arc<Coprocessor> {
    let coprocessor = Coprocessor::new(Vec::new(), ModelLimits::CHAIN, PriceTable::V1);
    Arc::new(coprocessor)
}

pub(crate) fn engine() -> Engine {
    Engine::new(no_models())
}

/// One whose contracts may print.
pub(crate) fn debugging() -> Engine {
    Engine::debugging(no_models())
}

/// Two puppets in a state of their own for each mode.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) states: Vec<(Mode, State)>,
    pub(crate) a: Address,
    pub(crate) b: Address,
}

impl World {
    pub(crate) fn new() -> World {
        let text = include_str!("puppet.wat").replace("DEPTH", &STACK_CALLS.to_string());
        World::of(&wat::parse_str(text).expect("good text"))
    }

    /// Two accounts with the code `code`.
    pub(crate) fn of(code: &[u8]) -> World {
        World::with(engine(), code)
    }

    /// The same, called by `engine`.
    pub(crate) fn with(engine: Engine, code: &[u8]) -> World {
        let mut deployed = [Address::ZERO; 2];
        let states = Mode::ALL.map(|mode| {
            let mut state = State::default();
            deployed = [1, 2].map(|salt| {
                let salt = B256::with_last_byte(salt);
                engine
                    .deploy(&mut state, CALLER, salt, code)
                    .expect("the contract is valid")
            });
            (mode, state)
        });
        assert_eq!(engine.metrics().compile_failures, 0);
        World {
            engine,
            states: states.into(),
            a: deployed[0],
            b: deployed[1],
        }
    }

    /// Leaves this mode only.
    pub(crate) fn keep(&mut self, mode: Mode) {
        self.states.retain(|(kept, _)| *kept == mode);
    }

    pub(crate) fn set_balance(&mut self, address: Address, balance: u64) {
        for (_, state) in &mut self.states {
            state.set_balance(address, U256::from(balance));
        }
    }

    pub(crate) fn state(&self) -> &State {
        &self.states[0].1
    }

    /// Calls the first contract in every mode; receipts and states must be equal.
    pub(crate) fn call_bytes(&mut self, data: Vec<u8>, value: U256, gas_limit: u64) -> Receipt {
        let call = Call {
            sender: CALLER,
            contract: self.a,
            value,
            data,
            gas_limit,
        };
        let mut receipts = Vec::new();
        let mut traced_state = self.state().clone();
        for (mode, state) in &mut self.states {
            let receipt = self.engine.call(*mode, state, &call);
            receipts.push(receipt.unwrap_or_else(|error| panic!("{mode}: {error}")));
        }
        for (index, (mode, state)) in self.states.iter().enumerate() {
            assert_eq!(receipts[0], receipts[index], "{mode}");
            assert_eq!(self.states[0].1, *state, "{mode}");
        }
        let block = BlockContext::default();
        let traced = self.engine.trace_in(&mut traced_state, &block, &call);
        let (receipt, trace) = traced.expect("a receipt, as without a trace");
        assert_eq!((&receipts[0], self.state()), (&receipt, &traced_state));
        check_ink(&trace);
        receipts.swap_remove(0)
    }

    /// Pulls the first puppet's strings with plenty of gas.
    pub(crate) fn pull(&mut self, strings: &Strings) -> Receipt {
        self.call_bytes(strings.encode(), U256::ZERO, 1_000_000_000)
    }

    /// What the first puppet reports when its strings are pulled so; it must return 0.
    pub(crate) fn report(&mut self, strings: &Strings) -> Report {
        let receipt = self.pull(strings);
        assert_eq!(receipt.status, aivm_core::Status::Ok);
        Report::decode(&receipt.output)
    }

    /// Whether `address` has stored its 7.
    pub(crate) fn stored(&self, address: Address) -> bool {
        self.state().word(address, B256::with_last_byte(1)) == B256::with_last_byte(7)
    }
}

/// A call spends no less than those that it makes, and stacks together no less than the first call: more only where a
/// callee was given ink that its caller did not pay.
fn check_ink(trace: &Trace) {
    let on_stacks: u64 = trace.stacks().map(|stack| stack.ink).sum();
    let Some(first) = trace.calls.first() else {
        assert_eq!(on_stacks, 0);
        return;
    };
    assert!(on_stacks >= first.ink, "{on_stacks} of {}", first.ink);
    for (index, call) in trace.calls.iter().enumerate() {
        let inside = trace.calls[index + 1..].iter();
        let inside = inside.take_while(|inner| inner.depth > call.depth);
        let callees = inside.filter(|inner| inner.depth == call.depth + 1);
        let spent: u64 = callees.map(|inner| inner.ink).sum();
        assert!(call.ink >= spent || on_stacks > first.ink, "call {index}");
    }
}
