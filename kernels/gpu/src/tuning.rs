//! The self-tune of an adapter: which kernels of linear operators are the fastest there, measured when it is first used
//! and kept in the cache folder. It decides times only: every variant gives the same bits.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aivm_tosa::{ExecutorFault, ModelLimits, Plan, PriceTable, Priced};

use crate::adapter::AdapterInfo;
use crate::cache;
use crate::counters::Counters;
use crate::device::Device;
use crate::observe::Flips;
use crate::operands::Operands;
use crate::pipelines::Pipelines;
use crate::plan::{GpuPlan, PlanOptions};

/// What is measured: models, and how many cases run together.
const SHAPES: [(&[u8], u32); 3] = [
    // A small network: CONV2D, 3 × 3, of 28 × 28 and 14 × 14 positions, and dense layers, with what follows them.
    (
        include_bytes!("../../../examples/models/mnist_cnn.tosa"),
        16,
    ),
    // MATMUL, 256 × 256 × 256.
    (include_bytes!("../tuning/matmul_square.tosa"), 1),
    // MATMUL, 32 × 512 × 512.
    (include_bytes!("../tuning/matmul_flat.tosa"), 1),
];

/// How often each is timed; the shortest counts.
const RUNS: u32 = 3;

/// What a variant gets that cannot run a shape or is this many times slower than the best, in thousandths of that.
const SLOW: u128 = 8_000;

/// What `wanted` comes to on a device: a variant. `folder` is where the measured one is kept.
///
/// # Errors
/// A lost device.
pub(crate) fn settled(
    wanted: Operands,
    device: &Arc<Device>,
    adapter: &AdapterInfo,
    pipelines: &Arc<Pipelines>,
    folder: Option<&Path>,
) -> Result<Operands, ExecutorFault> {
    let settled = match wanted {
        Operands::Suited if device.suits_uniform_operands() => Operands::Uniform,
        Operands::Suited | Operands::Measured => {
            remembered_or_measured(device, adapter, pipelines, folder)?
        }
        chosen => chosen,
    };
    Ok(match settled {
        settled if !device.holds(settled) => Operands::Storage,
        settled => settled,
    })
}

fn remembered_or_measured(
    device: &Arc<Device>,
    adapter: &AdapterInfo,
    pipelines: &Arc<Pipelines>,
    folder: Option<&Path>,
) -> Result<Operands, ExecutorFault> {
    let file = file_name(adapter);
    let remembered = folder
        .and_then(|folder| cache::read(folder, &file))
        .and_then(|content| {
            let name = String::from_utf8(content).ok()?;
            Operands::variants().find(|variant| variant.name() == name)
        });
    if let Some(variant) = remembered {
        return Ok(variant);
    }
    let started = Instant::now();
    let fastest = measured(device, pipelines);
    Counters::time(&device.counters().tune_us, started.elapsed());
    // What a device that went away was measured at is worth nothing.
    device.check()?;
    if let Some(folder) = folder {
        cache::write(folder, &file, fastest.name().as_bytes());
        pipelines.save();
    }
    Ok(fastest)
}

/// One file for each driver of each adapter and each version of this program.
fn file_name(adapter: &AdapterInfo) -> String {
    let parts = [
        &adapter.name,
        &adapter.driver,
        &adapter.driver_info,
        &adapter.backend,
        env!("CARGO_PKG_VERSION"),
    ];
    format!("tuned_{}", cache::tag(&parts))
}

