//! A contract recognises handwritten digits, on every engine and back end of this machine, with one answer.
//!
//! Run it with `cargo run --release --example basic_vm`. The contract (`contracts/digit_classifier.wat`,
//! and the same in Rust beside it) runs a small convolutional network on each of 16 MNIST digits, counts
//! the classes in its storage and emits a log. Each engine (interpreter, JIT) does that with each back end
//! (the reference, the CPU, every GPU adapter), from an empty state. The last line says whether all of them agree;
//! if they do not, the exit code is 1.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use synergy_aivm::{
    Accelerators, Address, B256, Call, Coprocessor, CpuExecutor, Engine, Executor, Mode,
    ModelLimits, PriceTable, Receipt, State, U256, keccak256,
};

const CONTRACT: &str = include_str!("contracts/digit_classifier.wat");
const MODEL: &[u8] = include_bytes!("models/mnist_cnn.tosa");
/// 16 images of 28×28 grey values, then their 16 labels.
const DIGITS: &[u8] = include_bytes!("models/mnist_digits16.bin");

const SIDE: usize = 28;
const PIXELS: usize = SIDE * SIDE;
const COUNT: usize = 16;
const CALLER: Address = Address::repeat_byte(0xCA);

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<ExitCode, Failure> {
    let contract = wat::parse_str(CONTRACT)?;
    let back_ends = back_ends()?;
    let mut combinations = Vec::new();
    for (engine_name, mode) in [("interpreter", Mode::Interpret), ("JIT", Mode::Jit)] {
        for back_end in &back_ends {
            combinations.push(Combination::run(engine_name, mode, back_end, &contract)?);
        }
    }
    for index in 0..COUNT {
        print_digit(index, &combinations)?;
    }
    print_counts(&combinations[0]);
    Ok(judge(&combinations))
}

/// A back end to run models on: `None` is the reference.
type BackEnd = Option<Arc<dyn Executor>>;

/// The reference, the fast CPU executor, and every adapter that passes its known-answer tests.
fn back_ends() -> Result<Vec<BackEnd>, Failure> {
    let cpu = CpuExecutor::new().map_err(|fault| fault.to_string())?;
    let found = Accelerators::discover();
    for rejected in &found.rejected {
        println!("not used: {}: {}", rejected.adapter, rejected.reason);
    }
    if found.usable.is_empty() {
        println!("no GPU adapter on this machine: the model runs on the CPU only");
    }
    let adapters = found.usable.into_iter().map(|gpu| Some(gpu as _));
    let without_gpu: [BackEnd; 2] = [None, Some(Arc::new(cpu))];
    Ok(without_gpu.into_iter().chain(adapters).collect())
}

/// One engine with one back end, and what came out of it.
struct Combination {
    engine: &'static str,
    back_end: String,
    receipts: Vec<Receipt>,
    times: Vec<Duration>,
    /// Storage of the contract at the end, by key.
    storage: Vec<(B256, B256)>,
    /// Runs of the model that the back end itself did; the others fell back to the reference.
    model_runs: u64,
}

impl Combination {
    fn run(
        engine_name: &'static str,
        mode: Mode,
        back_end: &BackEnd,
        contract: &[u8],
    ) -> Result<Combination, Failure> {
        let only = back_end.iter().cloned().collect();
        let coprocessor = Coprocessor::with_back_ends(only, ModelLimits::CHAIN, PriceTable::V1);
        coprocessor.register(MODEL)?;
        let engine = Engine::new(Arc::new(coprocessor));
        let mut state = State::default();
        let address = engine.deploy(&mut state, CALLER, B256::ZERO, contract)?;
        let (mut receipts, mut times) = (Vec::new(), Vec::new());
        for index in 0..COUNT {
            let call = Call {
                sender: CALLER,
                contract: address,
                value: U256::ZERO,
                data: input(index),
                gas_limit: 1_000_000,
            };
            let started = Instant::now();
            receipts.push(engine.call(mode, &mut state, &call)?);
            times.push(started.elapsed());
        }
        let back_ends = engine.coprocessor().metrics().backends;
        Ok(Combination {
            engine: engine_name,
            back_end: back_ends[0].name.clone(),
            receipts,
            times,
            storage: state.words(address).collect(),
            model_runs: back_ends[0].runs,
        })
    }

