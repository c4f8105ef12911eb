//! `aivm conformance`: runs the tests that TOSA's official generator writes, and counts what passes.

mod description;
mod error_if;
mod report;
mod verdict;

use std::fs;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;
use synergy_aivm::Executor;

use super::backend::BackendArguments;
use super::failure::Failure;
use super::{print_json, print_text};
use description::Description;
use report::Report;
use verdict::Verdict;

/// Arguments of `aivm conformance`.
#[derive(Args)]
pub(crate) struct ConformanceArguments {
    /// A folder; every folder in it that holds a desc.json is a test.
    folder: PathBuf,
    #[command(flatten)]
    backend: BackendArguments,
    /// Only tests of this operator, for example CONV2D, in any case.
    #[arg(long, value_name = "NAME")]
    op: Option<String>,
    /// A graph that the back end cannot prepare does not fail the run; it is counted all the same.
    #[arg(long)]
    allow_unsupported: bool,
    /// How many tests run at a time. [default: one for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// A test that ran.
struct Tested {
    /// Its folder, under the one that was asked for.
    name: String,
    operator: String,
    verdict: Verdict,
}

/// Fails if a test fails, an expected output is missing, or there is no test.
pub(crate) fn conformance(arguments: &ConformanceArguments, json: bool) -> Result<(), Failure> {
    let folders = test_folders(&arguments.folder)?;
    let executor = arguments.backend.open(None)?;
    let wanted = arguments.op.as_deref();
    let jobs = arguments.jobs.or(std::thread::available_parallelism().ok());
    let jobs = jobs.map_or(1, NonZeroUsize::get);
    let tested = run_all(jobs, &folders, |folder| {
        let description = Description::read(folder);
        let operator = description
            .as_ref()
            .map_or("(unreadable)", |description| &description.operator);
        // A test whose description cannot be read may be one of those asked for.
        if let (Some(wanted), Ok(_)) = (wanted, &description)
            && !wanted.eq_ignore_ascii_case(operator)
        {
            return None;
        }
        let name = folder.strip_prefix(&arguments.folder).unwrap_or(folder);
        Some(Tested {
            name: name.display().to_string(),
            operator: operator.to_owned(),
            verdict: match &description {
                Ok(description) => contained(folder, description, executor.as_ref()),
                Err(failure) => Verdict::Failed(failure.to_string()),
            },
        })
    });
    let report = Report::new(executor.name(), &tested);
    if json {
        print_json(&report)?;
    } else {
        print_text(&report.text())?;
    }
    report.outcome(arguments.allow_unsupported)
}

/// The verdict, also where the machine panics: the other tests go on.
fn contained(folder: &Path, description: &Description, executor: &dyn Executor) -> Verdict {
    let judge = AssertUnwindSafe(|| verdict::judge(folder, description, executor));
    catch_unwind(judge).unwrap_or_else(|_| Verdict::Failed("a panic, see above".to_owned()))
}

/// The folders under `root`, itself included, that hold a desc.json, sorted. Links are not followed.
fn test_folders(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        let refuse = |error: std::io::Error| Failure::refused(&folder, error);
        for entry in fs::read_dir(&folder).map_err(refuse)? {
            let entry = entry.map_err(refuse)?;
            let kind = entry.file_type().map_err(refuse)?;
            if kind.is_dir() {
                waiting.push(entry.path());
            } else if entry.file_name() == description::FILE {
                found.push(folder.clone());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Calls `run` for each folder on `jobs` threads and returns what it gave, in the order of `folders`.
fn run_all<T: Send>(
    jobs: usize,
    folders: &[PathBuf],
    run: impl Fn(&Path) -> Option<T> + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut results = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(folder) = folders.get(index) else {
                return results;
            };
            results.extend(run(folder).map(|result| (index, result)));
        }
    };
    let mut results: Vec<(usize, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.min(folders.len()))
            .map(|_| scope.spawn(worker))
            .collect();
        let joined = workers.into_iter().map(|worker| {
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        joined.flatten().collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
