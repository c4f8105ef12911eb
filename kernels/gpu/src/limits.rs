//! What a model may take of a GPU at most, besides the limits of the adapter. A model above one runs on another back end.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::program::{Action, Program};

/// Limits of one model, over `main` and all regions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlanLimits {
    /// Device bytes of constants: packed weights, tables, factors. Packing may make many of a small file.
    pub constant_bytes: u64,
    /// Kernels that differ: each is compiled before the first run, and stays compiled.
    pub kernels: usize,
    /// Nodes with late values: each is lowered at preparation, and again whenever it runs.
    pub late_nodes: usize,
    /// Bytes of all buffers of values for one case.
    pub value_bytes: u64,
}

/// How often the loops of all invocations of one submission may go round, which bounds the time of a wait. A round is a
/// dozen to a hundred operations: on SwiftShader, the slowest driver known, some 100 ns of a core.
pub(crate) const WORK_MAX: u64 = 1 << 28;

/// Parts into which a step above [`WORK_MAX`] is cut at most.
pub(crate) const PARTS_MAX: u64 = 64;

/// The limits that hold.
pub(crate) const LIMITS: PlanLimits = PlanLimits {
    constant_bytes: 1 << 30,
    kernels: 256,
    late_nodes: 1024,
    value_bytes: 2 << 30,
};

/// Bytes of device buffers above which models that no run uses make room. wgpu does not say how much memory a device has:
/// this fits the smallest GPUs that are worth having, and whoever has more says so in the options.
pub(crate) const RESIDENT_BYTES_MAX: u64 = 2 << 30;

/// Compiled kernels above which those that no model uses are dropped. A model has some dozen, the known answers some
/// hundred.
pub(crate) const PIPELINES_MAX: usize = 512;

/// What the programs of a model take together.
#[derive(Default)]
pub(crate) struct Account {
    constant_bytes: u64,
    kernels: BTreeSet<Cow<'static, str>>,
    late_nodes: usize,
    value_bytes: u64,
}

impl Account {
    /// Counts a program whose values lie in buffers of `slot_words` words.
    ///
    /// # Errors
    /// The limit that it passes.
    pub(crate) fn add(
        &mut self,
        program: &Program,
        slot_words: &[u32],
        limits: &PlanLimits,
    ) -> Result<(), String> {
        let constants = program.constants.iter();
        self.constant_bytes += constants.map(|bytes| bytes.len() as u64).sum::<u64>();
        expect(
            "bytes of constants",
            self.constant_bytes,
            limits.constant_bytes,
        )?;
        for step in &program.steps {
            if !self.kernels.contains(&step.kernel.source) {
                self.kernels.insert(step.kernel.source.clone());
            }
        }
        let kernels = self.kernels.len() as u64;
        expect("different kernels", kernels, limits.kernels as u64)?;
        let late = |action: &Action| matches!(action, Action::Late { .. });
        let controls = program.controls.iter();
        self.late_nodes += controls.filter(|control| late(&control.action)).count();
        let late_nodes = self.late_nodes as u64;
        expect(
            "nodes with late values",
            late_nodes,
            limits.late_nodes as u64,
        )?;
        let words = slot_words.iter().map(|&words| u64::from(words));
        self.value_bytes += 4 * words.sum::<u64>();
        expect("bytes of values", self.value_bytes, limits.value_bytes)
    }
}

/// That `amount` is within `most`.
pub(crate) fn expect(what: &str, amount: u64, most: u64) -> Result<(), String> {
    if amount > most {
        return Err(format!("{amount} {what}, at most {most} fit on a GPU"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aivm_shaders::kernels::{MAX_POOL2D, MOVE};

    use super::*;
    use crate::program::Step;

    #[test]
    fn each_limit_holds_on_both_sides_and_over_all_programs() {
        let step = |kernel: &aivm_shaders::kernels::Kernel| Step {
            kernel: kernel.clone(),
            params: Vec::new(),
            operands: Vec::new(),
            output: 0,
            groups: [1, 1],
            cut: crate::program::Cut::WHOLE,
            nodes: Vec::new(),
            tensor: None,
            work: 1,
        };
        let program = |kernel| Program {
            constants: vec![vec![0; 8]],
            steps: vec![step(kernel), step(kernel)],
            ..Program::default()
        };
        let fits = PlanLimits {
            constant_bytes: 16,
            kernels: 2,
            late_nodes: 0,
            value_bytes: 24,
        };
        let both = |limits: PlanLimits| {
            let mut account = Account::default();
            account.add(&program(&MAX_POOL2D), &[1, 2], &limits)?;
            account.add(&program(&MOVE), &[3], &limits)
        };
        assert_eq!(both(fits), Ok(()));
        for (limits, what) in [
            (
                PlanLimits {
                    constant_bytes: 15,
                    ..fits
                },
                "16 bytes of constants",
            ),
            (PlanLimits { kernels: 1, ..fits }, "2 different kernels"),
            (
                PlanLimits {
                    value_bytes: 23,
                    ..fits
                },
                "24 bytes of values",
            ),
        ] {
            let error = both(limits).expect_err("one less does not fit");
            assert!(error.starts_with(what), "{error}");
        }
    }
}
