//! Time and ink of one case in one engine.

use std::sync::Arc;
use std::time::Duration;

use aivm_core::{Exit, GasSchedule, Guest, Host, HostExit, HostFunction, INK_PER_GAS, Limits};
use aivm_lockstep::engine::{Engine, Interpreter, Running};
use aivm_wasm::plan::MeteredModule;
use aivm_wasm::{Rules, meter, validate};

use crate::cases::Case;

/// A run takes at least this long, so that the clock's grain and the way in and out say nothing.
const RUN_MIN: Duration = Duration::from_millis(4);

/// Runs of which the fastest counts.
const RUNS: u32 = 7;

/// Rounds between which ink is counted.
const ROUNDS_COUNTED: [u64; 2] = [64, 128];

/// A host whose functions do nothing but pay: the way there and back is measured.
struct Idle;

impl Host for Idle {
    fn call(
        &mut self,
        function: HostFunction,
        _: &[u64],
        guest: &mut dyn Guest,
    ) -> Result<u64, HostExit> {
        guest.charge(GasSchedule::V1.host_call(function))?;
        Ok(1)
    }
}

/// What one unit of a case takes.
pub(crate) struct Figure {
    pub(crate) nanoseconds: f64,
    pub(crate) ink: f64,
}

impl Figure {
    pub(crate) fn ns_per_gas(&self) -> f64 {
        self.nanoseconds * INK_PER_GAS as f64 / self.ink
    }

    /// Takes the time of another measurement of the same case if that is less.
    pub(crate) fn keep_faster(&mut self, other: Figure) {
        self.nanoseconds = self.nanoseconds.min(other.nanoseconds);
    }
}

/// Measures a case.
pub(crate) fn figure(case: &Case, engine: &dyn Engine) -> Figure {
    let (mut running, run) = begin(case, engine, &GasSchedule::V1);
    let rounds = case
        .rounds_of_an_instance
        .unwrap_or_else(|| rounds_of_a_run(case, &mut *running, run));
    let mut best = Duration::MAX;
    let mut ink = 0;
    for _ in 0..RUNS {
        let (time, taken) = once(case, &mut *running, run, rounds);
        if case.rounds_of_an_instance.is_some() {
            running = begin(case, engine, &GasSchedule::V1).0;
        }
        best = best.min(time);
        ink = taken;
    }
    let units = (rounds * case.units) as f64;
    Figure {
        nanoseconds: best.as_secs_f64() * 1e9 / units,
        ink: ink as f64 / units,
    }
}

/// As many rounds as take long enough.
fn rounds_of_a_run(case: &Case, running: &mut dyn Running, run: u32) -> u64 {
    let mut rounds: u64 = 1;
    loop {
        let (time, _) = once(case, running, run, rounds);
        if time >= RUN_MIN {
            return rounds;
        }
        rounds = (rounds * 2).min(u64::from(u32::MAX >> 1));
    }
}

/// What a unit of a case costs in ink under a schedule, without the way in and out.
pub(crate) fn ink_of_a_unit(case: &Case, schedule: &GasSchedule) -> f64 {
    let counted = match case.rounds_of_an_instance {
        Some(most) => [most / 2, most],
        None => ROUNDS_COUNTED,
    };
    let [less, more] = counted.map(|rounds| {
        let (mut running, run) = begin(case, &Interpreter, schedule);
        once(case, &mut *running, run, rounds).1
    });
    let units = (counted[1] - counted[0]) * case.units;
    (more as f64 - less as f64) / units as f64
}

/// An instance of a case that has done what comes first, and its function `run`.
fn begin(case: &Case, engine: &dyn Engine, schedule: &GasSchedule) -> (Box<dyn Running>, u32) {
    let module = plan(case, schedule);
    let prepared = engine.prepare(&module);
    let mut running = prepared.instantiate().expect("a case has no bad segment");
    if let Some(function) = module.exported_function("init") {
        let exit = running.invoke(function, &[], &mut { u64::MAX }, &mut Idle);
        assert!(matches!(exit, Exit::Return(_)), "{}: {exit:?}", case.name);
    }
    let run = module.exported_function("run").expect("a case has `run`");
    (running, run)
}

fn once(case: &Case, running: &mut dyn Running, run: u32, rounds: u64) -> (Duration, u64) {
    let mut ink = u64::MAX;
    let begun = thread_time();
    let exit = running.invoke(run, &[rounds], &mut ink, &mut Idle);
    let time = thread_time() - begun;
    assert!(matches!(exit, Exit::Return(_)), "{}: {exit:?}", case.name);
    (time, u64::MAX - ink)
}

/// Time that this thread was running: other work on the machine counts little.
fn thread_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Fails if the case is no module.
pub(crate) fn check(case: &Case) {
    plan(case, &GasSchedule::V1);
}

fn plan(case: &Case, schedule: &GasSchedule) -> Arc<MeteredModule> {
    let module = validate(&case.wasm, &Limits::CONTRACT, Rules::Generic)
        .unwrap_or_else(|refusal| panic!("{}: {refusal}", case.name));
    Arc::new(meter(&module, schedule))
}
