//! The buffers of one run: values, and the staging buffer from which outputs are read.

use std::ops::Range;

use aivm_shaders::kernels::UNIFORM_BYTES;
use aivm_tosa::ExecutorFault;

use crate::buffer::Buffer;
use crate::prepared::Prepared;
use crate::program::Operand;

/// Buffers for up to `cases` cases at once, with the bind groups of every step.
pub(crate) struct Scratch {
    pub(crate) cases: u32,
    pub(crate) slots: Vec<Buffer>,
    pub(crate) staging: Buffer,
    /// Of each step those of its dispatches, the parts of one [`crate::program::Cut`] side by side.
    bind_groups: Vec<Vec<wgpu::BindGroup>>,
}

impl Scratch {
    /// Allocates for `cases` cases, which fit the device.
    pub(crate) fn new(prepared: &Prepared, cases: u32) -> Result<Scratch, ExecutorFault> {
        let device = &prepared.device;
        for &words in &prepared.slots.words {
            device.check_buffer(u64::from(words) * 4 * u64::from(cases))?;
        }
        // Whatever is bound as a uniform buffer of operands has that many bytes.
        let (uniform, behind) = match prepared.program.has_uniform_operands() {
            true => (wgpu::BufferUsages::UNIFORM, u64::from(UNIFORM_BYTES)),
            false => (wgpu::BufferUsages::empty(), 0),
        };
        device.guarded(|| {
            let slots: Vec<Buffer> = prepared
                .slots
                .words
                .iter()
                .map(|&words| {
                    let usage = wgpu::BufferUsages::STORAGE
                        | wgpu::BufferUsages::COPY_DST
                        | wgpu::BufferUsages::COPY_SRC
                        | uniform;
                    let size = u64::from(words) * 4 * u64::from(cases);
                    device.create_buffer("values", size + behind, usage)
                })
                .collect();
            let staged = prepared.program.staged_bytes() * u64::from(cases);
            let staging = device.create_buffer(
                "staging",
                staged.max(4),
                wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            );
            let bind_groups = bind_groups(prepared, &slots, cases);
            Scratch {
                cases,
                slots,
                staging,
                bind_groups,
            }
        })
    }
}

impl Scratch {
    /// Records the dispatches of some steps.
    pub(crate) fn dispatch(
        &self,
        prepared: &Prepared,
        steps: Range<usize>,
        cases: u32,
        encoder: &mut wgpu::CommandEncoder,
    ) {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for index in steps {
            let step = &prepared.program.steps[index];
            pass.set_pipeline(&prepared.pipelines[index].pipeline);
            let mut left = cases * step.cut.pieces;
            for parts in self.bind_groups[index].chunks(step.cut.parts as usize) {
                let now = left.min(step.cut.together);
                if now == 0 {
                    break;
                }
                left -= now;
                for bind_group in parts {
                    pass.set_bind_group(0, bind_group, &[]);
                    pass.dispatch_workgroups(step.groups[0], step.groups[1], now);
                }
            }
        }
    }

    /// The buffer of an operand, and its offset there.
    pub(crate) fn source<'a>(
        &'a self,
        prepared: &'a Prepared,
        operand: Operand,
    ) -> (&'a wgpu::Buffer, u64) {
        match operand {
            Operand::Constant(constant) => prepared.constants.source(constant),
            Operand::Value(value) => (&self.slots[prepared.slots.of_value[value]], 0),
        }
    }
}

fn bind_groups(prepared: &Prepared, slots: &[Buffer], cases: u32) -> Vec<Vec<wgpu::BindGroup>> {
    let of_step = |index: usize| {
        let cut = prepared.program.steps[index].cut;
        let pieces = cases * cut.pieces;
        let firsts = (0..pieces).step_by(cut.together.min(pieces).max(1) as usize);
        let window = |first: u32| first..pieces.min(first.saturating_add(cut.together));
        firsts
            .flat_map(|first| (0..cut.parts).map(move |part| (first, part)))
            .map(|(first, part)| bind_group(prepared, slots, index, window(first), part))
            .collect()
    };
    (0..prepared.program.steps.len()).map(of_step).collect()
}

/// What step `index` binds for some of the pieces and a part of the output channels.
fn bind_group(
    prepared: &Prepared,
    slots: &[Buffer],
    index: usize,
    pieces: Range<u32>,
    part: u32,
) -> wgpu::BindGroup {
    let (step, pipeline) = (&prepared.program.steps[index], &prepared.pipelines[index]);
    let value = |value: usize, bytes: Option<u32>| {
        let case_bytes = u64::from(prepared.program.values[value]) * 4;
        let piece_bytes = case_bytes / u64::from(step.cut.pieces);
        let bytes = bytes.map_or(piece_bytes * pieces.len() as u64, u64::from);
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &slots[prepared.slots.of_value[value]],
            offset: piece_bytes * u64::from(pieces.start),
            size: wgpu::BufferSize::new(bytes),
        })
    };
    let inputs = step.operands.iter().enumerate().map(|(input, &operand)| {
        let uniform = step.kernel.uniforms >> input & 1 == 1;
        match operand {
            Operand::Constant(constant) if uniform => {
                let offset = step.cut.offset(input, part);
                prepared.constants.uniform(constant, offset)
            }
            Operand::Constant(constant) => prepared.constants.binding(constant),
            Operand::Value(id) => value(id, uniform.then_some(UNIFORM_BYTES)),
        }
    });
    let resources = [prepared.params.binding(index), value(step.output, None)]
        .into_iter()
        .chain(inputs);
    let entries: Vec<_> = (0u32..)
        .zip(resources)
        .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource })
        .collect();
    let device = &prepared.device.device;
    device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some(&step.kernel.name),
        layout: &pipeline.layout,
        entries: &entries,
    })
}
