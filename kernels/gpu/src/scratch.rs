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
            let parts = self.bind_groups[index].chunks(step.cut.parts as usize);
            for (window, parts) in step.cut.windows(cases).zip(parts) {
                let pieces = window.end - window.start;
                for bind_group in parts {
                    pass.set_bind_group(0, bind_group, &[]);
                    pass.dispatch_workgroups(step.groups[0], step.groups[1], pieces);
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
        cut.windows(cases)
            .flat_map(|window| (0..cut.parts).map(move |part| (window.clone(), part)))
            .map(|(window, part)| bind_group(prepared, slots, index, window, part))
            .collect()
    };
    (0..prepared.program.steps.len()).map(of_step).collect()
}

/// What step `index` binds for some of the pieces and a part of the output channels.
fn bind_group(
    prepared: &Prepared,
    slots: &[Buffer],
    index: usize,
    window: Range<u32>,
    part: u32,
) -> wgpu::BindGroup {
    let (step, pipeline) = (&prepared.program.steps[index], &prepared.pipelines[index]);
    let cut = step.cut;
    let case_bytes = |value: usize| u64::from(prepared.program.values[value]) * 4;
    let bound = |value: usize, offset: u64, bytes: u64| {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &slots[prepared.slots.of_value[value]],
            offset,
            size: wgpu::BufferSize::new(bytes),
        })
    };
    let stored = |value: usize| {
        let piece_bytes = case_bytes(value) / u64::from(cut.pieces);
        let pieces = u64::from(window.end - window.start);
        bound(
            value,
            piece_bytes * u64::from(window.start),
            piece_bytes * pieces,
        )
    };
    let inputs = step.operands.iter().enumerate().map(|(input, &operand)| {
        let uniform = step.kernel.uniforms >> input & 1 == 1;
        match operand {
            Operand::Constant(constant) if uniform => {
                let offset = cut.offset(input, part);
                prepared.constants.uniform(constant, offset)
            }
            Operand::Constant(constant) => prepared.constants.binding(constant),
            Operand::Value(value) if uniform => {
                let offset = cut.value_offset(input, case_bytes(value), window.start, part);
                bound(value, offset, u64::from(UNIFORM_BYTES))
            }
            Operand::Value(value) => stored(value),
        }
    });
    let resources = [prepared.params.binding(index), stored(step.output)]
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
