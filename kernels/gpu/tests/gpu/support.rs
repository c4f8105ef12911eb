//! What the tests of this crate share: adapters, models, arrays, and when to skip.

use std::path::PathBuf;
use std::sync::Arc;

use aivm_gpu::{AdapterInfo, BlockSize, GpuExecutor, GpuOptions, Operands, PlanOptions};
use aivm_tosa::{ModelLimits, PriceTable, Priced};

/// Every adapter of this machine. None, with a message, if there is none.
pub(crate) fn adapters() -> Vec<AdapterInfo> {
    let adapters = aivm_gpu::adapters();
    if adapters.is_empty() {
        skip("no adapter that wgpu sees");
    }
    adapters
}

/// The same, open.
pub(crate) fn executors() -> Vec<GpuExecutor> {
    let adapters = adapters().into_iter();
    adapters
        .map(|adapter| GpuExecutor::open(&adapter).expect("the adapter opens"))
        .collect()
}

/// As [`executors`], with a dispatch of its own for each operator.
pub(crate) fn unfused_executors() -> Vec<GpuExecutor> {
    executors_with(PlanOptions {
        fused: false,
        ..PlanOptions::default()
    })
}

/// As [`executors`], with linear operators in blocks of this size, however small they are.
pub(crate) fn block_executors(size: BlockSize) -> Vec<GpuExecutor> {
    let operands = Operands::Blocks {
        size,
        positions_min: 0,
    };
    executors_with(PlanOptions {
        operands,
        ..PlanOptions::default()
    })
}

fn executors_with(plan: PlanOptions) -> Vec<GpuExecutor> {
    let options = GpuOptions {
        plan,
        ..GpuOptions::default()
    };
    let open = |adapter| GpuExecutor::open_with(&adapter, options.clone());
    let executors = adapters().into_iter().map(open);
    executors
        .map(|executor| executor.expect("the adapter opens"))
        .collect()
}

/// The kernels that a run of `model` dispatches, in order.
pub(crate) fn kernels(executor: &GpuExecutor, model: &Arc<Priced>) -> Vec<String> {
    let dispatches = executor.dispatches(model).expect("the model fits");
    let kernels = dispatches.into_iter().map(|dispatch| dispatch.kernel);
    kernels.collect()
}

/// Says that a test did not run; fails where nothing may be skipped.
pub(crate) fn skip(reason: &str) {
    assert!(
        std::env::var_os("AIVM_NO_SKIP").is_none(),
        "skipped although AIVM_NO_SKIP is set: {reason}"
    );
    println!("skipped: {reason}");
}

/// A model from its file's bytes.
pub(crate) fn model(bytes: &[u8]) -> Arc<Priced> {
    let priced = aivm_tosa::load(bytes, &ModelLimits::default(), &PriceTable::default());
    Arc::new(priced.expect("the model is valid"))
}

/// A file of the shared folder, or None with a message.
pub(crate) fn shared(name: &str) -> Option<Vec<u8>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("AIVM_SHARED").map_or_else(beside, PathBuf::from);
    let file = folder.join(name);
    match std::fs::read(&file) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            skip(&format!("{}: {error}", file.display()));
            None
        }
    }
}

/// The elements of a `.npy` file, version 1, as they lie in it.
pub(crate) fn npy_data(file: &[u8]) -> &[u8] {
    assert_eq!(file[..7], *b"\x93NUMPY\x01");
    let header = usize::from(u16::from_le_bytes([file[8], file[9]]));
    &file[10 + header..]
}
