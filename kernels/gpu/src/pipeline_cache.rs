//! The driver's compiled kernels on disk.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::adapter::AdapterInfo;
use crate::cache;
use crate::device::Device;
use crate::unchecked;

/// A cache of pipelines of one device, and the file that it is kept in.
pub(crate) struct PipelineCache {
    cache: wgpu::PipelineCache,
    folder: PathBuf,
    name: String,
    /// What the file holds as far as is known.
    saved: Mutex<Option<Vec<u8>>>,
}

impl PipelineCache {
    /// The cache of `adapter` in `folder`; `None` if its driver offers none.
    pub(crate) fn open(
        device: &Device,
        adapter: &AdapterInfo,
        folder: PathBuf,
    ) -> Option<PipelineCache> {
        if !device
            .device
            .features()
            .contains(wgpu::Features::PIPELINE_CACHE)
        {
            return None;
        }
        let key = wgpu::util::pipeline_cache_key(&adapter.adapter.get_info())?;
        // Drivers of the same device, and settings that stand in its name, each have a file.
        let tag = cache::tag(&[&adapter.name, &adapter.driver, &adapter.driver_info]);
        let name = format!("{key}_{tag}");
        let data = cache::read(&folder, &name);
        // What wgpu or the driver refuses (another version wrote it) counts as absent.
        let filled = data.and_then(|data| Some((create(device, Some(&data))?, data)));
        let (cache, saved) = match filled {
            Some((cache, data)) => (cache, Some(data)),
            None => (create(device, None)?, None),
        };
        Some(PipelineCache {
            cache,
            folder,
            name,
            saved: Mutex::new(saved),
        })
    }

    /// For pipelines to be made.
    pub(crate) fn get(&self) -> &wgpu::PipelineCache {
        &self.cache
    }

    /// Writes the file if the cache holds something else than it.
    pub(crate) fn save(&self) {
        let Some(data) = self.cache.get_data() else {
            return;
        };
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = data.len() as u64 <= cache::FILE_BYTES_MAX / 2;
        if fits && saved.as_ref() != Some(&data) && cache::write(&self.folder, &self.name, &data) {
            *saved = Some(data);
        }
    }
}

fn create(device: &Device, data: Option<&[u8]>) -> Option<wgpu::PipelineCache> {
    let descriptor = wgpu::PipelineCacheDescriptor {
        label: Some("aivm"),
        data,
        fallback: true,
    };
    let create = || unchecked::pipeline_cache(&device.device, &descriptor);
    device.guarded(create).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use aivm_tosa::{Executor, ModelLimits, PriceTable};

    use super::*;
    use crate::{GpuExecutor, GpuOptions};

    const MODEL: &[u8] =
        include_bytes!("../../../tests/oracle/conv2d_rescaled_channels/model.tosa");
    const INPUT: &[u8] = include_bytes!("../../../tests/oracle/conv2d_rescaled_channels/input.bin");
    const OUTPUT: &[u8] =
        include_bytes!("../../../tests/oracle/conv2d_rescaled_channels/output.bin");

    /// Opens each adapter with a cache in `folder` and runs a model.
    fn run(folder: &std::path::Path) {
        let adapters = crate::adapters();
        assert!(
            !adapters.is_empty() || std::env::var_os("AIVM_NO_SKIP").is_none(),
            "no adapter"
        );
        for adapter in &adapters {
            let options = GpuOptions {
                cache: Some(folder.to_owned()),
                ..GpuOptions::default()
            };
            let executor = GpuExecutor::open_with(adapter, options).expect("it opens");
            let model = aivm_tosa::load(MODEL, &ModelLimits::default(), &PriceTable::default());
            let model = Arc::new(model.expect("a valid model"));
            let plan = executor.prepare(&model).expect("the model fits");
            assert_eq!(plan.run_cases(2, INPUT).as_deref(), Ok(OUTPUT));
        }
    }

    /// The files of pipelines in `folder` with their contents.
    fn files(folder: &std::path::Path) -> Vec<(PathBuf, Vec<u8>)> {
        let found = fs::read_dir(folder).into_iter().flatten().flatten();
        let tuned = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("tuned_");
        let mut files: Vec<_> = found
            .filter(|entry| !tuned(&entry.file_name()))
            .map(|entry| (entry.path(), fs::read(entry.path()).expect("readable")))
            .collect();
        files.sort();
        files
    }

    #[test]
    fn damaged_and_foreign_files_are_ignored_and_replaced() {
        let name = format!("aivm-pipelines-test-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        run(&folder);
        let written = files(&folder);
        println!("{} files", written.len());
        for (path, whole) in &written {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.expect("names are ASCII");
            let content = cache::read(&folder, name).expect("it is whole");
            // Nothing, half of it, and what wgpu did not write behind a header of ours.
            fs::write(path, b"").expect("writable");
            run(&folder);
            fs::write(path, &whole[..whole.len() / 2]).expect("writable");
            run(&folder);
            let mut foreign = content.clone();
            foreign[..8].copy_from_slice(b"NOTWGPU!");
            assert!(cache::write(&folder, name, &foreign));
            run(&folder);
            assert!(cache::write(&folder, name, b"short"));
            run(&folder);
            let now = cache::read(&folder, name).expect("it was replaced");
            assert_eq!(now[..8], content[..8]);
        }
        // A folder that cannot be made is no cache.
        run(&std::env::current_exe()
            .expect("a test")
            .join("below a file"));
        let _ = fs::remove_dir_all(&folder);
    }
}
