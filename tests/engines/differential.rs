//! Generated modules: every engine of ours, and `wasmi`, on every export with several arguments.
//!
//! `AIVM_DIFFERENTIAL_MODULES` sets how many (2,000 when unset), `AIVM_DIFFERENTIAL_FIRST` the first seed
//! (0 when unset): a failure names its seed, and that seed alone repeats it.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use aivm_core::{Exit, GasSchedule, TrapCode, ValueType};
use aivm_wasm::plan::{ExportItem, MeteredModule};
use aivm_wasm::{Rules, meter, validate};

use crate::PRICES;
use crate::engine::{Engine, Interpreter};
use crate::generator::{self, LIMITS, Random};
use crate::host::RecordingHost;
use crate::lockstep::{Contenders, Disagreement, Lockstep};
use crate::opinion::{self, Opinion, Third, ThirdRunning};

/// Argument sets for each module; each begins with new instances.
const ARGUMENT_SETS: u64 = 3;

/// Ink of one call.
const INK: u64 = 50_000;

/// Fuel of one call in `wasmi`; its unit is about an instruction.
const FUEL: u64 = 200_000;

/// A module counts as running when one call that ends by itself, neither by the ink nor by the stack words,
/// executes more instructions than this.
const INSTRUCTIONS_MIN: u64 = 100;

/// Every instruction costs 1 and nothing else costs anything, so that ink counts instructions.
const COUNTING: GasSchedule = GasSchedule {
    simple: 1,
    multiply: 1,
    divide: 1,
    memory: 1,
    branch: 1,
    call: 1,
    call_indirect: 0,
    function_header: 0,
    local: 0,
    bulk_base: 1,
    bulk_byte: 0,
    memory_page: 0,
    ..GasSchedule::V1
};

/// What was seen, over all modules.
#[derive(Clone, Debug, Default)]
struct Tally {
    modules: u64,
    refused: BTreeMap<String, u64>,
    /// Modules with a call of more than [`INSTRUCTIONS_MIN`] instructions that ended by itself.
    running: u64,
    /// Modules with any call of more instructions, endless ones included.
    running_or_endless: u64,
    instructions: u64,
    calls: u64,
    returns: u64,
    traps: [u64; TrapCode::ALL.len()],
    out_of_ink: u64,
    instance_traps: u64,
    compared_with_wasmi: u64,
    without_third_opinion: u64,
}

#[test]
fn engines_agree_on_generated_modules() {
    let modules = from_environment("AIVM_DIFFERENTIAL_MODULES", 2_000);
    let first = from_environment("AIVM_DIFFERENTIAL_FIRST", 0);
    let begun = Instant::now();
    let next = AtomicU64::new(first);
    let end = first + modules;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut tally = Tally::default();
    let mut failure: Option<(u64, String)> = None;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| work(&next, end)))
            .collect();
        for worker in workers {
            let (part, difference) = worker.join().expect("a worker catches what panics");
            tally.add(&part);
            failure = [failure.take(), difference].into_iter().flatten().min();
        }
    });
    if let Some((seed, difference)) = failure {
        panic!(
            "seed {seed} (AIVM_DIFFERENTIAL_FIRST={seed} AIVM_DIFFERENTIAL_MODULES=1)\n{difference}"
        );
    }
    println!("{tally}in {:.1} s", begun.elapsed().as_secs_f64());
    println!(
        "campaign: modules={} refused={} over_100_instructions={} calls={} compared_with_wasmi={}",
        tally.modules,
        tally.modules - tally.accepted(),
        tally.running,
        tally.calls,
        tally.compared_with_wasmi
    );
    // Of a few modules, as when one seed is repeated, the shares say nothing.
    if modules < 1_000 {
        return;
    }
    let accepted = tally.accepted();
    assert!(
        accepted * 10 >= tally.modules * 9,
        "only {accepted} modules were accepted"
    );
    assert!(
        tally.running * 10 >= accepted * 3,
        "only {} of {accepted} modules run more than {INSTRUCTIONS_MIN} instructions",
        tally.running
    );
    assert!(
        tally.compared_with_wasmi * 2 >= tally.calls,
        "only {} calls have a third opinion",
        tally.compared_with_wasmi
    );
}

