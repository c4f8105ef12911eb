//! Compiled kernels of one device, each linted before wgpu sees it, compiled once and shared by all models.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aivm_shaders::kernels::Kernel;
use aivm_tosa::ExecutorFault;

use crate::counters::Counters;
use crate::device::Device;
use crate::inject::Stage;
use crate::pipeline_cache::PipelineCache;

/// Invocations of a workgroup of every kernel; one of blocks may have more, and counts as if it had these.
pub(crate) const WORKGROUP: u32 = 64;

/// A kernel that is ready to be dispatched.
pub(crate) struct Pipeline {
    pub(crate) pipeline: wgpu::ComputePipeline,
    pub(crate) layout: wgpu::BindGroupLayout,
}

/// Pipelines by the kernel's text, made when first asked for.
pub(crate) struct Pipelines {
    table: Mutex<Table>,
    /// More are kept only while models use them.
    most: usize,
    cache: Option<PipelineCache>,
}

#[derive(Default)]
struct Table {
    entries: BTreeMap<Cow<'static, str>, Entry>,
    /// Counts uses.
    uses: u64,
}

#[derive(Default)]
struct Entry {
    /// Locked while the kernel is compiled, so that threads which want it wait for one of them.
    pipeline: Arc<Mutex<Option<Arc<Pipeline>>>>,
    /// The last use.
    used: u64,
}

impl Pipelines {
    /// Keeps `most`, and what the driver made of them in `cache`.
    pub(crate) fn new(most: usize, cache: Option<PipelineCache>) -> Pipelines {
        Pipelines {
            table: Mutex::default(),
            most,
            cache,
        }
    }

    /// The pipeline of `kernel`. Compiling it holds up nobody who wants another.
    pub(crate) fn get(
        &self,
        device: &Device,
        kernel: &Kernel,
    ) -> Result<Arc<Pipeline>, ExecutorFault> {
        let place = {
            let mut table = lock(&self.table);
            table.uses += 1;
            let uses = table.uses;
            if let Some(entry) = table.entries.get_mut(&kernel.source) {
                entry.used = uses;
                Arc::clone(&entry.pipeline)
            } else {
                let entry = Entry {
                    used: uses,
                    ..Entry::default()
                };
                let place = Arc::clone(&entry.pipeline);
                table.entries.insert(kernel.source.clone(), entry);
                place
            }
        };
        let mut pipeline = lock(&place);
        if let Some(pipeline) = &*pipeline {
            return Ok(Arc::clone(pipeline));
        }
        let started = Instant::now();
        let cache = self.cache.as_ref().map(PipelineCache::get);
        let compiled = compile(device, kernel, cache);
        let counters = device.counters();
        Counters::time(&counters.compile_us, started.elapsed());
        let made = compiled.map(|made| {
            Counters::count(&counters.pipelines_created);
            Arc::clone(pipeline.insert(Arc::new(made)))
        });
        drop(pipeline);
        drop(place);
        self.evict(counters);
        made
    }

    /// Compiled kernels there are now.
    pub(crate) fn len(&self) -> u64 {
        lock(&self.table).entries.len() as u64
    }

    /// Writes what the driver made to disk, if there is a place for it.
    pub(crate) fn save(&self) {
        if let Some(cache) = &self.cache {
            cache.save();
        }
    }

    /// Drops kernels that no model uses, those used longest ago first, and what could not be compiled.
    pub(crate) fn evict(&self, counters: &Counters) {
        let mut table = lock(&self.table);
        while table.entries.len() > self.most {
            let unused = |entry: &Entry| {
                // The only handle is the table's, so nobody is about to lock it.
                Arc::strong_count(&entry.pipeline) == 1
                    && lock(&entry.pipeline)
                        .as_ref()
                        .is_none_or(|pipeline| Arc::strong_count(pipeline) == 1)
            };
            let entries = table.entries.iter();
            let oldest = entries
                .filter(|(_, entry)| unused(entry))
                .min_by_key(|(_, entry)| entry.used)
                .map(|(source, _)| source.clone());
            let Some(oldest) = oldest else {
                break;
            };
            table.entries.remove(&oldest);
            Counters::count(&counters.pipelines_evicted);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn compile(
    device: &Device,
    kernel: &Kernel,
    cache: Option<&wgpu::PipelineCache>,
) -> Result<Pipeline, ExecutorFault> {
    let storage = kernel.inputs - kernel.uniforms.count_ones() + 1;
    if storage > device.limits.storage_buffers_max {
        return Err(device.fault(format!(
            "kernel {} binds too many buffers for this adapter",
            kernel.name
        )));
    }
    // The one kernel that is no WGSL is a constant of this crate.
    #[cfg(feature = "cooperative-matrix")]
    if *kernel == crate::cooperative::MATMUL {
        let tile = device.limits.cooperative;
        let tile = tile.ok_or_else(|| device.fault("no cooperative matrices of i8"))?;
        return pipeline(device, kernel, cache, || {
            crate::cooperative::module(&device.device, tile)
        });
    }
    let accepted = aivm_shaders::lint(&kernel.source).map_err(|error| {
        device.fault(format!(
            "kernel {} does not pass the lint: {error}",
            kernel.name
        ))
    })?;
    let module = || {
        device
            .device
            .create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(&kernel.name),
                source: wgpu::ShaderSource::Wgsl(accepted.source().into()),
            })
    };
    pipeline(device, kernel, cache, module)
}

/// The pipeline of a kernel from what `module` makes.
fn pipeline(
    device: &Device,
    kernel: &Kernel,
    cache: Option<&wgpu::PipelineCache>,
    module: impl FnOnce() -> wgpu::ShaderModule,
) -> Result<Pipeline, ExecutorFault> {
    device.guarded(|| {
        device.reach(Stage::Compilation);
        let module = module();
        let entries = [layout_entry(0, UNIFORM), layout_entry(1, OUTPUT)].into_iter();
        let inputs = (0..kernel.inputs).map(|input| {
            let uniform = kernel.uniforms >> input & 1 == 1;
            layout_entry(input + 2, if uniform { UNIFORM } else { INPUT })
        });
        let entries: Vec<_> = entries.chain(inputs).collect();
        let layout = device
            .device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: Some(&kernel.name),
                entries: &entries,
            });
        let pipeline_layout =
            device
                .device
                .create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                    label: Some(&kernel.name),
                    bind_group_layouts: &[Some(&layout)],
                    immediate_size: 0,
                });
        let pipeline = device
            .device
            .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(&kernel.name),
                layout: Some(&pipeline_layout),
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache,
            });
        Pipeline { pipeline, layout }
    })
}

const UNIFORM: wgpu::BufferBindingType = wgpu::BufferBindingType::Uniform;
const OUTPUT: wgpu::BufferBindingType = wgpu::BufferBindingType::Storage { read_only: false };
const INPUT: wgpu::BufferBindingType = wgpu::BufferBindingType::Storage { read_only: true };

fn layout_entry(binding: u32, ty: wgpu::BufferBindingType) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty,
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    }
}