    /// Hash of all outputs, one after the other.
    fn outputs_hash(&self) -> B256 {
        keccak256(
            self.receipts
                .iter()
                .flat_map(|r| r.output.clone())
                .collect::<Vec<u8>>(),
        )
    }

    fn gas(&self) -> u64 {
        self.receipts.iter().map(|receipt| receipt.gas_used).sum()
    }

    fn agrees_with(&self, other: &Combination) -> bool {
        self.receipts == other.receipts && self.storage == other.storage
    }
}

/// Grey values of digit `index`.
fn pixels(index: usize) -> &'static [u8] {
    &DIGITS[index * PIXELS..(index + 1) * PIXELS]
}

/// Digit `index` as the model wants it: int8, grey value − 128.
fn input(index: usize) -> Vec<u8> {
    pixels(index).iter().map(|grey| grey ^ 0x80).collect()
}

/// The class that a receipt's output says, or how the call ended.
fn class(receipt: &Receipt) -> String {
    match receipt.output.last() {
        Some(class) if receipt.output.len() == 32 => class.to_string(),
        _ => format!("none, the call ended with {}", receipt.status.name()),
    }
}

/// Draws a digit, two rows of pixels to a line, and what each combination said of it.
fn print_digit(index: usize, combinations: &[Combination]) -> Result<(), Failure> {
    let image = pixels(index);
    let ink = |row: usize, column: usize| image[row * SIDE + column] >= 96;
    for row in (0..SIDE).step_by(2) {
        let line: String = (0..SIDE)
            .map(|column| match (ink(row, column), ink(row + 1, column)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            })
            .collect();
        if !line.trim().is_empty() {
            println!("    {}", line.trim_end());
        }
    }
    let label = DIGITS
        .get(COUNT * PIXELS + index)
        .ok_or("a label for each digit")?;
    let receipt = &combinations[0].receipts[index];
    println!(
        "class {}, label {label}, gas {}",
        class(receipt),
        receipt.gas_used
    );
    for combination in combinations {
        let Combination {
            engine,
            back_end,
            times,
            ..
        } = combination;
        println!("  {:>12?}  {engine} on {back_end}", times[index]);
    }
    println!();
    Ok(())
}

/// The counts that the contract keeps in its storage.
fn print_counts(combination: &Combination) {
    let counts = combination.storage.iter();
    let words: Vec<String> = counts
        .map(|(key, count)| format!("{}×{}", U256::from_be_bytes(count.0), key[31]))
        .collect();
    println!("counted by the contract: {}\n", words.join(", "));
}

/// Prints the table of all combinations and whether they agree.
fn judge(combinations: &[Combination]) -> ExitCode {
    println!(
        "{:<12} {:<44} {:>10} {:>14}  hash of all outputs",
        "engine", "back end", "gas", "time"
    );
    for combination in combinations {
        let Combination {
            engine,
            back_end,
            times,
            ..
        } = combination;
        let time: Duration = times.iter().sum();
        let (gas, hash) = (combination.gas(), combination.outputs_hash());
        println!("{engine:<12} {back_end:<44} {gas:>10} {time:>14?}  {hash}");
    }
    for combination in combinations {
        if combination.model_runs < COUNT as u64 {
            println!(
                "{} on {}: {} of {COUNT} runs failed there and were finished by the reference",
                combination.engine,
                combination.back_end,
                COUNT as u64 - combination.model_runs
            );
        }
    }
    let first = &combinations[0];
    let odd = combinations.iter().find(|other| !other.agrees_with(first));
    match odd {
        None => {
            println!("all {} combinations agree", combinations.len());
            ExitCode::SUCCESS
        }
        Some(odd) => {
            println!(
                "{} on {} disagrees with {} on {}",
                odd.engine, odd.back_end, first.engine, first.back_end
            );
            ExitCode::FAILURE
        }
    }
}
