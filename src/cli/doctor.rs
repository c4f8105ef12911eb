//! `aivm doctor`: what this machine offers, and whether it computes right.

use std::collections::BTreeMap;
use std::time::Instant;

use aivm_cpu::Isa;
use aivm_gpu::{AdapterInfo, GpuExecutor};
use aivm_tosa::{Executor, ExecutorMetrics};
use serde::Serialize;

use super::failure::Failure;
use super::{print_json, print_text, tell};

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    cpu: CpuReport,
    adapters: Vec<AdapterReport>,
}

#[derive(Serialize)]
struct CpuReport {
    architecture: &'static str,
    cores: usize,
    features: Vec<&'static str>,
    /// The instruction set that `--backend cpu` uses.
    instruction_set: Option<&'static str>,
    /// Those it could use, slowest first.
    instruction_sets: Vec<&'static str>,
    /// Why `--backend cpu` does not work.
    error: Option<String>,
}

#[derive(Serialize)]
struct AdapterReport {
    name: String,
    driver: String,
    driver_info: String,
    backend: String,
    device_type: String,
    limits: LimitsReport,
    /// Which variant of kernels linear operators get.
    kernels: Option<&'static str>,
    /// Why the adapter could not be opened.
    error: Option<String>,
    known_answers: Vec<KernelReport>,
    /// What the executor counted while it answered them, by name; times in microseconds.
    metrics: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct LimitsReport {
    buffer_bytes_max: u64,
    binding_bytes_max: u64,
    workgroups_max: u32,
    invocations_max: u32,
    storage_buffers_max: u32,
}

#[derive(Serialize)]
struct KernelReport {
    kernel: &'static str,
    ok: bool,
    /// What was wrong.
    error: Option<String>,
}

/// Fails if an adapter does not open or gives a wrong answer, or the CPU's instruction set is not to be had. A machine without an adapter is fine.
pub(crate) fn doctor(json: bool) -> Result<(), Failure> {
    let adapters = aivm_gpu::adapters();
    let report = Report {
        cpu: cpu(),
        adapters: adapters.iter().map(examine).collect(),
    };
    if json {
        print_json(&report)?;
    } else {
        print_text(&text(&report))?;
    }
    let adapters = report.adapters.iter();
    let wrong = adapters
        .filter(|adapter| adapter.error.is_some() || adapter.known_answers.iter().any(|k| !k.ok))
        .map(|adapter| adapter.name.as_str());
    let cpu = report.cpu.error.as_deref().into_iter();
    let failed: Vec<&str> = cpu.chain(wrong).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let what = format!("not used, because it fails: {}", failed.join(", "));
    Err(Failure::Machine(what))
}

fn cpu() -> CpuReport {
    let executor = super::backend::cpu(None);
    CpuReport {
        architecture: std::env::consts::ARCH,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        features: cpu_features(),
        instruction_set: executor
            .as_ref()
            .map(|executor| executor.options().isa.name())
            .ok(),
        instruction_sets: Isa::available().into_iter().map(Isa::name).collect(),
        error: executor.err().map(|failure| failure.to_string()),
    }
}

fn examine(adapter: &AdapterInfo) -> AdapterReport {
    let started = Instant::now();
    let opened = GpuExecutor::open(adapter);
    let (error, known_answers) = match &opened {
        Err(fault) => (Some(fault.to_string()), Vec::new()),
        Ok(executor) => (None, known_answers(executor)),
    };
    let metrics = opened.as_ref().map(Executor::metrics).unwrap_or_default();
    let kernels = opened
        .as_ref()
        .ok()
        .map(|executor| executor.operands().name());
    tell(format_args!(
        "{}: examined in {:?}",
        adapter.name,
        started.elapsed()
    ));
    AdapterReport {
        name: adapter.name.clone(),
        driver: adapter.driver.clone(),
        driver_info: adapter.driver_info.clone(),
        backend: adapter.backend.clone(),
        device_type: adapter.device_type.to_string(),
        limits: LimitsReport {
            buffer_bytes_max: adapter.limits.buffer_bytes_max,
            binding_bytes_max: adapter.limits.binding_bytes_max,
            workgroups_max: adapter.limits.workgroups_max,
            invocations_max: adapter.limits.invocations_max,
            storage_buffers_max: adapter.limits.storage_buffers_max,
        },
        kernels,
        error,
        known_answers,
        metrics: figures(&metrics),
    }
}

fn figures(metrics: &ExecutorMetrics) -> BTreeMap<&'static str, u64> {
    let figures = metrics.figures().into_iter();
    figures.map(|(name, _, value)| (name, value)).collect()
}

