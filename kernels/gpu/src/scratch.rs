//! The buffers of one run: values, and the staging buffer from which outputs are read.

use std::ops::Range;

use aivm_tosa::ExecutorFault;

use crate::device::Device;
use crate::prepared::Prepared;
use crate::program::Operand;

/// Buffers for up to `cases` cases at once, with the bind groups of every step.
pub(crate) struct Scratch {
    pub(crate) cases: u32,
    pub(crate) slots: Vec<wgpu::Buffer>,
    pub(crate) staging: wgpu::Buffer,
    pub(crate) bind_groups: Vec<wgpu::BindGroup>,
}

impl Scratch {
    /// Allocates for `cases` cases, which fit the device.
    pub(crate) fn new(prepared: &Prepared, cases: u32) -> Result<Scratch, ExecutorFault> {
        let device = &prepared.device;
        for &words in &prepared.slots.words {
            device.check_buffer(u64::from(words) * 4 * u64::from(cases))?;
        }
        device.guarded(|| {
            let slots: Vec<wgpu::Buffer> = prepared
                .slots
                .words
                .iter()
                .map(|&words| {
                    let usage = wgpu::BufferUsages::STORAGE
                        | wgpu::BufferUsages::COPY_DST
                        | wgpu::BufferUsages::COPY_SRC;
                    buffer(device, u64::from(words) * 4 * u64::from(cases), usage)
                })
                .collect();
            let staged = prepared.program.staged_bytes() * u64::from(cases);
            let staging = buffer(
                device,
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
            let groups = prepared.program.steps[index].groups;
            pass.set_pipeline(&prepared.pipelines[index].pipeline);
            pass.set_bind_group(0, &self.bind_groups[index], &[]);
            pass.dispatch_workgroups(groups[0], groups[1], cases);
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

/// A buffer of one run.
pub(crate) fn buffer(device: &Device, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    device.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("scratch"),
        size,
        usage,
        mapped_at_creation: false,
    })
}

fn bind_groups(prepared: &Prepared, slots: &[wgpu::Buffer], cases: u32) -> Vec<wgpu::BindGroup> {
    let value = |value: usize| {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &slots[prepared.slots.of_value[value]],
            offset: 0,
            size: wgpu::BufferSize::new(
                u64::from(prepared.program.values[value]) * 4 * u64::from(cases),
            ),
        })
    };
    let steps = prepared
        .program
        .steps
        .iter()
        .zip(&prepared.pipelines)
        .enumerate();
    steps
        .map(|(index, (step, pipeline))| {
            let inputs = step.operands.iter().map(|&operand| match operand {
                Operand::Constant(constant) => prepared.constants.binding(constant),
                Operand::Value(id) => value(id),
            });
            let resources = [prepared.params.binding(index), value(step.output)]
                .into_iter()
                .chain(inputs)
                .chain(step.sums.map(value));
            let entries: Vec<_> = (0u32..)
                .zip(resources)
                .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource })
                .collect();
            prepared
                .device
                .device
                .create_bind_group(&wgpu::BindGroupDescriptor {
                    label: Some(&step.kernel.name),
                    layout: &pipeline.layout,
                    entries: &entries,
                })
        })
        .collect()
}
