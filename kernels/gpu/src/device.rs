//! An open device: every error of wgpu becomes an [`ExecutorFault`], a lost device is remembered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::{Duration, Instant};

use aivm_tosa::{ExecutorFault, FaultKind};

use aivm_shaders::kernels::UNIFORM_BYTES;

use crate::adapter::{AdapterInfo, AdapterLimits, DeviceType};

/// A device and its queue.
pub(crate) struct Device {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    pub(crate) limits: AdapterLimits,
    /// Alignment of parts of a uniform or storage buffer that are bound, in bytes.
    pub(crate) binding_alignment: u64,
    /// Whether uniform buffers are read faster than storage buffers, and hold what kernels expect.
    uniform_operands: bool,
    name: String,
    deadline: Duration,
    /// Why the device cannot be used any more.
    lost: Arc<OnceLock<(FaultKind, String)>>,
}

impl Device {
    /// Opens `adapter` with all its limits and no optional feature. `deadline` bounds each wait for the device.
    pub(crate) fn open(adapter: &AdapterInfo, deadline: Duration) -> Result<Device, ExecutorFault> {
        let name = format!("gpu:{}", adapter.name);
        let limits = adapter.adapter.limits();
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("aivm"),
            required_limits: limits.clone(),
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) = pollster::block_on(adapter.adapter.request_device(&descriptor))
            .map_err(|error| {
                ExecutorFault::new(name.as_str(), FaultKind::Lost, error.to_string())
            })?;

        let lost = Arc::new(OnceLock::new());
        let note = Arc::clone(&lost);
        device.set_device_lost_callback(move |reason, message| {
            // The first reason stays; a later one only follows from it.
            let why = format!("device lost ({reason:?}): {message}");
            let _ = note.set((FaultKind::Lost, why));
        });
        let note = Arc::clone(&lost);
        // Without a handler wgpu panics. Errors reach it only outside of `guarded`, from a device that went away.
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            let _ = note.set((FaultKind::Lost, format!("unexpected error: {error}")));
        }));
        let alignment = limits
            .min_uniform_buffer_offset_alignment
            .max(limits.min_storage_buffer_offset_alignment);
        Ok(Device {
            device,
            queue,
            limits: adapter.limits,
            binding_alignment: u64::from(alignment),
            uniform_operands: adapter.device_type == DeviceType::Cpu
                && limits.max_uniform_buffer_binding_size >= u64::from(UNIFORM_BYTES),
            name,
            deadline,
            lost,
        })
    }

    /// `gpu:` and the adapter's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// That this device cannot run a model.
    pub(crate) fn fault(&self, what: impl Into<String>) -> ExecutorFault {
        self.fault_of(FaultKind::Unsupported, what)
    }

    /// Whether kernels should read operands from uniform buffers.
    pub(crate) fn suits_uniform_operands(&self) -> bool {
        self.uniform_operands
    }

    /// A fault of this device.
    pub(crate) fn fault_of(&self, kind: FaultKind, what: impl Into<String>) -> ExecutorFault {
        ExecutorFault::new(self.name.as_str(), kind, what)
    }

    /// Fails at once if the device was lost.
    pub(crate) fn check(&self) -> Result<(), ExecutorFault> {
        match self.lost.get() {
            Some((kind, reason)) => Err(self.fault_of(*kind, reason.as_str())),
            None => Ok(()),
        }
    }

    /// Runs `work` and fails if wgpu reported an error meanwhile.
    pub(crate) fn guarded<T>(&self, work: impl FnOnce() -> T) -> Result<T, ExecutorFault> {
        self.check()?;
        let scopes = [
            wgpu::ErrorFilter::OutOfMemory,
            wgpu::ErrorFilter::Validation,
            wgpu::ErrorFilter::Internal,
        ]
        .map(|filter| self.device.push_error_scope(filter));
        let value = work();
        // Scopes are a stack: the last one pushed is popped first.
        let mut error = None;
        for scope in scopes.into_iter().rev() {
            error = error.or(pollster::block_on(scope.pop()));
        }
        self.check()?;
        match error {
            Some(error) => {
                let kind = match error {
                    wgpu::Error::OutOfMemory { .. } => FaultKind::OutOfMemory,
                    // What this device does not accept.
                    wgpu::Error::Validation { .. } => FaultKind::Unsupported,
                    wgpu::Error::Internal { .. } => FaultKind::Lost,
                };
                Err(self.fault_of(kind, error.to_string()))
            }
            None => Ok(value),
        }
    }

    /// Waits until `submission` is done. A device that takes longer than the deadline counts as lost.
    fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<(), ExecutorFault> {
        let poll = wgpu::PollType::Wait {
            submission_index: Some(submission),
            timeout: Some(self.deadline),
        };
        // wgpu panics in `poll` when the driver reports a lost device.
        let waited = catch_unwind(AssertUnwindSafe(|| self.device.poll(poll)));
        let reason = match waited {
            Ok(Ok(_)) => return self.check(),
            Ok(Err(wgpu::PollError::Timeout)) => (
                FaultKind::Deadline,
                format!("not done after {} ms", self.deadline.as_millis()),
            ),
            Ok(Err(error)) => (FaultKind::Lost, format!("waiting for the device: {error}")),
            Err(_) => (
                FaultKind::Lost,
                "the device was lost while it computed".to_owned(),
            ),
        };
        let _ = self.lost.set(reason);
        self.check()
    }

    /// Submits `work` and waits until it is done; then `read` sees the bytes of `staging`.
    pub(crate) fn submit_and_read<T>(
        &self,
        staging: &wgpu::Buffer,
        work: impl FnOnce() -> wgpu::CommandBuffer,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, ExecutorFault> {
        let (mapped, mapping) = mpsc::channel();
        let submission = self.guarded(|| {
            let submission = self.queue.submit([work()]);
            staging.map_async(wgpu::MapMode::Read, .., move |result| {
                // The receiver is gone only if this run has failed already.
                let _ = mapped.send(result);
            });
            submission
        })?;
        let started = Instant::now();
        self.wait(submission)?;
        // The work is done, but the poll of another thread may hold the callback and not have called it yet.
        let left = self.deadline.saturating_sub(started.elapsed());
        match mapping.recv_timeout(left) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let what = format!("mapping the outputs: {error}");
                return Err(self.fault_of(FaultKind::Lost, what));
            }
            Err(_) => return Err(self.fault_of(FaultKind::Lost, "the outputs were not mapped")),
        }
        let value = {
            let bytes = staging.get_mapped_range(..).map_err(|error| {
                self.fault_of(FaultKind::Lost, format!("reading the outputs: {error}"))
            })?;
            read(&bytes)
        };
        staging.unmap();
        Ok(value)
    }

    /// Bytes of the largest buffer that a kernel can bind.
    pub(crate) fn buffer_bytes_max(&self) -> u64 {
        self.limits
            .buffer_bytes_max
            .min(self.limits.binding_bytes_max)
    }

    /// Fails if a buffer of `bytes` bytes could not be bound.
    pub(crate) fn check_buffer(&self, bytes: u64) -> Result<(), ExecutorFault> {
        let most = self.buffer_bytes_max();
        if bytes > most {
            return Err(self.fault(format!(
                "a buffer of {bytes} bytes exceeds the adapter's {most}"
            )));
        }
        Ok(())
    }

    /// Destroys the device, as a driver reset or an unplugged GPU would.
    pub(crate) fn destroy(&self) {
        self.device.destroy();
    }
}
