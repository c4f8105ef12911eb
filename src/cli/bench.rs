//! `aivm model bench`: how long a model takes on a back end, as a whole and layer by layer.

pub(crate) mod determinism;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use aivm_tosa::{Graph, NodeId, RunError, bytes};
use clap::Args;
use serde::Serialize;
use synergy_aivm::Priced;

use super::backend::{BackendArguments, Trace};
use super::failure::Failure;
use super::{files, hex, print_json, print_text, type_and_shape};

/// Arguments of `aivm model bench`.
#[derive(Args)]
pub(crate) struct BenchArguments {
    /// The model, a .tosa file.
    model: PathBuf,
    #[command(flatten)]
    backend: BackendArguments,
    /// Threads of `--backend cpu`. [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Cases in one run.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: u32,
    /// Runs that are measured. [default: what two seconds hold, 5 to 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    runs: Option<u32>,
}

/// Runs before those that are measured.
const WARM_UP: u32 = 3;
/// What the measured runs take together, unless their number is given.
const TIME: Duration = Duration::from_secs(2);
/// Measured runs, unless their number is given.
const RUNS: std::ops::RangeInclusive<usize> = 5..=1000;

/// What `--json` prints. Times are in nanoseconds.
#[derive(Serialize)]
struct Report {
    model: String,
    backend: String,
    batch: u32,
    prepare_ns: u64,
    /// Of one run, all its cases together.
    latency: Times,
    /// Multiply-accumulates of one case.
    macs: u64,
    macs_per_second: u64,
    /// Of one case; empty where the back end does not tell its steps apart.
    layers: Vec<Layer>,
}

/// Order statistics of measured times.
#[derive(Clone, Copy, Serialize)]
struct Times {
    runs: usize,
    min_ns: u64,
    median_ns: u64,
    p95_ns: u64,
    max_ns: u64,
    /// From the fastest run to the 95th percentile, in percent of the median.
    spread_percent: u64,
}

/// What a back end does in one step.
#[derive(Serialize)]
struct Layer {
    nodes: Vec<u32>,
    operators: Vec<&'static str>,
    /// Type and shape of what the last of the nodes writes.
    output: String,
    macs: u64,
    median_ns: u64,
    /// Thousandths of all layers' time.
    share_permille: u64,
    macs_per_second: u64,
}

pub(crate) fn bench(arguments: &BenchArguments, json: bool) -> Result<(), Failure> {
    let model = files::read_model(&arguments.model)?;
    let threads = arguments.threads.map(usize::from);
    let executor = arguments.backend.open(threads)?;
    let case = any_input(model.graph());
    let input = case.repeat(arguments.batch as usize);

    let started = Instant::now();
    let plan = executor
        .prepare(&model)
        .map_err(|fault| Failure::Machine(fault.to_string()))?;
    let prepared = started.elapsed();
    let runs = arguments.runs.map(|runs| runs as usize);
    let times = measure(runs, || plan.run_cases(arguments.batch, &input).map(drop))?;
    let latency = Times::of(times);
    let macs = model.macs();
    let report = Report {
        model: hex(&model.hash()),
        backend: executor.name().to_owned(),
        batch: arguments.batch,
        prepare_ns: nanoseconds(prepared),
        latency,
        macs,
        macs_per_second: per_second(
            macs.saturating_mul(arguments.batch.into()),
            latency.median_ns,
        ),
        layers: match arguments.backend.trace(threads, &model)? {
            Some(trace) => layers(&model, &trace, runs, &case)?,
            None => Vec::new(),
        },
    };
    if json {
        print_json(&report)
    } else {
        print_text(&report.text())
    }
}

/// Times of single runs, after some that do not count.
fn measure(
    runs: Option<usize>,
    mut run: impl FnMut() -> Result<(), RunError>,
) -> Result<Vec<Duration>, Failure> {
    let mut once = || {
        let started = Instant::now();
        run().map_err(failure)?;
        Ok(started.elapsed())
    };
    let begun = Instant::now();
    for _ in 0..WARM_UP {
        once()?;
        if begun.elapsed() > TIME {
            break;
        }
    }
    let begun = Instant::now();
    let mut times = Vec::new();
    let enough = |count: usize| match runs {
        Some(runs) => count >= runs,
        None => count >= *RUNS.end() || (count >= *RUNS.start() && begun.elapsed() > TIME),
    };
    while !enough(times.len()) {
        times.push(once()?);
    }
    Ok(times)
}

fn failure(error: RunError) -> Failure {
    match error {
        // The input is of the bench's own making: what is left is a loop that does not end in time.
        RunError::Status(status) => Failure::Refused(status.to_string()),
        RunError::Fault(fault) => Failure::Machine(fault.to_string()),
    }
}

