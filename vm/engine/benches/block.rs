//! `cargo bench -p aivm-engine --bench block`: blocks of calls, wholly interpreted by an engine that has seen none of
//! their contracts, beside the JIT with everything compiled: how far a node without compiled code falls behind.
//!
//! Each figure is the fastest of several rounds. The cold engine validates, meters and lowers every contract in the
//! block. The aim is a ratio of 20 at most; the program ends with 1 above that.

// Times are for people; they enter nothing.
#![allow(clippy::float_arithmetic)]

#[path = "../../../benches/programs/mod.rs"]
mod programs;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use aivm_coprocessor::Coprocessor;
use aivm_core::{Address, B256, Exit, GasSchedule, INK_PER_GAS, Limits, Status, U256, keccak256};
use aivm_engine::{Call, Engine, Mode, State};
use aivm_tosa::{ModelLimits, PriceTable};
use aivm_wasm::{Rules, meter, validate};
use programs::{NoHost, PROGRAMS, Program};

const ROUNDS: usize = 5;
/// A program is too short for a block alone.
const RUNS: usize = 10;
const RATIO_MAX: f64 = 20.0;
const ALICE: Address = Address::repeat_byte(0xA1);

const COUNTER: &[u8] = include_bytes!("../../../examples/contracts/counter.wasm");
const ERC20: &[u8] = include_bytes!("../../../examples/contracts/erc20.wasm");

