//! The determinism bench: random models on every back end of this machine, byte for byte against the reference.
//!
//! The authority runs every case; so does every path, which is one way to run it here: the CPU executor with one of its
//! instruction sets, or an adapter. Of each family of graphs and each path there is a hash over all outputs in order, so
//! that two machines can compare what they computed by looking at two tables.

mod compare;
mod path;
mod report;

pub use path::{Flipped, Path, cpu_paths};
pub use report::{Cell, FamilyReport, Mismatch, Report, Skipped};

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use aivm_cases::plan::{Shape, shapes};

/// What runs.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Decides every model and every input.
    pub seed: u64,
    /// How many cases; each path runs all of them.
    pub cases: u64,
    /// Only the shape of this number, of those that `cases` cases have.
    pub only: Option<u64>,
    /// Shapes that are worked on at once. Changes times, never a hash.
    pub workers: usize,
}

/// Runs all cases on the reference and on every path. `progress` is told how many cases are done, from any thread.
#[must_use]
pub fn run(settings: &Settings, paths: &[Path], progress: &(dyn Fn(u64) + Sync)) -> Report {
    let mut shapes = shapes(settings.cases);
    if let Some(only) = settings.only {
        shapes.retain(|shape| shape.index == only);
    }
    let next = AtomicUsize::new(0);
    let results = Mutex::new((0, Vec::with_capacity(shapes.len())));
    let work = || {
        while let Some(shape) = shapes.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = compare::shape(settings.seed, shape, paths);
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.0 += u64::from(shape.cases);
            results.1.push(result);
            progress(results.0);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..settings.workers.max(1) {
            scope.spawn(work);
        }
    });
    let (_, mut results) = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|result| result.shape.index);
    Report::new(settings.seed, paths, &results)
}

/// What a shape gave.
struct ShapeResult {
    shape: Shape,
    /// Nothing if the generator has built a model that is not valid.
    ran: Result<Ran, String>,
}

/// A model that ran.
struct Ran {
    /// Hash of model and inputs.
    asked: [u8; 32],
    /// Hash of the reference's answer.
    answered: [u8; 32],
    reference_ns: u64,
    /// One entry a path.
    paths: Vec<PathResult>,
}

/// What a shape gave on a path.
struct PathResult {
    prepare_ns: u64,
    run_ns: u64,
    /// The answer's hash, or why there is none.
    answered: Result<[u8; 32], String>,
    /// Cases that differ from the reference.
    wrong: u32,
    mismatch: Option<Mismatch>,
}