fn from_environment(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => default,
    }
}

/// Examines seeds until they are used up or one fails.
fn work(next: &AtomicU64, end: u64) -> (Tally, Option<(u64, String)>) {
    let mut tally = Tally::default();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return (tally, None);
        }
        let bytes = generator::module(seed);
        let examined = catch_unwind(AssertUnwindSafe(|| examine(seed, &bytes)))
            .unwrap_or_else(|_| Err(Disagreement("an engine panicked".to_owned())));
        match examined {
            Ok(part) => tally.add(&part),
            Err(Disagreement(what)) => {
                next.fetch_max(end, Ordering::Relaxed);
                let text =
                    wasmprinter::print_bytes(&bytes).unwrap_or_else(|error| error.to_string());
                return (tally, Some((seed, format!("{what}\n{text}"))));
            }
        }
    }
}

/// Runs one module in every engine.
fn examine(seed: u64, bytes: &[u8]) -> Result<Tally, Disagreement> {
    let mut tally = Tally {
        modules: 1,
        ..Tally::default()
    };
    let module = match validate(bytes, &LIMITS, Rules::Generic) {
        Ok(module) => module,
        Err(refusal) => {
            *tally
                .refused
                .entry(format!("{:?}", refusal.code))
                .or_default() += 1;
            return Ok(tally);
        }
    };
    let plan = Arc::new(meter(&module, &PRICES));
    let contenders = Contenders::prepare(&plan);
    let third = Third::new(bytes, &plan, LIMITS)
        .map_err(|error| Disagreement(format!("wasmi refuses the module: {error}")))?;
    for set in 0..ARGUMENT_SETS {
        run_exports(
            &plan,
            &contenders,
            &third,
            &mut Random::new(seed ^ set << 48),
            &mut tally,
        )?;
    }
    count(&Arc::new(meter(&module, &COUNTING)), seed, &mut tally);
    Ok(tally)
}

