//! The calls of wgpu that it does not check: the only file of this crate that may say `unsafe`.

#![allow(unsafe_code)]

/// A cache of pipelines, with what [`wgpu::PipelineCache::get_data`] gave.
pub(crate) fn pipeline_cache(
    device: &wgpu::Device,
    descriptor: &wgpu::PipelineCacheDescriptor<'_>,
) -> wgpu::PipelineCache {
    // SAFETY: `data` must come from `PipelineCache::get_data`. Only `PipelineCache::save` writes the file, in a folder of
    // the user who runs this process, and with a keccak-256 of the content that was found to be right: it is neither cut
    // nor damaged. wgpu checks its own header, the device and the driver's version before the driver sees it. Whoever
    // can forge the file can replace this program too.
    unsafe { device.create_pipeline_cache(descriptor) }
}

#[cfg(feature = "cooperative-matrix")]
pub(crate) use cooperative::{cooperative_experiment, cooperative_sizes, passthrough};

#[cfg(feature = "cooperative-matrix")]
mod cooperative {
    /// The consent that wgpu wants before it turns cooperative matrices on.
    pub(crate) fn cooperative_experiment() -> wgpu::ExperimentalFeatures {
        // SAFETY: wgpu warns of bugs in what is experimental. Of that only the Vulkan extension is used, by one module of
        // this crate that passes wgpu's shader compiler by.
        unsafe { wgpu::ExperimentalFeatures::enabled() }
    }

    /// A module of SPIR-V as it is. `words` are the module of [`crate::cooperative`] with the sizes of a tile that the
    /// adapter lists.
    pub(crate) fn passthrough(
        device: &wgpu::Device,
        label: &str,
        words: &[u32],
    ) -> wgpu::ShaderModule {
        let entry = wgpu::PassthroughShaderEntryPoint {
            name: "main".into(),
            workgroup_size: (64, 1, 1),
        };
        let descriptor = wgpu::ShaderModuleDescriptorPassthrough {
            label: Some(label),
            entry_points: vec![entry].into(),
            spirv: Some(words.into()),
            ..wgpu::ShaderModuleDescriptorPassthrough::default()
        };
        // SAFETY: the module was compiled from a source of this crate and is valid for Vulkan 1.3 (a test ties it to its
        // source). The capabilities that it names are on: `cooperative::with_features` asks for them. It reads and
        // writes only whole tiles inside of the matrices whose sizes the lowering gives it.
        unsafe { device.create_shader_module_passthrough(descriptor) }
    }

    /// Rows, columns and summed elements of each product of cooperative matrices of i8 with sums of i32 that a subgroup of
    /// the adapter can do without saturation. Empty unless it is one of Vulkan 1.3 that offers the extension.
    #[cfg(not(target_vendor = "apple"))]
    pub(crate) fn cooperative_sizes(adapter: &wgpu::Adapter) -> Vec<[u32; 3]> {
        use ash::vk::{ComponentTypeKHR, ScopeKHR};
        // SAFETY: nothing is destroyed through it, and it is alive while it is asked.
        let Some(vulkan) = (unsafe { adapter.as_hal::<wgpu::hal::api::Vulkan>() }) else {
            return Vec::new();
        };
        let device = vulkan.raw_physical_device();
        if vulkan
            .physical_device_capabilities()
            .properties()
            .api_version
            < ash::vk::API_VERSION_1_3
        {
            return Vec::new();
        }
        let instance = vulkan.shared_instance();
        let extension =
            ash::khr::cooperative_matrix::Instance::new(instance.entry(), instance.raw_instance());
        // SAFETY: the device is of this instance, and offers the extension: wgpu says so by a feature that the caller
        // found.
        let listed = unsafe { extension.get_physical_device_cooperative_matrix_properties(device) };
        let fits = |listed: &&ash::vk::CooperativeMatrixPropertiesKHR<'_>| {
            [listed.a_type, listed.b_type] == [ComponentTypeKHR::SINT8; 2]
                && [listed.c_type, listed.result_type] == [ComponentTypeKHR::SINT32; 2]
                && listed.saturating_accumulation == ash::vk::FALSE
                && listed.scope == ScopeKHR::SUBGROUP
        };
        let listed = listed.unwrap_or_default();
        let fitting = listed.iter().filter(fits);
        fitting
            .map(|listed| [listed.m_size, listed.n_size, listed.k_size])
            .collect()
    }

    /// There is no Vulkan.
    #[cfg(target_vendor = "apple")]
    pub(crate) fn cooperative_sizes(_: &wgpu::Adapter) -> Vec<[u32; 3]> {
        Vec::new()
    }
}
