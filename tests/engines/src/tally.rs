//! What was seen, counted over many modules.

use std::collections::BTreeMap;
use std::fmt;

use aivm_core::TrapCode;

use crate::examine::INSTRUCTIONS_MIN;

/// What was seen, over all modules.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Modules examined, refused ones included.
    pub modules: u64,
    /// Refused modules, by the refusal's code.
    pub refused: BTreeMap<String, u64>,
    /// Modules with a call of more than a hundred instructions that ended by itself.
    pub running: u64,
    /// Modules with any call of more instructions, endless ones included.
    pub running_or_endless: u64,
    /// Instructions counted in the calls of one argument set.
    pub instructions: u64,
    /// Calls of exported functions.
    pub calls: u64,
    /// Calls that returned.
    pub returns: u64,
    /// Calls that trapped, in the order of [`TrapCode::ALL`].
    pub traps: [u64; TrapCode::ALL.len()],
    /// Calls that ran out of ink.
    pub out_of_ink: u64,
    /// Instantiations that trapped.
    pub instance_traps: u64,
    /// Calls on which `wasmi` had an opinion, the same as ours.
    pub compared_with_wasmi: u64,
    /// Calls on which it had none.
    pub without_third_opinion: u64,
}

impl Tally {
    /// Modules that were not refused.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.modules - self.refused.values().sum::<u64>()
    }

    /// Adds what another worker saw.
    pub fn add(&mut self, other: &Tally) {
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
