//! An open device: every error of wgpu becomes an [`ExecutorFault`], a lost device is remembered.

use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::{Duration, Instant};

use aivm_tosa::{ExecutorFault, FaultKind};

use aivm_shaders::kernels::UNIFORM_BYTES;

use crate::adapter::{AdapterInfo, AdapterLimits, DeviceType};
use crate::buffer::Buffer;
use crate::counters::Counters;
use crate::inject::{self, Injection, Stage, Trouble};
use crate::operands::Operands;

/// A device and its queue.
pub(crate) struct Device {
    /// Before the device, so that what wgpu says of a device that is dropped is no loss.
    loss: Arc<Loss>,
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    pub(crate) limits: AdapterLimits,
    /// Alignment of parts of a uniform or storage buffer that are bound, in bytes.
    pub(crate) binding_alignment: u64,
    /// Whether uniform buffers hold what kernels expect, and are known to be read faster than storage buffers.
    uniform_operands: [bool; 2],
    name: String,
    deadline: Duration,
    counters: Arc<Counters>,
    injection: Arc<Injection>,
    hung: Arc<AtomicBool>,
    /// Behind `queue`, so that it is dropped later.
    _keeper: QueueKeeper,
}

/// Why a device cannot be used any more, once it cannot.
struct Loss {
    reason: OnceLock<(FaultKind, String)>,
    counters: Arc<Counters>,
}

impl Loss {
    /// The first reason stays; a later one only follows from it.
    fn note(&self, kind: FaultKind, why: String) {
        if self.reason.set((kind, why)).is_ok() {
            Counters::count(&self.counters.devices_lost);
        }
    }
}

impl Device {
    /// Opens `adapter` with all its limits and no optional feature but a cache of pipelines, and what cooperative
    /// matrices need where they can be used. `deadline` bounds each wait
    /// for the device.
    pub(crate) fn open(
        adapter: &AdapterInfo,
        deadline: Duration,
        counters: &Arc<Counters>,
        injection: &Arc<Injection>,
    ) -> Result<Device, ExecutorFault> {
        let name = format!("gpu:{}", adapter.name);
        let limits = adapter.adapter.limits();
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("aivm"),
            required_limits: limits.clone(),
            required_features: adapter.adapter.features() & wgpu::Features::PIPELINE_CACHE,
            ..wgpu::DeviceDescriptor::default()
        };
        #[cfg(feature = "cooperative-matrix")]
        let descriptor = match adapter.limits.cooperative {
            Some(_) => crate::cooperative::with_features(descriptor),
            None => descriptor,
        };
        let (device, queue) = pollster::block_on(adapter.adapter.request_device(&descriptor))
            .map_err(|error| {
                ExecutorFault::new(name.as_str(), FaultKind::Lost, error.to_string())
            })?;

