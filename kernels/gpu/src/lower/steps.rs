//! Steps of a program: how many invocations and rounds of loops they are, and how they are cut so that every driver does
//! them and none takes long.

use aivm_shaders::kernels::Kernel;
use aivm_tosa::TensorId;

use super::Lowering;
use crate::adapter::AdapterLimits;
use crate::limits::{self, PARTS_MAX};
use crate::pipelines::WORKGROUP;
use crate::program::{Cut, Operand, Step};

/// How many times the loops of one invocation may go round, all together.
///
/// llvmpipe ends a shader's loops after 65,536 rounds without a word, and the sum is wrong. The round that finds a loop's
/// end counts too, also where a branch is not taken: 30,000 inner loops of one round are 60,000 rounds. No step comes near.
pub(super) const ROUNDS_MAX: u64 = 60_000;

/// Most elements that poolings and reductions combine in a step for one element of its output: what has more takes
/// several steps. An invocation makes up to four, and a window of one column costs three rounds an element.
pub(super) const STEP_ELEMENTS_MAX: u32 = 4096;

/// That no invocation goes round more often than every driver allows.
pub(super) fn expect_rounds(rounds: u64) -> Result<(), String> {
    if rounds > ROUNDS_MAX {
        return Err(format!(
            "{rounds} rounds of a loop, at most {ROUNDS_MAX} are safe on every driver"
        ));
    }
    Ok(())
}

/// What one case of a step costs.
#[derive(Clone, Copy)]
pub(super) struct Work {
    pub(super) invocations: u32,
    /// How often the inner loops of an invocation go round at most; lanes of a word count, and so do the operators of a
    /// chain.
    pub(super) rounds: u64,
}

/// The part of a step's invocations that one dispatch makes, as its kernel needs to know it.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub(super) first: u32,
    /// Invocations of a row.
    pub(super) row: u32,
}

impl Lowering<'_> {
    /// Splits invocations into workgroups along x and y. Also gives the invocations of a row.
    fn grid(&self, invocations: u32) -> Result<([u32; 2], u32), String> {
        let groups = invocations.div_ceil(WORKGROUP);
        // A row stays below 2^26 invocations, so that the last row cannot overflow a u32.
        let x = groups.clamp(1, self.limits.workgroups_max.min(1 << 20));
        let y = groups.div_ceil(x).max(1);
        if y > self.limits.workgroups_max {
            return Err(format!(
                "{invocations} invocations are too many for this adapter"
            ));
        }
        Ok(([x, y], x * WORKGROUP))
    }

    /// Appends a step that computes the tensor `output`. `params` gets the invocations of a row of the grid.
    pub(super) fn step(
        &mut self,
        kernel: &Kernel,
        operands: Vec<Operand>,
        output: TensorId,
        work: Work,
        params: impl FnOnce(u32) -> Vec<u32>,
    ) -> Result<(), String> {
        let value = self.new_value(output);
        self.step_into(kernel, operands, value, work, params)?;
        self.is_value_of(value, output);
        Ok(())
    }

    /// Says that `value`, which the last step made, is the tensor `output`.
    pub(super) fn is_value_of(&mut self, value: usize, output: TensorId) {
        self.place[output.0 as usize] = Some(Operand::Value(value));
        if let Some(last) = self.program.steps.last_mut() {
            debug_assert_eq!(last.output, value);
            last.tensor = Some(output);
        }
    }

    /// As [`Lowering::step`], for a value that is no tensor of the graph.
    pub(super) fn step_into(
        &mut self,
        kernel: &Kernel,
        operands: Vec<Operand>,
        output: usize,
        Work {
            invocations,
            rounds,
        }: Work,
        params: impl FnOnce(u32) -> Vec<u32>,
    ) -> Result<(), String> {
        debug_assert_eq!(operands.len(), kernel.inputs as usize);
        debug_assert!(!operands.contains(&Operand::Value(output)));
        let (groups, row) = self.grid(invocations)?;
        let work = u64::from(invocations) * rounds;
        limits::expect("rounds of loops in one step", work, self.limits.work_max)?;
        self.program.steps.push(Step {
            kernel: kernel.clone(),
            params: params(row),
            operands,
            output,
            groups,
            cut: Cut::WHOLE,
            nodes: self.doing.clone(),
            tensor: None,
            work,
        });
        Ok(())
    }

    /// As [`Lowering::step`], in several dispatches if one would be more than fits a submission. The kernel has `first`
    /// as a parameter.
    pub(super) fn step_in_parts(
        &mut self,
        kernel: &Kernel,
        operands: &[Operand],
        output: TensorId,
        work: Work,
        params: impl Fn(Grid) -> Vec<u32>,
    ) -> Result<(), String> {
        let value = self.new_value(output);
        for (first, work) in parts(&self.limits, work)? {
            let params = |row| params(Grid { first, row });
            self.step_into(kernel, operands.to_vec(), value, work, params)?;
        }
        // What reads the tensor of a step reads it behind the last part.
        self.is_value_of(value, output);
        Ok(())
    }
}

