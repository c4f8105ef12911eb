//! Work that is recorded, cut into parts for submissions of their own where it would be too much for one.

use crate::device::Device;

/// Commands under way.
pub(crate) struct Recorder<'a> {
    device: &'a Device,
    /// Takes what comes next.
    pub(crate) encoder: wgpu::CommandEncoder,
    /// What the dispatches that it took cost.
    work: u64,
    done: Vec<wgpu::CommandBuffer>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(device: &'a Device) -> Recorder<'a> {
        Recorder {
            device,
            encoder: encoder(device),
            work: 0,
            done: Vec::new(),
        }
    }

    /// Notes that dispatches follow which cost `work`. A part ends here if they are too much together with what it has.
    pub(crate) fn expect(&mut self, work: u64) {
        if self.work > 0 && self.work.saturating_add(work) > self.device.limits.work_max {
            let recorded = std::mem::replace(&mut self.encoder, encoder(self.device));
            self.done.push(recorded.finish());
            self.work = 0;
        }
        self.work = self.work.saturating_add(work);
    }

    /// The parts, in order.
    pub(crate) fn finish(mut self) -> Vec<wgpu::CommandBuffer> {
        self.done.push(self.encoder.finish());
        self.done
    }
}

fn encoder(device: &Device) -> wgpu::CommandEncoder {
    let descriptor = wgpu::CommandEncoderDescriptor::default();
    device.device.create_command_encoder(&descriptor)
}
