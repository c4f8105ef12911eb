//! The adapters of this machine that wgpu sees.

use std::fmt;

use crate::limits::WORK_MAX;

/// An adapter, as its driver describes it. Nothing is opened yet.
#[derive(Clone, Debug)]
pub struct AdapterInfo {
    /// Name of the device.
    pub name: String,
    /// Name of the driver.
    pub driver: String,
    /// Version of the driver.
    pub driver_info: String,
    /// Interface below wgpu: `vulkan`, `metal` or `dx12`.
    pub backend: String,
    /// Kind of device.
    pub device_type: DeviceType,
    /// What one kernel may use.
    pub limits: AdapterLimits,
    pub(crate) adapter: wgpu::Adapter,
}

/// Kinds of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceType {
    /// A GPU with memory of its own.
    DiscreteGpu,
    /// A GPU that shares memory with the CPU.
    IntegratedGpu,
    /// A GPU behind a hypervisor.
    VirtualGpu,
    /// A driver that computes on the CPU.
    Cpu,
    /// Not said by the driver.
    Other,
}

impl fmt::Display for DeviceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DeviceType::DiscreteGpu => "discrete GPU",
            DeviceType::IntegratedGpu => "integrated GPU",
            DeviceType::VirtualGpu => "virtual GPU",
            DeviceType::Cpu => "CPU",
            DeviceType::Other => "other",
        })
    }
}

/// Limits that decide which models an adapter can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdapterLimits {
    /// Bytes of the largest buffer.
    pub buffer_bytes_max: u64,
    /// Bytes of a buffer that a kernel can bind.
    pub binding_bytes_max: u64,
    /// Workgroups along each dimension of a dispatch.
    pub workgroups_max: u32,
    /// Invocations of a workgroup.
    pub invocations_max: u32,
    /// Storage buffers that a kernel can bind.
    pub storage_buffers_max: u32,
    /// How often the loops of all invocations of one submission may go round: not the adapter's, but how long this
    /// executor keeps one busy at a time.
    pub work_max: u64,
    /// What its cooperative matrices of i8 are; none: it has none that kernels can use. `None` makes it do without them.
    #[cfg(feature = "cooperative-matrix")]
    pub cooperative: Option<crate::CooperativeTile>,
}

impl AdapterLimits {
    /// Bytes of the largest buffer that a kernel can bind.
    pub(crate) fn bound_bytes_max(&self) -> u64 {
        self.buffer_bytes_max.min(self.binding_bytes_max)
    }
}

/// Every adapter behind Vulkan, Metal or Direct3D 12, in wgpu's order. OpenGL ES is left out: its `/` and `%` differ.
#[must_use]
pub fn adapters() -> Vec<AdapterInfo> {
    let backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends,
        // Validation layers of the system would only slow a release build down.
        flags: wgpu::InstanceFlags::empty(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let found = pollster::block_on(instance.enumerate_adapters(backends));
    found.into_iter().map(AdapterInfo::new).collect()
}

impl AdapterInfo {
    fn new(adapter: wgpu::Adapter) -> AdapterInfo {
        let info = adapter.get_info();
        let limits = adapter.limits();
        AdapterInfo {
            name: info.name,
            driver: info.driver,
            driver_info: info.driver_info,
            backend: info.backend.to_str().to_owned(),
            device_type: match info.device_type {
                wgpu::DeviceType::DiscreteGpu => DeviceType::DiscreteGpu,
                wgpu::DeviceType::IntegratedGpu => DeviceType::IntegratedGpu,
                wgpu::DeviceType::VirtualGpu => DeviceType::VirtualGpu,
                wgpu::DeviceType::Cpu => DeviceType::Cpu,
                wgpu::DeviceType::Other => DeviceType::Other,
            },
            limits: AdapterLimits {
                buffer_bytes_max: limits.max_buffer_size,
                binding_bytes_max: limits.max_storage_buffer_binding_size,
                workgroups_max: limits.max_compute_workgroups_per_dimension,
                invocations_max: limits.max_compute_invocations_per_workgroup,
                storage_buffers_max: limits.max_storage_buffers_per_shader_stage,
                work_max: WORK_MAX,
                #[cfg(feature = "cooperative-matrix")]
                cooperative: crate::CooperativeTile::of(&adapter),
            },
            adapter,
        }
    }
}
