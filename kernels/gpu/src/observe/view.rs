//! What is seen of one submission, and what is turned over in it: copies between the dispatches of a plan.

use std::collections::BTreeMap;
use std::ops::Range;

use aivm_tosa::{ExecutorFault, Observation, Selected};

use super::flip::Flipper;
use super::{BitFlip, FlipPlace, Group, Part, Recorder, Steps, Sums};
use crate::pipelines::Pipelines;
use crate::prepared::Prepared;
use crate::program::Output;
use crate::scratch::Scratch;

/// Copies and flips for the cases of one submission.
pub(crate) struct View<'a> {
    steps: &'a Steps,
    flipper: Option<Flipper<'a>>,
    /// What happens before the dispatch of an index, or behind the last one; then in the order of the second key.
    actions: BTreeMap<(usize, Order), Vec<Action>>,
    /// What is seen, with the place of each of its tensors among the staged bytes.
    seen: Vec<Seen>,
    /// Bytes that the staging buffer needs, those of the outputs included.
    pub(crate) staged_bytes: u64,
}

/// What happens between the same two dispatches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    FlipOutput,
    SeeOutput,
    FlipInput,
    SeeInputs,
}

#[derive(Clone, Copy)]
enum Action {
    /// Copies a tensor of a case to the staged bytes.
    Copy { part: Part, case: u32, to: u64 },
    /// Computes the sums of a step of a case and copies them to the staged bytes.
    Sums {
        step: usize,
        case: u32,
        to: u64,
        flip: Option<u64>,
    },
    /// Turns over a bit of a tensor of a case.
    Flip { part: Part, case: u32, bit: u64 },
}

struct Seen {
    of: Selected,
    inputs: Vec<Range<usize>>,
    sums: Option<Range<usize>>,
    output: Range<usize>,
}

