//! Compiled kernels of one device, each linted before wgpu sees it and compiled once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aivm_shaders::kernels::Kernel;
use aivm_tosa::ExecutorFault;

use crate::device::Device;

/// Invocations of a workgroup of every kernel.
pub(crate) const WORKGROUP: u32 = 64;

/// A kernel that is ready to be dispatched.
pub(crate) struct Pipeline {
    pub(crate) pipeline: wgpu::ComputePipeline,
    pub(crate) layout: wgpu::BindGroupLayout,
}

/// Pipelines by the kernel's text, made when first asked for.
#[derive(Default)]
pub(crate) struct Pipelines {
    made: Mutex<BTreeMap<Cow<'static, str>, Arc<Pipeline>>>,
}

impl Pipelines {
    /// The pipeline of `kernel`.
    pub(crate) fn get(
        &self,
        device: &Device,
        kernel: &Kernel,
    ) -> Result<Arc<Pipeline>, ExecutorFault> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = made.get(&kernel.source) {
            return Ok(Arc::clone(pipeline));
        }
        let pipeline = Arc::new(compile(device, kernel)?);
        made.insert(kernel.source.clone(), Arc::clone(&pipeline));
        Ok(pipeline)
    }
}

fn compile(device: &Device, kernel: &Kernel) -> Result<Pipeline, ExecutorFault> {
    let storage = kernel.inputs - kernel.uniforms.count_ones() + 1 + u32::from(kernel.sums);
    if storage > device.limits.storage_buffers_max {
        return Err(device.fault(format!(
            "kernel {} binds too many buffers for this adapter",
            kernel.name
        )));
    }
    let accepted = aivm_shaders::lint(&kernel.source).map_err(|error| {
        device.fault(format!(
            "kernel {} does not pass the lint: {error}",
            kernel.name
        ))
    })?;
    device.guarded(|| {
        let module = device
            .device
            .create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(&kernel.name),
                source: wgpu::ShaderSource::Wgsl(accepted.source().into()),
            });
        let sums = kernel.sums.then(|| layout_entry(kernel.inputs + 2, OUTPUT));
        let entries = [layout_entry(0, UNIFORM), layout_entry(1, OUTPUT)].into_iter();
        let inputs = (0..kernel.inputs).map(|input| {
            let uniform = kernel.uniforms >> input & 1 == 1;
            layout_entry(input + 2, if uniform { UNIFORM } else { INPUT })
        });
        let entries = entries.chain(inputs);
        let entries: Vec<_> = entries.chain(sums).collect();
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
                cache: None,
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
