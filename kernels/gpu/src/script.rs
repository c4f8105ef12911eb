//! A model's dispatches as data, for implementations of WebGPU that wgpu does not reach: a browser.

use aivm_shaders::kernels::Kernel;
use aivm_tosa::Priced;

use crate::adapter::AdapterLimits;
use crate::limits::WORK_MAX;
use crate::lower::lower;
use crate::memory::assign;
use crate::plan::PlanOptions;
use crate::program::{Operand, Output, Program};

/// What every implementation of WebGPU allows.
const LIMITS: AdapterLimits = AdapterLimits {
    buffer_bytes_max: 256 << 20,
    binding_bytes_max: 128 << 20,
    workgroups_max: 65_535,
    invocations_max: 256,
    storage_buffers_max: 8,
    work_max: WORK_MAX,
    #[cfg(feature = "cooperative-matrix")]
    cooperative: None,
};

/// What a run of a plain model does: upload the inputs, dispatch one after the other, read the outputs.
///
/// A value of `words` words takes that many words a case, and the cases of a run follow each other. Elements lie as at
/// the borders: little-endian and packed, each case filled up to a whole word.
#[derive(Clone, Debug)]
pub struct Script {
    /// The kernels, each once; their bindings are those of [`Kernel`].
    pub kernels: Vec<Kernel>,
    /// Bytes that all cases share: weights, tables, factors. A multiple of 4.
    pub constants: Vec<Vec<u8>>,
    /// Words of one case of each buffer.
    pub buffers: Vec<u32>,
    /// In the order in which they run.
    pub dispatches: Vec<Dispatch>,
    /// The model's inputs, in declared order.
    pub inputs: Vec<Border>,
    /// The model's outputs, in declared order.
    pub outputs: Vec<Border>,
}

/// A dispatch of `groups[0]` × `groups[1]` × cases workgroups.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// Index in [`Script::kernels`].
    pub kernel: usize,
    /// Words of the uniform at binding 0; its size is a multiple of 16 bytes.
    pub params: Vec<u32>,
    /// What is bound from binding 2 on.
    pub reads: Vec<Bound>,
    /// What is bound at binding 1; no buffer that is read.
    pub writes: Bound,
    /// Workgroups along x and y.
    pub groups: [u32; 2],
}

/// What a binding is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Index in [`Script::constants`].
    Constant(usize),
    /// The first `words` words a case of a buffer.
    Buffer {
        /// Index in [`Script::buffers`].
        buffer: usize,
        /// Words of one case.
        words: u32,
    },
}

/// Where an input goes or an output comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Border {
    /// Index in [`Script::buffers`].
    pub buffer: usize,
    /// From one case to the next.
    pub words: u32,
    /// Bytes of one case; the rest of its words is padding.
    pub bytes: usize,
}

impl Script {
    /// The dispatches of `model` on an implementation with no more than WebGPU's guaranteed limits, planned with
    /// `options`.
    ///
    /// # Errors
    /// If the model is not plain, an output is a constant, operands lie in uniform buffers (which only drivers that compute
    /// on the CPU are given), or what keeps it from running on the GPU.
    pub fn of(model: &Priced, options: PlanOptions) -> Result<Script, String> {
        if !model.program().is_plain() {
            return Err("the model is not one list of dispatches".to_owned());
        }
        let program = lower(model.graph(), &LIMITS, options)?;
        if program.steps.iter().any(|step| step.kernel.uniforms != 0) {
            return Err("a kernel reads uniform buffers".to_owned());
        }
        let slots = assign(&program);
        let place = |value: usize| (slots.of_value[value], program.values[value]);
        let mut outputs = Vec::new();
        for output in &program.outputs {
            let Output::Value { value, bytes } = *output else {
                return Err("an output is a constant".to_owned());
            };
            outputs.push(border(place(value), bytes));
        }
        let inputs = program.inputs.iter();
        let inputs = inputs.map(|input| border(place(input.value), input.bytes));
        let inputs = inputs.collect();
        let (kernels, dispatches) = dispatches(&program, place);
        Ok(Script {
            kernels,
            dispatches,
            inputs,
            outputs,
            buffers: slots.words,
            constants: program.constants,
        })
    }
}

fn border((buffer, words): (usize, u32), bytes: usize) -> Border {
    Border {
        buffer,
        words,
        bytes,
    }
}

/// The kernels without repetition, and the dispatches that name them.
fn dispatches(
    program: &Program,
    place: impl Fn(usize) -> (usize, u32),
) -> (Vec<Kernel>, Vec<Dispatch>) {
    let value = |value| {
        let (buffer, words) = place(value);
        Bound::Buffer { buffer, words }
    };
    let mut kernels: Vec<Kernel> = Vec::new();
    let mut dispatches = Vec::new();
    for step in &program.steps {
        let known = kernels.iter().position(|kernel| *kernel == step.kernel);
        let kernel = known.unwrap_or_else(|| {
            kernels.push(step.kernel.clone());
            kernels.len() - 1
        });
        let reads = step.operands.iter().map(|&operand| match operand {
            Operand::Constant(constant) => Bound::Constant(constant),
            Operand::Value(id) => value(id),
        });
        dispatches.push(Dispatch {
            kernel,
            params: step.params.clone(),
            reads: reads.collect(),
            writes: value(step.output),
            groups: step.groups,
        });
    }
    (kernels, dispatches)
}
