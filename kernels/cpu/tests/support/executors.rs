//! Every way in which the CPU back end can run: fused or not, each instruction set, one thread or two.

use aivm_cpu::{CpuExecutor, CpuOptions, Isa};

/// All executors that this machine can have.
pub(crate) fn all() -> Vec<(String, CpuExecutor)> {
    let mut executors = Vec::new();
    for isa in Isa::available() {
        for (fuse, threads) in [(true, 1), (false, 1), (true, 2)] {
            let options = CpuOptions {
                fuse,
                threads: Some(threads),
                isa,
            };
            let executor = CpuExecutor::with_options(options).expect("the machine has it");
            let fused = if fuse { "fused" } else { "unfused" };
            executors.push((format!("{isa} {fused} {threads} threads"), executor));
        }
    }
    executors
}
