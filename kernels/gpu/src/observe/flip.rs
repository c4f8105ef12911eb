//! Bits turned over on the device, between two dispatches: for tests of self-checks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aivm_shaders::chain::{self, Access, Chain, Element, Function, Source};
use aivm_shaders::kernels::Kernel;
use aivm_tosa::ExecutorFault;

use crate::device::Device;
use crate::pipelines::{Pipeline, Pipelines, WORKGROUP};
use crate::resident::uniform_bytes;

/// A bit that is turned over in the next run of a model: for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitFlip {
    /// The case.
    pub case: u32,
    /// Index among the plan's observed steps.
    pub step: usize,
    /// Which buffer, and when.
    pub place: FlipPlace,
    /// The bit, counted from the first of the case's bytes.
    pub bit: u64,
}

/// Where and when a bit is turned over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlipPlace {
    /// An input of the step, by its index, before the step begins.
    Input(usize),
    /// The sums that are shown of the step, before they are read; only if it is seen in this case.
    Accumulators,
    /// The output of the step, before another step reads it.
    Output,
}

/// The flips of an executor that wait for a run.
#[derive(Default)]
pub(crate) struct Flips {
    any: AtomicBool,
    waiting: Mutex<Vec<BitFlip>>,
}

impl Flips {
    /// Puts flips in place of those that wait.
    pub(crate) fn set(&self, flips: Vec<BitFlip>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.any.store(!flips.is_empty(), Ordering::Release);
        *waiting = flips;
    }

    /// Takes the flips that wait; nearly always none.
    pub(crate) fn take(&self) -> Vec<BitFlip> {
        if !self.any.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.any.store(false, Ordering::Release);
        std::mem::take(&mut waiting)
    }
}

/// BITWISE_XOR of one word with a parameter.
fn kernel() -> Kernel {
    let source = |access| Source {
        element: Element::I32,
        access,
        per_row: false,
    };
    let chain = Chain {
        sources: vec![source(Access::Dense), source(Access::Scalar)],
        nodes: vec![chain::Node {
            function: Function::BitwiseXor,
            output: Element::I32,
            per_row: false,
            operands: vec![chain::Operand::Source(0), chain::Operand::Source(1)],
        }],
    };
    chain.kernel()
}

/// What turns bits over.
pub(super) struct Flipper<'a> {
    device: &'a Device,
    pipeline: Arc<Pipeline>,
}

impl<'a> Flipper<'a> {
    pub(super) fn new(
        device: &'a Device,
        pipelines: &Pipelines,
    ) -> Result<Flipper<'a>, ExecutorFault> {
        Ok(Flipper {
            device,
            pipeline: pipelines.get(device, &kernel())?,
        })
    }

    /// Records that one bit of a buffer is turned over. `at` is the byte at which its bits begin.
    pub(super) fn record(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::Buffer,
        at: u64,
        bit: u64,
    ) {
        let at = at + bit / 32 * 4;
        let device = self.device;
        // Elements, words, invocations of a row, words of a case, and the bit.
        let params = uniform_bytes(&[1, 1, WORKGROUP, 1, 1 << (bit % 32)]);
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let uniform = device.create_buffer("flip", params.len() as u64, usage);
        device.queue.write_buffer(&uniform, 0, &params);
        let usage = wgpu::BufferUsages::STORAGE
            | wgpu::BufferUsages::COPY_SRC
            | wgpu::BufferUsages::COPY_DST;
        let [output, input] = [0, 1].map(|_| device.create_buffer("flip", 4, usage));
        let entries: Vec<_> = (0u32..)
            .zip([&uniform, &output, &input])
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let group = device.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("flip"),
            layout: &self.pipeline.layout,
            entries: &entries,
        });
        encoder.copy_buffer_to_buffer(target, at, &input, 0, 4);
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&self.pipeline.pipeline);
            pass.set_bind_group(0, &group, &[]);
            pass.dispatch_workgroups(1, 1, 1);
        }
        encoder.copy_buffer_to_buffer(&output, 0, target, at, 4);
    }
}