/// The variant whose times are the least multiples of the best of each shape, all shapes together.
fn measured(device: &Arc<Device>, pipelines: &Arc<Pipelines>) -> Operands {
    let mut scores: Vec<(u128, Operands)> = Operands::variants()
        .filter(|&variant| device.holds(variant))
        .map(|variant| (0, variant))
        .collect();
    for (file, cases) in SHAPES {
        let Ok(model) = aivm_tosa::load(file, &ModelLimits::default(), &PriceTable::default())
        else {
            continue;
        };
        let model = Arc::new(model);
        let mut times: Vec<Option<Duration>> = Vec::new();
        for &(_, variant) in &scores {
            let best = times.iter().flatten().min().copied();
            times.push(time(device, pipelines, (&model, cases), variant, best).ok());
        }
        let best = times.iter().flatten().min().map_or(1, Duration::as_nanos);
        for ((score, _), time) in scores.iter_mut().zip(times) {
            let of_best = |time: Duration| time.as_nanos() * 1000 / best.max(1);
            *score += time.map_or(SLOW, of_best).min(SLOW);
        }
    }
    // The first of equals: what needs least of the device.
    let fastest = scores.into_iter().min_by_key(|&(score, _)| score);
    fastest.map_or(Operands::Storage, |(_, variant)| variant)
}

/// The shortest run of some cases; only the first, if that is far from `best`.
fn time(
    device: &Arc<Device>,
    pipelines: &Arc<Pipelines>,
    (model, cases): (&Arc<Priced>, u32),
    operands: Operands,
    best: Option<Duration>,
) -> Result<Duration, ExecutorFault> {
    let options = PlanOptions {
        operands,
        ..PlanOptions::default()
    };
    let plan = GpuPlan::new(
        device,
        pipelines,
        &Arc::new(Flips::default()),
        model,
        options,
    )?;
    let input = vec![0x55; model.input_bytes() as usize * cases as usize];
    let mut shortest = Duration::MAX;
    // The first run is a warm-up, which counts for little where others follow.
    for _ in 0..=RUNS {
        let started = Instant::now();
        plan.run_cases(cases, &input)
            .map_err(|error| device.fault(error.to_string()))?;
        shortest = shortest.min(started.elapsed());
        if best.is_some_and(|best| shortest > best * 4) {
            break;
        }
    }
    Ok(shortest)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use aivm_tosa::Executor;

    use super::*;
    use crate::{GpuExecutor, GpuOptions};

    #[test]
    fn a_measured_variant_is_kept_and_damaged_and_foreign_files_are_replaced() {
        let folder = std::env::temp_dir().join(format!("aivm-tuning-test-{}", std::process::id()));
        for adapter in crate::adapters() {
            let open = |operands| {
                let options = GpuOptions {
                    cache: Some(folder.clone()),
                    plan: PlanOptions {
                        operands,
                        ..PlanOptions::default()
                    },
                    ..GpuOptions::default()
                };
                let executor = GpuExecutor::open_with(&adapter, options).expect("it opens");
                (executor.operands(), executor.metrics().tune_us)
            };
            let file = file_name(&adapter);
            let kept = || cache::read(&folder, &file).expect("it is there");
            let (first, took) = open(Operands::Measured);
            println!("{}: {} in {took} us", adapter.name, first.name());
            assert!(took > 0 && Operands::variants().any(|variant| variant == first));
            assert_eq!(kept(), first.name().as_bytes());
            let has = |variant: Operands| match variant {
                #[cfg(feature = "cooperative-matrix")]
                Operands::Cooperative => adapter.limits.cooperative.is_some(),
                _ => true,
            };
            // What the file says is taken, without a measurement.
            for variant in Operands::variants() {
                let given = if has(variant) {
                    variant
                } else {
                    Operands::Storage
                };
                assert!(cache::write(&folder, &file, variant.name().as_bytes()));
                assert_eq!(open(Operands::Measured), (given, 0));
                // Whoever names a variant gets it, whatever the file says.
                assert_eq!(open(Operands::Storage), (Operands::Storage, 0));
            }
            let foreign: [&[u8]; 3] = [b"measured", b"", b"\xff"];
            for content in foreign {
                assert!(cache::write(&folder, &file, content));
                let (variant, took) = open(Operands::Measured);
                assert!(took > 0, "{content:?} is no variant");
                assert_eq!(kept(), variant.name().as_bytes());
            }
            fs::write(folder.join(&file), b"block-64").expect("writable");
            let (variant, took) = open(Operands::Measured);
            assert!(took > 0, "damaged");
            assert_eq!(kept(), variant.name().as_bytes());
        }
        let _ = fs::remove_dir_all(&folder);
    }
}