fn known_answers(executor: &GpuExecutor) -> Vec<KernelReport> {
    let checks = executor.known_answer_tests().into_iter();
    checks
        .map(|check| KernelReport {
            kernel: check.kernel,
            ok: check.passed,
            error: (!check.passed).then_some(check.detail),
        })
        .collect()
}

/// Features of this CPU that decide how fast it can compute; none of them changes an answer.
fn cpu_features() -> Vec<&'static str> {
    let mut features = Vec::new();
    #[cfg(target_arch = "x86_64")]
    for (name, present) in [
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("avxvnni", std::arch::is_x86_feature_detected!("avxvnni")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
        ("avx512bw", std::arch::is_x86_feature_detected!("avx512bw")),
        (
            "avx512vnni",
            std::arch::is_x86_feature_detected!("avx512vnni"),
        ),
    ] {
        if present {
            features.push(name);
        }
    }
    #[cfg(target_arch = "aarch64")]
    for (name, present) in [
        ("neon", std::arch::is_aarch64_feature_detected!("neon")),
        (
            "dotprod",
            std::arch::is_aarch64_feature_detected!("dotprod"),
        ),
        ("i8mm", std::arch::is_aarch64_feature_detected!("i8mm")),
    ] {
        if present {
            features.push(name);
        }
    }
    features
}

fn text(report: &Report) -> String {
    let cpu = &report.cpu;
    let mut lines = vec![format!(
        "CPU: {}, cores: {}, features: {}",
        cpu.architecture,
        cpu.cores,
        cpu.features.join(" ")
    )];
    lines.push(match (cpu.instruction_set, &cpu.error) {
        (Some(chosen), _) => format!(
            "  backend cpu: {chosen}, of {}",
            cpu.instruction_sets.join(" ")
        ),
        (None, error) => format!(
            "  backend cpu does not work: {}",
            error.as_deref().unwrap_or_default()
        ),
    });
    if report.adapters.is_empty() {
        lines.push("no GPU adapter: models run on the CPU".to_owned());
    }
    for adapter in &report.adapters {
        let AdapterReport {
            name,
            driver,
            driver_info,
            backend,
            device_type,
            limits,
            ..
        } = adapter;
        lines.push(format!("adapter: {name}"));
        lines.push(format!(
            "  {device_type} through {backend}, driver {driver} {driver_info}"
        ));
        lines.push(format!(
            "  limits: buffer {} bytes, binding {} bytes, {} workgroups a dimension, {} invocations \
             a workgroup, {} storage buffers",
            limits.buffer_bytes_max,
            limits.binding_bytes_max,
            limits.workgroups_max,
            limits.invocations_max,
            limits.storage_buffers_max
        ));
        let kernels = adapter.kernels.iter();
        lines.extend(kernels.map(|kernels| format!("  kernels of linear operators: {kernels}")));
        lines.extend(
            adapter
                .error
                .iter()
                .map(|error| format!("  does not open: {error}")),
        );
        for test in &adapter.known_answers {
            let verdict = test.error.as_deref().unwrap_or("right");
            lines.push(format!("  known answer {:<28} {verdict}", test.kernel));
        }
        let figures = adapter.metrics.iter();
        let figures: Vec<String> = figures
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        lines.push(format!("  metrics: {}", figures.join(", ")));
    }
    lines.join("\n")
}
