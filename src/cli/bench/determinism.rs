//! `aivm bench determinism`: random cases on every back end of this machine, as a table that two machines can compare.

mod html;
mod view;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aivm_coprocessor::determinism::{Flipped, Path, Settings, cpu_paths, run};
use aivm_gpu::GpuExecutor;
use clap::Args;

use super::super::failure::Failure;
use super::super::{files, print_json, print_text, tell};
use view::{Adapter, View};

/// Arguments of `aivm bench determinism`.
#[derive(Args)]
pub(crate) struct DeterminismArguments {
    /// Decides every model and every input.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Random cases; each back end runs all of them.
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    cases: u64,
    /// Runs only the shape of this number, of those that the seed and the number of cases give: what a mismatch names.
    #[arg(long, value_name = "N")]
    shape: Option<u64>,
    /// Shapes that are worked on at once. [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// Also writes a page with the tables and plots, which needs nothing beside it.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Plants a bug in the first path: what the report looks like then, and that it fails.
    #[arg(long, hide = true)]
    plant_bug: bool,
}

pub(crate) fn determinism(arguments: &DeterminismArguments, json: bool) -> Result<(), Failure> {
    // Hours of work would end at a page that has no place.
    files::expect_outputs([].into_iter(), arguments.html.iter())?;
    let mut paths = cpu_paths().map_err(|fault| Failure::Machine(fault.to_string()))?;
    if arguments.plant_bug {
        paths[0] = Path {
            name: format!("{}, one bit flipped", paths[0].name),
            executor: Arc::new(Flipped(Arc::clone(&paths[0].executor))),
        };
    }
    let mut adapters = Vec::new();
    for info in aivm_gpu::adapters() {
        let mut adapter = Adapter::new(&info);
        match GpuExecutor::open(&info) {
            Ok(executor) => paths.push(Path::new(Arc::new(executor))),
            Err(fault) => adapter.error = Some(fault.to_string()),
        }
        adapters.push(adapter);
    }
    if adapters.is_empty() {
        tell(format_args!("no GPU adapter: only the CPU's paths run"));
    }

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let settings = Settings {
        seed: arguments.seed,
        cases: arguments.cases,
        only: arguments.shape,
        workers: arguments.workers.map_or(cores, usize::from),
    };
    let told = AtomicU64::new(0);
    let report = run(&settings, &paths, &|done| {
        let tenth = done * 10 / arguments.cases;
        if told.fetch_max(tenth, Ordering::Relaxed) < tenth {
            tell(format_args!("{done} of {} cases", arguments.cases));
        }
    });
    if report.shapes == 0 && report.invalid.is_empty() {
        let what = "no shape has this number among those of so few cases";
        return Err(Failure::Usage(what.to_owned()));
    }
    let view = View::new(&report, arguments.cases, adapters);
    if let Some(file) = &arguments.html {
        files::write(file, html::page(&view).as_bytes())?;
    }
    if json {
        print_json(&view)?;
    } else {
        print_text(&view.text())?;
    }
    view.outcome()
}
