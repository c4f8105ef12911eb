//! One module: run by every engine on every export with several arguments, and the engines compared.

use std::sync::Arc;

use aivm_core::{Exit, GasSchedule, Limits, TrapCode, ValueType};
use aivm_wasm::plan::{ExportItem, MeteredModule};
use aivm_wasm::{Rules, meter, validate};

use crate::engine::{ENGINES, Engine, Interpreter};
use crate::host::RecordingHost;
use crate::lockstep::{Contenders, Disagreement, Lockstep};
use crate::opinion::{self, Opinion, Third, ThirdRunning};
use crate::{PRICES, Random, Tally};

/// Argument sets for each module; each begins with new instances.
const ARGUMENT_SETS: u64 = 3;

/// Fuel of one call in `wasmi` for a unit of ink. Its unit is about an instruction, which takes an ink or more.
const FUEL_PER_INK: u64 = 4;

/// A module counts as running when one call that ends by itself, neither by the ink nor by the stack words,
/// executes more instructions than this.
pub(crate) const INSTRUCTIONS_MIN: u64 = 100;

/// Every instruction costs 1 and nothing else costs anything, so that ink counts instructions.
const COUNTING: GasSchedule = GasSchedule {
    simple: 1,
    convert: 1,
    local_write: 1,
    compare: 1,
    bit_count: 1,
    multiply: 1,
    divide: 1,
    load: 1,
    store: 1,
    global: 1,
    branch: 1,
    branch_table: 1,
    call: 1,
    call_indirect: 0,
    function_header: 0,
    local: 0,
    bulk_base: 1,
    bulk_byte: 0,
    table_entry: 0,
    memory_page: 0,
    ..GasSchedule::V1
};

/// Runs one module in every engine, each call with `ink`; the seed chooses the arguments.
///
/// # Errors
/// The first thing in which two engines differ.
pub fn examine(bytes: &[u8], seed: u64, limits: &Limits, ink: u64) -> Result<Tally, Disagreement> {
    let mut tally = Tally {
        modules: 1,
        ..Tally::default()
    };
    let module = match validate(bytes, limits, Rules::Generic) {
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
    let contenders = Contenders::prepare(&plan, engines_of(seed));
    let third = Third::new(bytes, &plan, *limits)
        .map_err(|error| Disagreement(format!("wasmi refuses the module: {error}")))?;
    for set in 0..ARGUMENT_SETS {
        let mut random = Random::new(seed ^ set << 48);
        run_exports(&plan, &contenders, &third, ink, &mut random, &mut tally)?;
    }
    let counting = Arc::new(meter(&module, &COUNTING));
    count(&counting, ink, &mut Random::new(seed), &mut tally);
    Ok(tally)
}

/// The engines for a seed. Compiling takes most of the time, and the second form of the JIT differs from the first in
/// little: every eighth module is enough for it.
fn engines_of(seed: u64) -> &'static [&'static dyn Engine] {
    let without_explicit = ENGINES.len() - 1;
    match seed % 8 {
        0 => ENGINES,
        _ => &ENGINES[..without_explicit],
    }
}

/// Calls every exported function once, in order. The instances go on from call to call, until `wasmi` has no
/// opinion on one: then all begin anew.
fn run_exports(
    plan: &MeteredModule,
    contenders: &Contenders,
    third: &Third,
    ink: u64,
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
        let exit = lockstep
            .invoke(function, &arguments, &mut { ink })
            .map_err(call)?;
        tally.calls += 1;
        match exit {
            Exit::Return(_) => tally.returns += 1,
            Exit::Trap(trap) => tally.traps[trap as usize - 1] += 1,
            Exit::OutOfInk => tally.out_of_ink += 1,
            Exit::Fault(_) => {}
        }
        if !opinion::is_asked(&exit) {
            tally.without_third_opinion += 1;
            continue;
        }
        let theirs = running.invoke(&name, &arguments, ink.saturating_mul(FUEL_PER_INK));
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
fn count(plan: &Arc<MeteredModule>, ink: u64, random: &mut Random, tally: &mut Tally) {
    let Ok(mut instance) = Interpreter.prepare(plan).instantiate() else {
        return;
    };
    for (_, function, arguments) in calls(plan, random) {
        let mut left = ink;
        let exit = instance.invoke(
            function,
            &arguments,
            &mut left,
            &mut RecordingHost::default(),
        );
        let instructions = ink - left;
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