/// Calls every exported function once, in order. The instances go on from call to call, until `wasmi` has no
/// opinion on one: then all begin anew.
fn run_exports(
    plan: &MeteredModule,
    contenders: &Contenders,
    third: &Third,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(), Disagreement> {
    let mut instances = None;
    for (name, function, arguments) in calls(plan, random) {
        let (mut lockstep, mut running) = match instances.take() {
            Some(instances) => instances,
            None => match instantiate(contenders, third)? {
                Some(instances) => instances,
                None => {
                    tally.instance_traps += 1;
                    return Ok(());
                }
            },
        };
        let call = |Disagreement(what)| Disagreement(format!("{name:?} {arguments:?}: {what}"));
        let mut ink = INK;
        let exit = lockstep
            .invoke(function, &arguments, &mut ink)
            .map_err(call)?;
        tally.calls += 1;
        match exit {
            Exit::Return(_) => tally.returns += 1,
            Exit::Trap(trap) => tally.traps[trap as usize - 1] += 1,
            Exit::OutOfInk => tally.out_of_ink += 1,
            Exit::Fault(_) => {}
        }
        let theirs = running.invoke(&name, &arguments, FUEL);
        if opinion::compare(plan, &exit, &lockstep, &theirs, &running).map_err(call)? {
            tally.compared_with_wasmi += 1;
            instances = Some((lockstep, running));
        } else {
            tally.without_third_opinion += 1;
        }
    }
    Ok(())
}

/// Instances of all engines and of `wasmi`; none if all of them trap in the same way.
fn instantiate(
    contenders: &Contenders,
    third: &Third,
) -> Result<Option<(Lockstep, ThirdRunning)>, Disagreement> {
    match (
        contenders.instantiate(&RecordingHost::default())?,
        third.instantiate(),
    ) {
        (Ok(lockstep), Ok(third)) => Ok(Some((lockstep, third))),
        (Err(trap), Err(Opinion::Trap(theirs))) if trap == theirs => Ok(None),
        (ours, theirs) => Err(Disagreement(format!(
            "instantiation\n  ours: {:?}\n  wasmi: {:?}",
            ours.map(|_| "no trap"),
            theirs.map(|_| "no trap")
        ))),
    }
}

/// Counts the instructions that the calls of the first argument set execute.
fn count(plan: &Arc<MeteredModule>, seed: u64, tally: &mut Tally) {
    let Ok(mut instance) = Interpreter.prepare(plan).instantiate() else {
        return;
    };
    for (_, function, arguments) in calls(plan, &mut Random::new(seed)) {
        let mut ink = INK;
        let exit = instance.invoke(
            function,
            &arguments,
            &mut ink,
            &mut RecordingHost::default(),
        );
        let instructions = INK - ink;
        tally.instructions += instructions;
        if instructions > INSTRUCTIONS_MIN {
            tally.running_or_endless = 1;
            // Endless loops and endless recursion are long, but say little.
            if !matches!(exit, Exit::OutOfInk | Exit::Trap(TrapCode::StackOverflow)) {
                tally.running = 1;
            }
        }
    }
}

/// Every exported function of the module itself, with arguments of its own. An import that is exported again
/// is left to the cases: `wasmi` gives it no memory when it has no caller.
fn calls(plan: &MeteredModule, random: &mut Random) -> Vec<(String, u32, Vec<u64>)> {
    let functions = plan.exports.iter().filter_map(|export| match export.item {
        ExportItem::Function(index) if index as usize >= plan.imports.len() => {
            Some((export.name.clone(), index))
        }
        _ => None,
    });
    functions
        .map(|(name, index)| {
            let ty = &plan.types[plan.function_type(index) as usize];
            let arguments = ty
                .parameters
                .iter()
                .map(|&ty| argument(ty, random))
                .collect();
            (name, index, arguments)
        })
        .collect()
}

/// Small numbers, edges and any number, about as often each.
fn argument(ty: ValueType, random: &mut Random) -> u64 {
    let edges = [
        0,
        1,
        u64::MAX,
        1 << 31,
        (1 << 31) - 1,
        1 << 63,
        (1 << 63) - 1,
        65_535,
        65_536,
    ];
    let value = match random.below(3) {
        0 => random.below(100),
        1 => edges[random.below(edges.len() as u64) as usize],
        _ => random.next(),
    };
    match ty {
        ValueType::I32 => value & 0xFFFF_FFFF,
        ValueType::I64 => value,
    }
}

impl Tally {
    fn accepted(&self) -> u64 {
        self.modules - self.refused.values().sum::<u64>()
    }

    fn add(&mut self, other: &Tally) {
        self.modules += other.modules;
        for (code, count) in &other.refused {
            *self.refused.entry(code.clone()).or_default() += count;
        }
        self.running += other.running;
        self.running_or_endless += other.running_or_endless;
        self.instructions += other.instructions;
        self.calls += other.calls;
        self.returns += other.returns;
        for (ours, theirs) in self.traps.iter_mut().zip(other.traps) {
            *ours += theirs;
        }
        self.out_of_ink += other.out_of_ink;
        self.instance_traps += other.instance_traps;
        self.compared_with_wasmi += other.compared_with_wasmi;
        self.without_third_opinion += other.without_third_opinion;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accepted = self.accepted();
        let percent = |part: u64, whole: u64| part as u128 * 100 / u128::from(whole.max(1));
        writeln!(
            formatter,
            "{} modules, {accepted} accepted ({} %); {} of these ({} %) have a call that runs more than \
             {INSTRUCTIONS_MIN} instructions and ends by itself, {} ({} %) with endless ones; {} \
             instructions counted",
            self.modules,
            percent(accepted, self.modules),
            self.running,
            percent(self.running, accepted),
            self.running_or_endless,
            percent(self.running_or_endless, accepted),
            self.instructions,
        )?;
        writeln!(
            formatter,
            "{} calls: {} returned, {} out of ink, {} compared with wasmi too, {} without its opinion",
            self.calls,
            self.returns,
            self.out_of_ink,
            self.compared_with_wasmi,
            self.without_third_opinion,
        )?;
        for (trap, count) in TrapCode::ALL.iter().zip(self.traps) {
            writeln!(formatter, "  {trap:?}: {count}")?;
        }
        for (code, count) in &self.refused {
            writeln!(formatter, "  refused, {code}: {count}")?;
        }
        writeln!(
            formatter,
            "  traps of the instantiation: {}",
            self.instance_traps
        )
    }
}
