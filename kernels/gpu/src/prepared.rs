//! A lowered graph on a device: pipelines, buffers by lifetime, resident constants and parameters.

use std::sync::Arc;

use aivm_tosa::ExecutorFault;

use crate::device::Device;
use crate::limits::{Account, LIMITS};
use crate::memory::{Slots, assign};
use crate::pipelines::{Pipeline, Pipelines};
use crate::program::Program;
use crate::resident::{Resident, uniform_bytes};

/// What does not change between runs of a graph.
pub(crate) struct Prepared {
    pub(crate) device: Arc<Device>,
    pub(crate) program: Program,
    pub(crate) slots: Slots,
    pub(crate) pipelines: Vec<Arc<Pipeline>>,
    pub(crate) constants: Resident,
    pub(crate) params: Resident,
}

impl Prepared {
    /// Compiles the kernels of `program` and uploads its constants; `account` is that of its model.
    ///
    /// # Errors
    /// What keeps it from running on this device.
    pub(crate) fn new(
        device: &Arc<Device>,
        pipelines: &Pipelines,
        mut program: Program,
        account: &mut Account,
    ) -> Result<Prepared, ExecutorFault> {
        let slots = assign(&program);
        let counted = account.add(&program, &slots.words, &LIMITS);
        counted.map_err(|what| device.fault(what))?;
        let kernels = program
            .steps
            .iter()
            .map(|step| pipelines.get(device, &step.kernel));
        let pipelines = kernels.collect::<Result<Vec<_>, _>>()?;
        // Regions are given constants by copies.
        let mut usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
        if program.has_uniform_operands() {
            usage |= wgpu::BufferUsages::UNIFORM;
        }
        let constants = Resident::upload(device, &program.constants, usage)?;
        // They lie on the device now.
        program.constants = Vec::new();
        let params: Vec<_> = program
            .steps
            .iter()
            .map(|step| uniform_bytes(&step.params))
            .collect();
        let params = Resident::upload(device, &params, wgpu::BufferUsages::UNIFORM)?;
        Ok(Prepared {
            device: Arc::clone(device),
            program,
            slots,
            pipelines,
            constants,
            params,
        })
    }
}