/// The median time of each step over some runs of one case.
fn layers(
    model: &Priced,
    trace: &Trace,
    runs: Option<usize>,
    case: &[u8],
) -> Result<Vec<Layer>, Failure> {
    let mut steps: Vec<(Vec<NodeId>, Vec<Duration>)> = Vec::new();
    measure(runs, || {
        let mut index = 0;
        let mut last = Instant::now();
        trace(case, &mut |nodes: &[NodeId]| {
            let time = last.elapsed();
            if index == steps.len() {
                steps.push((nodes.to_vec(), Vec::new()));
            }
            steps[index].1.push(time);
            index += 1;
            // What was done here is no part of the next step.
            last = Instant::now();
        })
    })?;
    let steps = steps.into_iter().map(|(nodes, mut times)| {
        // The first runs warm caches up.
        times.drain(..(WARM_UP as usize).min(times.len() - 1));
        (nodes, Times::of(times).median_ns)
    });
    let steps: Vec<(Vec<NodeId>, u64)> = steps.collect();
    let sum: u64 = steps.iter().map(|(_, time)| time).sum();
    let layers = steps.into_iter().map(|(nodes, median_ns)| {
        let graph = model.graph();
        let macs = nodes.iter().map(|&node| model.cost(node).0.macs).sum();
        let written = nodes
            .last()
            .map(|last| &graph.nodes()[last.0 as usize].outputs);
        let output = written.and_then(|outputs| outputs.first());
        Layer {
            operators: nodes
                .iter()
                .map(|node| graph.nodes()[node.0 as usize].operator.name())
                .collect(),
            nodes: nodes.iter().map(|node| node.0).collect(),
            output: output.map_or(String::new(), |&id| type_and_shape(graph.tensor(id))),
            macs,
            median_ns,
            share_permille: (median_ns * 1000).checked_div(sum).unwrap_or(0),
            macs_per_second: per_second(macs, median_ns),
        }
    });
    Ok(layers.collect())
}

/// Values for every input of one case, the same each time, spread over each type.
fn any_input(graph: &Graph) -> Vec<u8> {
    let mut input = Vec::new();
    let mut state = 1_u64;
    for &id in graph.inputs() {
        let tensor = graph.tensor(id);
        let (min, max) = (tensor.data_type.min(), tensor.data_type.max());
        let values = (0..tensor.shape.elements()).map(|_| {
            // Knuth's MMIX generator; its low bits have short periods.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            min + ((state >> 16) % (max - min + 1).cast_unsigned()).cast_signed()
        });
        bytes::encode(tensor.data_type, &values.collect::<Vec<_>>(), &mut input);
    }
    input
}

impl Times {
    /// Of at least one time.
    fn of(mut times: Vec<Duration>) -> Times {
        times.sort();
        // The smallest time that `percent` of all do not exceed.
        let percentile = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100).max(1);
            nanoseconds(times[rank - 1])
        };
        let (min_ns, median_ns, p95_ns) = (nanoseconds(times[0]), percentile(50), percentile(95));
        Times {
            runs: times.len(),
            min_ns,
            median_ns,
            p95_ns,
            max_ns: percentile(100),
            spread_percent: ((p95_ns - min_ns) * 100)
                .checked_div(median_ns)
                .unwrap_or(0),
        }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn per_second(amount: u64, time_ns: u64) -> u64 {
    let rate = (u128::from(amount) * 1_000_000_000).checked_div(time_ns.into());
    u64::try_from(rate.unwrap_or(0)).unwrap_or(u64::MAX)
}

/// A time in microseconds, with three places.
fn microseconds(time_ns: u64) -> String {
    format!("{}.{:03}", time_ns / 1000, time_ns % 1000)
}

impl Report {
    fn text(&self) -> String {
        let times = &self.latency;
        let mut lines = vec![
            format!(
                "{} on {}, batch {}, prepared in {} µs",
                self.model,
                self.backend,
                self.batch,
                microseconds(self.prepare_ns)
            ),
            format!(
                "latency of {} runs in µs: median {}, min {}, p95 {}, max {}; spread {} % of the median",
                times.runs,
                microseconds(times.median_ns),
                microseconds(times.min_ns),
                microseconds(times.p95_ns),
                microseconds(times.max_ns),
                times.spread_percent
            ),
            format!(
                "{} MACs a case, {} million MACs a second",
                self.macs,
                self.macs_per_second / 1_000_000
            ),
        ];
        if self.layers.is_empty() {
            lines.push("this back end does not tell the times of its steps".to_owned());
            return lines.join("\n");
        }
        lines.push(String::new());
        lines.push(format!(
            "{:>12}{:>8}{:>14}{:>12}  layer",
            "median µs", "share", "MACs", "MMAC/s"
        ));
        lines.extend(self.layers.iter().map(|layer| {
            let nodes: Vec<String> = layer.nodes.iter().map(u32::to_string).collect();
            format!(
                "{:>12}{:>6}.{}{:>14}{:>12}  {} → {} (node {})",
                microseconds(layer.median_ns),
                layer.share_permille / 10,
                layer.share_permille % 10,
                layer.macs,
                layer.macs_per_second / 1_000_000,
                layer.operators.join(" + "),
                layer.output,
                nodes.join(", ")
            )
        }));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_those_of_the_sorted_times() {
        let times = Times::of((1..=100).rev().map(Duration::from_nanos).collect());
        assert_eq!((times.min_ns, times.median_ns), (1, 50));
        assert_eq!((times.p95_ns, times.max_ns), (95, 100));
        assert_eq!(times.spread_percent, 188);
        let one = Times::of(vec![Duration::from_nanos(7)]);
        assert_eq!((one.min_ns, one.median_ns, one.p95_ns), (7, 7, 7));
        assert_eq!(per_second(3, 1_000), 3_000_000);
        assert_eq!(per_second(3, 0), 0);
        assert_eq!(microseconds(1_234_056), "1234.056");
    }
}