        Counters::count(&counters.devices_opened);
        let loss = Arc::new(Loss {
            reason: OnceLock::new(),
            counters: Arc::clone(counters),
        });
        let note = Arc::downgrade(&loss);
        device.set_device_lost_callback(move |reason, message| {
            if let Some(loss) = note.upgrade() {
                let why = format!("device lost ({reason:?}): {message}");
                loss.note(FaultKind::Lost, why);
            }
        });
        let note = Arc::downgrade(&loss);
        // Without a handler wgpu panics. Errors reach it only outside of `guarded`, from a device that went away.
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            if let Some(loss) = note.upgrade() {
                loss.note(FaultKind::Lost, format!("unexpected error: {error}"));
            }
        }));
        let alignment = limits
            .min_uniform_buffer_offset_alignment
            .max(limits.min_storage_buffer_offset_alignment);
        let hung = Arc::new(AtomicBool::new(false));
        let keeper = QueueKeeper {
            queue: Some(queue.clone()),
            hung: Arc::clone(&hung),
        };
        Ok(Device {
            loss,
            device,
            queue,
            limits: adapter.limits,
            binding_alignment: u64::from(alignment),
            uniform_operands: [
                limits.max_uniform_buffer_binding_size >= u64::from(UNIFORM_BYTES),
                adapter.device_type == DeviceType::Cpu,
            ],
            name,
            deadline,
            counters: Arc::clone(counters),
            injection: Arc::clone(injection),
            hung,
            _keeper: keeper,
        })
    }

    /// `gpu:` and the adapter's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The figures of its executor.
    pub(crate) fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// That this device cannot run a model.
    pub(crate) fn fault(&self, what: impl Into<String>) -> ExecutorFault {
        self.fault_of(FaultKind::Unsupported, what)
    }

    /// Whether it has what a setting's kernels need; block sizes are looked at for each.
    pub(crate) fn holds(&self, operands: Operands) -> bool {
        match operands {
            Operands::Uniform => self.uniform_operands[0],
            #[cfg(feature = "cooperative-matrix")]
            Operands::Cooperative => self.limits.cooperative.is_some(),
            _ => true,
        }
    }

    /// Whether kernels should, as is known without a measurement.
    pub(crate) fn suits_uniform_operands(&self) -> bool {
        self.uniform_operands == [true, true]
    }

    /// A fault of this device.
    pub(crate) fn fault_of(&self, kind: FaultKind, what: impl Into<String>) -> ExecutorFault {
        ExecutorFault::new(self.name.as_str(), kind, what)
    }

    /// Fails at once if the device was lost.
    pub(crate) fn check(&self) -> Result<(), ExecutorFault> {
        match self.loss.reason.get() {
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
        inject::take_no_memory();
        let value = work();
        // Scopes are a stack: the last one pushed is popped first.
        let mut error = None;
        for scope in scopes.into_iter().rev() {
            error = error.or(pollster::block_on(scope.pop()));
        }
        self.check()?;
        if inject::take_no_memory() {
            return Err(self.fault_of(FaultKind::OutOfMemory, "no memory, as a test wanted"));
        }
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
        let started = Instant::now();
        if self.reach(Stage::AfterSubmission) == Some(Trouble::Hang) {
            std::thread::sleep(self.deadline);
            return self.too_late();
        }
        let poll = wgpu::PollType::Wait {
            submission_index: Some(submission),
            timeout: Some(self.deadline),
        };
        // wgpu panics in `poll` when the driver reports a lost device.
        let waited = catch_unwind(AssertUnwindSafe(|| self.device.poll(poll)));
        Counters::time(&self.counters.wait_us, started.elapsed());
        let (kind, why) = match waited {
            Ok(Ok(_)) => return self.check(),
            Ok(Err(wgpu::PollError::Timeout)) => return self.too_late(),
            Ok(Err(error)) => (FaultKind::Lost, format!("waiting for the device: {error}")),
            Err(_) => {
                let why = "the device was lost while it computed";
                (FaultKind::Lost, why.to_owned())
            }
        };
        self.loss.note(kind, why);
        self.check()
    }

    /// The device is given up: it may never be done.
    fn too_late(&self) -> Result<(), ExecutorFault> {
        self.hung.store(true, Ordering::Release);
        let why = format!("not done after {} ms", self.deadline.as_millis());
        self.loss.note(FaultKind::Deadline, why);
        self.check()
    }

    /// Submits each part of `work` by itself; a later [`Device::submit_and_read`] waits for them.
    pub(crate) fn submit(
        &self,
        work: impl FnOnce() -> Vec<wgpu::CommandBuffer>,
    ) -> Result<Vec<wgpu::SubmissionIndex>, ExecutorFault> {
        self.guarded(|| self.submit_now(work()))
    }

    /// As [`Device::submit`], inside [`Device::guarded`].
    fn submit_now(&self, work: Vec<wgpu::CommandBuffer>) -> Vec<wgpu::SubmissionIndex> {
        self.reach(Stage::BeforeSubmission);
        let submit = |part| {
            Counters::count(&self.counters.submissions);
            self.queue.submit([part])
        };
        work.into_iter().map(submit).collect()
    }

    /// Submits each part of `work` and waits until all are done, and before that for each of the `earlier` submissions,
    /// for each no longer than the deadline; then `read` sees the bytes of `staging`.
    pub(crate) fn submit_and_read<T>(
        &self,
        earlier: impl IntoIterator<Item = wgpu::SubmissionIndex>,
        staging: &wgpu::Buffer,
        work: impl FnOnce() -> Vec<wgpu::CommandBuffer>,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, ExecutorFault> {
        let (mapped, mapping) = mpsc::channel();
        let submitted = self.guarded(|| {
            let submitted = self.submit_now(work());
            staging.map_async(wgpu::MapMode::Read, .., move |result| {
                // The receiver is gone only if this run has failed already.
                let _ = mapped.send(result);
            });
            submitted
        })?;
        let mut started = Instant::now();
        for submission in earlier.into_iter().chain(submitted) {
            started = Instant::now();
            self.wait(submission)?;
        }
        self.reach(Stage::BeforeReading);
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
        // What was read of a device that went away meanwhile counts for nothing.
        self.check()?;
        Ok(value)
    }

    /// Makes a buffer, inside [`Device::guarded`].
    pub(crate) fn create_buffer(
        &self,
        label: &str,
        size: u64,
        usage: wgpu::BufferUsages,
    ) -> Buffer {
        self.reach(Stage::Allocation);
        Counters::count(&self.counters.buffers_created);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage,
            mapped_at_creation: false,
        });
        Buffer::new(buffer, &self.counters)
    }

    /// Lets injected trouble strike at `stage`.
    pub(crate) fn reach(&self, stage: Stage) -> Option<Trouble> {
        let trouble = self.injection.reach(stage);
        match trouble {
            Some(Trouble::LoseDevice) => self.destroy(),
            Some(Trouble::OutOfMemory) => inject::note_no_memory(),
            Some(Trouble::Hang) | None => {}
        }
        trouble
    }

    /// Fails if a buffer of `bytes` bytes could not be bound.
    pub(crate) fn check_buffer(&self, bytes: u64) -> Result<(), ExecutorFault> {
        let most = self.limits.bound_bytes_max();
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
        // wgpu says so later, once all work is done; of a device that a driver loses it says so at once.
        self.loss
            .note(FaultKind::Lost, "device lost: destroyed".to_owned());
    }
}

/// The last handle of a queue. Dropping that waits until its work is done, which for a device that hung may be never: a
/// thread of its own waits then.
struct QueueKeeper {
    queue: Option<wgpu::Queue>,
    hung: Arc<AtomicBool>,
}

impl Drop for QueueKeeper {
    fn drop(&mut self) {
        if self.hung.load(Ordering::Acquire)
            && let Some(queue) = self.queue.take()
        {
            // Should no thread be to be had, then better a leak than a wait.
            let queue = ManuallyDrop::new(queue);
            let waiting = std::thread::Builder::new().name("aivm-hung-gpu".to_owned());
            let _ = waiting.spawn(move || drop(ManuallyDrop::into_inner(queue)));
        }
    }
}
