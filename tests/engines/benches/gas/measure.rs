//! Time and ink of one case in one engine.

use std::sync::Arc;
use std::time::Duration;

use aivm_core::{Exit, GasSchedule, Guest, Host, HostExit, HostFunction, INK_PER_GAS, Limits};
use aivm_lockstep::engine::{Engine, Running};
use aivm_wasm::plan::MeteredModule;
use aivm_wasm::{Rules, meter, validate};

use crate::cases::Case;

/// A run takes at least this long, so that the clock's grain and the way in and out say nothing.
const RUN_MIN: Duration = Duration::from_millis(4);

/// Runs of which the fastest counts.
const RUNS: u32 = 7;

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
    let prepared = engine.prepare(&plan(case));
    let mut running = prepared.instantiate().expect("a case has no bad segment");
    let module = plan(case);
    if let Some(function) = module.exported_function("init") {
        let exit = running.invoke(function, &[], &mut { u64::MAX }, &mut Idle);
        assert!(matches!(exit, Exit::Return(_)), "{}: {exit:?}", case.name);
    }
    let run = module.exported_function("run").expect("a case has `run`");
    let mut rounds: u64 = 1;
    loop {
        let (time, _) = once(case, &mut *running, run, rounds);
        if time >= RUN_MIN {
            break;
        }
        rounds = (rounds * 2).min(u64::from(u32::MAX >> 1));
    }
    let mut best = Duration::MAX;
    let mut ink = 0;
    for _ in 0..RUNS {
        let (time, taken) = once(case, &mut *running, run, rounds);
        best = best.min(time);
        ink = taken;
    }
    let units = (rounds * case.units) as f64;
    Figure {
        nanoseconds: best.as_secs_f64() * 1e9 / units,
        ink: ink as f64 / units,
    }
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
    plan(case);
}

fn plan(case: &Case) -> Arc<MeteredModule> {
    let module = validate(&case.wasm, &Limits::CONTRACT, Rules::Generic)
        .unwrap_or_else(|refusal| panic!("{}: {refusal}", case.name));
    Arc::new(meter(&module, &GasSchedule::V1))
}