/// Cuts the invocations of a step into parts of whole workgroups that each fit a submission. Gives the first
/// invocation of each.
fn parts(limits: &AdapterLimits, work: Work) -> Result<Vec<(u32, Work)>, String> {
    let rounds = work.rounds.max(1);
    let most = limits.work_max / rounds;
    if u64::from(work.invocations) <= most {
        return Ok(vec![(0, work)]);
    }
    // A part is one row of the grid, so that it ends where the next begins.
    let row = u64::from(limits.workgroups_max.min(1 << 20)) * u64::from(WORKGROUP);
    let size = most.min(row) / u64::from(WORKGROUP) * u64::from(WORKGROUP);
    if size * PARTS_MAX < u64::from(work.invocations) {
        let (all, most) = (u64::from(work.invocations) * rounds, PARTS_MAX);
        return Err(format!(
            "{all} rounds of loops in one step, which {most} submissions do not hold"
        ));
    }
    // It is below the number of invocations.
    let size = size as u32;
    let firsts = (0..work.invocations).step_by(size as usize);
    let part = |first| {
        let invocations = size.min(work.invocations - first);
        (
            first,
            Work {
                invocations,
                ..work
            },
        )
    };
    Ok(firsts.map(part).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: AdapterLimits = AdapterLimits {
        buffer_bytes_max: 1 << 30,
        binding_bytes_max: 1 << 30,
        workgroups_max: 65_535,
        invocations_max: 64,
        storage_buffers_max: 8,
        work_max: 1000,
        #[cfg(feature = "cooperative-matrix")]
        cooperative: None,
    };

    /// The invocations of each part, of which each begins where the one before ends.
    fn sizes(limits: &AdapterLimits, invocations: u32, rounds: u64) -> Result<Vec<u32>, String> {
        let work = Work {
            invocations,
            rounds,
        };
        let parts = parts(limits, work)?;
        let mut begin = 0;
        for (first, part) in &parts {
            assert_eq!((*first, part.rounds), (begin, rounds));
            begin += part.invocations;
        }
        assert_eq!(begin, invocations);
        Ok(parts.iter().map(|(_, part)| part.invocations).collect())
    }

    #[test]
    fn a_step_is_cut_into_whole_workgroups_where_it_passes_the_bound() {
        assert_eq!(sizes(&LIMITS, 200, 5), Ok(vec![200]));
        assert_eq!(sizes(&LIMITS, 201, 5), Ok(vec![192, 9]));
        assert_eq!(sizes(&LIMITS, 130, 10), Ok(vec![64, 64, 2]));
        // Parts are rows of the grid.
        let narrow = AdapterLimits {
            workgroups_max: 2,
            ..LIMITS
        };
        assert_eq!(sizes(&narrow, 201, 5), Ok(vec![128, 73]));
    }

    #[test]
    fn a_step_takes_a_bounded_number_of_parts() {
        let most = 64 * PARTS_MAX as u32;
        let cut = sizes(&LIMITS, most, 15).expect("it fits");
        assert_eq!(cut.len() as u64, PARTS_MAX);
        let error = sizes(&LIMITS, most + 1, 15).expect_err("one more");
        assert_eq!(
            error,
            "61455 rounds of loops in one step, which 64 submissions do not hold"
        );
        // A workgroup alone passes the bound.
        assert!(sizes(&LIMITS, 64, 16).is_err());
    }
}