impl<'a> View<'a> {
    /// A view of `selected` steps of a submission of `cases` cases, and the flips in it; cases are counted within the
    /// submission.
    ///
    /// # Errors
    /// A fault of the device, if something is to be flipped.
    pub(crate) fn new(
        steps: &'a Steps,
        prepared: &'a Prepared,
        pipelines: &Pipelines,
        cases: u32,
        selected: &[Selected],
        flips: &[BitFlip],
    ) -> Result<View<'a>, ExecutorFault> {
        let flipper = if flips.is_empty() {
            None
        } else {
            Some(Flipper::new(&prepared.device, pipelines)?)
        };
        let mut view = View {
            steps,
            flipper,
            actions: BTreeMap::new(),
            seen: Vec::new(),
            staged_bytes: prepared.program.staged_bytes() * u64::from(cases),
        };
        for &of in selected {
            let bytes = steps.groups[of.step].bytes();
            if view.staged_bytes + bytes > prepared.device.limits.buffer_bytes_max {
                continue; // no buffer could hold it
            }
            view.see(prepared, cases, of, flips);
        }
        for flip in flips {
            let group = &steps.groups[flip.step];
            let (part, at) = match flip.place {
                FlipPlace::Accumulators => continue,
                FlipPlace::Input(index) => (
                    group.inputs[index],
                    (group.dispatches.start, Order::FlipInput),
                ),
                FlipPlace::Output => (group.output, (group.dispatches.end, Order::FlipOutput)),
            };
            let (case, bit) = (flip.case, flip.bit);
            view.act(at, Action::Flip { part, case, bit });
        }
        Ok(view)
    }

    fn see(&mut self, prepared: &Prepared, cases: u32, of: Selected, flips: &[BitFlip]) {
        let group = &self.steps.groups[of.step];
        let case = of.case;
        let begin = (group.dispatches.start, Order::SeeInputs);
        let inputs = group.inputs.iter().map(|&part| {
            let (to, range) = self.stage(part);
            self.act(begin, Action::Copy { part, case, to });
            range
        });
        let inputs = inputs.collect();
        let output = match output_of_graph(prepared, group, cases, case) {
            Some(staged) => staged,
            None => {
                let part = group.output;
                let (to, range) = self.stage(part);
                let at = (group.needed_until, Order::SeeOutput);
                self.act(at, Action::Copy { part, case, to });
                range
            }
        };
        let sums = match &group.sums {
            Sums::None => None,
            Sums::Output => Some(output.clone()),
            Sums::Apart(apart) => {
                let (to, range) = self.stage(apart.sums);
                let here = |flip: &&BitFlip| {
                    let place = flip.place == FlipPlace::Accumulators;
                    place && (flip.case, flip.step) == (case, of.step)
                };
                let flip = flips.iter().find(here).map(|flip| flip.bit);
                let step = of.step;
                let sums = Action::Sums {
                    step,
                    case,
                    to,
                    flip,
                };
                self.act(begin, sums);
                Some(range)
            }
        };
        self.seen.push(Seen {
            of,
            inputs,
            sums,
            output,
        });
    }

    fn act(&mut self, at: (usize, Order), action: Action) {
        self.actions.entry(at).or_default().push(action);
    }

    /// Takes a place among the staged bytes: where it begins, and the bytes of the tensor.
    fn stage(&mut self, part: Part) -> (u64, Range<usize>) {
        let begin = self.staged_bytes;
        self.staged_bytes += 4 * u64::from(part.words);
        (begin, begin as usize..begin as usize + part.bytes)
    }

    /// Records some dispatches of the plan, and what happens between them.
    pub(crate) fn dispatch(
        &self,
        prepared: &Prepared,
        scratch: &Scratch,
        dispatches: Range<usize>,
        cases: u32,
        staging: &wgpu::Buffer,
        recorder: &mut Recorder<'_>,
    ) {
        let run = |range: Range<usize>, recorder: &mut Recorder<'_>| {
            let steps = &prepared.program.steps[range.clone()];
            let work: u64 = steps.iter().map(|step| step.work).sum();
            recorder.expect(work.saturating_mul(u64::from(cases)));
            scratch.dispatch(prepared, range, cases, &mut recorder.encoder);
        };
        let all = prepared.program.steps.len();
        let last = dispatches.end + usize::from(dispatches.end == all);
        let mut begin = dispatches.start;
        for boundary in dispatches.start..last {
            let actions = self.actions.range((boundary, Order::FlipOutput)..);
            let here = actions.take_while(|((at, _), _)| *at == boundary);
            let mut here = here.flat_map(|(_, actions)| actions).peekable();
            if here.peek().is_none() {
                continue;
            }
            if begin < boundary {
                run(begin..boundary, recorder);
                begin = boundary;
            }
            for action in here {
                self.record(*action, prepared, scratch, staging, recorder);
            }
        }
        if begin < dispatches.end {
            run(begin..dispatches.end, recorder);
        }
    }

    fn record(
        &self,
        action: Action,
        prepared: &Prepared,
        scratch: &Scratch,
        staging: &wgpu::Buffer,
        recorder: &mut Recorder<'_>,
    ) {
        let encoder = &mut recorder.encoder;
        match action {
            Action::Copy { part, case, to } => {
                let (buffer, at, bytes) = lies(prepared, scratch, part, case);
                encoder.copy_buffer_to_buffer(buffer, at, staging, to, bytes);
            }
            Action::Flip { part, case, bit } => {
                let (buffer, at, _) = lies(prepared, scratch, part, case);
                if let Some(flipper) = &self.flipper {
                    flipper.record(encoder, buffer, at, bit);
                }
            }
            Action::Sums {
                step,
                case,
                to,
                flip,
            } => {
                let Sums::Apart(apart) = &self.steps.groups[step].sums else {
                    return;
                };
                let (from, value) = apart.input;
                let (buffer, at, bytes) = lies(prepared, scratch, from, case);
                let (own, own_scratch) = (&apart.prepared, &apart.scratch);
                let input = Part { value, ..from };
                let (own_input, ..) = lies(own, own_scratch, input, 0);
                encoder.copy_buffer_to_buffer(buffer, at, own_input, 0, bytes);
                let work_max = own.device.limits.work_max;
                let program = &own.program;
                for part in program.submissions(0..program.steps.len(), work_max) {
                    let steps = &program.steps[part.clone()];
                    recorder.expect(steps.iter().map(|step| step.work).sum());
                    own_scratch.dispatch(own, part, 1, &mut recorder.encoder);
                }
                let encoder = &mut recorder.encoder;
                let (sums, _, bytes) = lies(own, own_scratch, apart.sums, 0);
                if let (Some(bit), Some(flipper)) = (flip, &self.flipper) {
                    flipper.record(encoder, sums, 0, bit);
                }
                encoder.copy_buffer_to_buffer(sums, 0, staging, to, bytes);
            }
        }
    }

    /// Shows what was seen, from the staged bytes. `first` is the number of the submission's first case.
    pub(crate) fn show(&self, staged: &[u8], first: u32, see: &mut dyn FnMut(&Observation<'_>)) {
        for seen in &self.seen {
            let bytes = |range: &Range<usize>| &staged[range.clone()];
            see(&Observation {
                of: Selected {
                    case: first + seen.of.case,
                    step: seen.of.step,
                },
                inputs: seen.inputs.iter().map(bytes).collect(),
                accumulators: seen.sums.as_ref().map(bytes),
                output: bytes(&seen.output),
            });
        }
    }
}

/// Buffer, offset and length of a tensor of a case.
fn lies<'a>(
    prepared: &Prepared,
    scratch: &'a Scratch,
    part: Part,
    case: u32,
) -> (&'a wgpu::Buffer, u64, u64) {
    let buffer = &scratch.slots[prepared.slots.of_value[part.value]];
    let bytes = 4 * u64::from(part.words);
    (buffer, bytes * u64::from(case), bytes)
}

/// Where the output of a step lies among the staged outputs, if it is one of the graph's.
fn output_of_graph(
    prepared: &Prepared,
    group: &Group,
    cases: u32,
    case: u32,
) -> Option<Range<usize>> {
    let mut begin = 0;
    for output in &prepared.program.outputs {
        if let Output::Value { value, bytes } = output {
            let stride = 4 * prepared.program.values[*value] as usize;
            if *value == group.output.value {
                let first = begin + stride * case as usize;
                return Some(first..first + bytes);
            }
            begin += stride * cases as usize;
        }
    }
    None
}