/// Calls itself with no data, a hundred times; without data it does nothing: the smallest frames there are.
const TINY_FRAMES: &str = r#"
(module
  (import "vm_hooks" "contract_address" (func $contract_address (param i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "user_entrypoint") (param $len i32) (result i32)
    (local $left i32)
    (if (i32.eqz (local.get $len)) (then (return (i32.const 0))))
    (call $contract_address (i32.const 0))
    (local.set $left (i32.const 100))
    (loop $again
      (drop (call $call (i32.const 0) (i32.const 32) (i32.const 0) (i32.const 32) (i64.const -1) (i32.const 64)))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.const 0)))
"#;

/// Calls of one block, on contracts that a state holds.
struct Block {
    name: String,
    state: State,
    calls: Vec<Call>,
}

fn main() -> ExitCode {
    let warm = engine();
    let mut state = State::default();
    let mut deploy = |code: &[u8], salt: u8| {
        let deployed = warm.deploy(&mut state, ALICE, B256::repeat_byte(salt), code);
        deployed.expect("the contract is valid")
    };
    let counter = deploy(COUNTER, 0);
    let token = deploy(ERC20, 0);
    let tiny = wat::parse_str(TINY_FRAMES).expect("text");
    let tiny = deploy(&tiny, 0);
    let call = |contract, data: Vec<u8>| Call {
        sender: ALICE,
        contract,
        value: U256::ZERO,
        data,
        gas_limit: 30_000_000,
    };
    let increment = || call(counter, abi("increment()", &[]));
    let transfer = || {
        let arguments = [B256::with_last_byte(0xB0), B256::with_last_byte(0)];
        call(token, abi("transfer(address,uint256)", &arguments))
    };
    let frames = || call(tiny, vec![1]);
    let block = |name: &str, calls: Vec<Call>| Block {
        name: name.to_owned(),
        state: state.clone(),
        calls,
    };
    let many = |make: &dyn Fn() -> Call, count: usize| (0..count).map(|_| make()).collect();
    let blocks = [
        block("500 increments of the counter", many(&increment, 500)),
        block("500 transfers of the token", many(&transfer, 500)),
        block("50 calls of 100 tiny frames", many(&frames, 50)),
        block(
            "one call of each contract",
            vec![increment(), transfer(), frames()],
        ),
        block(
            "200 calls of each contract",
            (0..200)
                .flat_map(|_| [increment(), transfer(), frames()])
                .collect(),
        ),
    ];

    println!(
        "| block | interpreted, cold (µs) | JIT, warm (µs) | ratio | ns per gas, interpreted | JIT |\n|---|---|---|---|---|---|"
    );
    let mut worst = 0.0_f64;
    let mut line = |name: &str, (cold, gas): (f64, u64), (warm, _): (f64, u64)| {
        let ratio = cold / warm;
        let [cold_gas, warm_gas] = [cold, warm].map(|time| time * 1_000.0 / gas as f64);
        println!("| {name} | {cold:.0} | {warm:.0} | {ratio:.1} | {cold_gas:.1} | {warm_gas:.1} |");
        worst = worst.max(cold / warm);
    };
    for block in &blocks {
        let cold = fastest(
            || (engine(), block.state.clone()),
            |(engine, state)| run(engine, Mode::Interpret, state, &block.calls),
        );
        let warm = fastest(
            || block.state.clone(),
            |state| run(&warm, Mode::Jit, state, &block.calls),
        );
        line(&block.name, cold, warm);
    }
    for program in &PROGRAMS {
        let (cold, warm) = program_times(program);
        line(&format!("{RUNS} runs of {}", program.name), cold, warm);
    }
    println!("worst: {worst:.1} (aim: {RATIO_MAX} at most)");
    match worst <= RATIO_MAX {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn engine() -> Engine {
    let coprocessor = Coprocessor::new(Vec::new(), ModelLimits::CHAIN, PriceTable::V1);
    Engine::new(Arc::new(coprocessor))
}

/// The gas that the calls used.
fn run(engine: &Engine, mode: Mode, state: &mut State, calls: &[Call]) -> u64 {
    let gas = calls.iter().map(|call| {
        let receipt = engine.call(mode, state, call).expect("a receipt");
        assert_eq!(receipt.status, Status::Ok, "{:?}", receipt.output);
        receipt.gas_used
    });
    gas.sum()
}

/// Microseconds of the fastest round, each on what `prepare` makes, and the gas of a round.
fn fastest<T>(mut prepare: impl FnMut() -> T, mut round: impl FnMut(&mut T) -> u64) -> (f64, u64) {
    let rounds = (0..ROUNDS).map(|_| {
        let mut prepared = prepare();
        let begun = Instant::now();
        let gas = round(&mut prepared);
        (begun.elapsed(), gas)
    });
    let (time, gas) = rounds.min().expect("rounds");
    (time.as_nanos() as f64 / 1_000.0, gas)
}

/// Microseconds and gas of some runs of a program from its bytes, interpreted, and of compiled code, each on a new instance.
fn program_times(program: &Program) -> ((f64, u64), (f64, u64)) {
    let wasm = program.wasm();
    let prepare = || {
        let module = validate(&wasm, &Limits::CONTRACT, Rules::Generic).expect("accepted");
        Arc::new(meter(&module, &GasSchedule::V1))
    };
    let plan = prepare();
    let function = plan.exported_function("run").expect("exported");
    let arguments = [u64::from(program.argument as u32)];
    let answer = Exit::Return(vec![u64::from(program.answer as u32)]);
    let cold = fastest(
        || (),
        |()| {
            let lowered = Arc::new(aivm_interpreter::Program::new(prepare()));
            gas_of_runs(|ink| {
                let mut instance = aivm_interpreter::Instance::new(&lowered).expect("instantiated");
                let exit = instance.invoke(function, &arguments, ink, &mut NoHost);
                assert_eq!(exit, answer);
            })
        },
    );
    let compiled = Arc::new(aivm_jit::CompiledModule::compile(&plan).expect("compiled"));
    let warm = fastest(
        || (),
        |()| {
            gas_of_runs(|ink| {
                let mut instance = aivm_jit::Instance::new(&compiled).expect("instantiated");
                let exit = instance.invoke(function, &arguments, ink, &mut NoHost);
                assert_eq!(exit, answer);
            })
        },
    );
    (cold, warm)
}

/// The gas that several runs take from the ink they are given.
fn gas_of_runs(mut run: impl FnMut(&mut u64)) -> u64 {
    let mut taken = 0;
    for _ in 0..RUNS {
        let mut ink = u64::MAX;
        run(&mut ink);
        taken += u64::MAX - ink;
    }
    taken / INK_PER_GAS
}

/// A Solidity call: the function's selector, then its arguments, a word each.
fn abi(signature: &str, arguments: &[B256]) -> Vec<u8> {
    let mut data = keccak256(signature)[..4].to_vec();
    data.extend(arguments.iter().flat_map(|word| word.0));
    data
}
