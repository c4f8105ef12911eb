//! Random cases of every family on every back end of this machine, and the bench itself against planted bugs.
//!
//! `AIVM_DETERMINISM_CASES` and `AIVM_DETERMINISM_SEED` run others; `cargo xtask campaign` sets the first to a million.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use aivm_coprocessor::determinism::{Flipped, Path, Report, Settings, cpu_paths, run};
use aivm_gpu::GpuExecutor;
use aivm_tosa::{Executor, ExecutorFault, FaultKind, Plan, Priced};

/// Enough for some shapes of each family, few enough for seconds.
const CASES: u64 = 6_000;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

fn settings(cases: u64) -> Settings {
    Settings {
        seed: number("AIVM_DETERMINISM_SEED").unwrap_or(1),
        cases,
        only: None,
        workers: std::thread::available_parallelism().map_or(1, usize::from),
    }
}

/// The CPU executor alone, for tests of the bench.
fn cpu() -> Path {
    cpu_paths().expect("the CPU executor starts").remove(0)
}

fn hashes(report: &Report) -> Vec<[u8; 32]> {
    let cells = |family: &aivm_coprocessor::determinism::FamilyReport| {
        let paths = family.cells.iter().map(|cell| cell.hash);
        std::iter::once(family.hash)
            .chain(paths)
            .collect::<Vec<_>>()
    };
    report.families.iter().flat_map(cells).collect()
}

#[test]
fn every_back_end_gives_the_bytes_of_the_reference() {
    let cases = number("AIVM_DETERMINISM_CASES").unwrap_or(CASES);
    let mut paths = cpu_paths().expect("the CPU executor starts");
    let cpu_only = paths.len();
    for adapter in aivm_gpu::adapters() {
        let executor = GpuExecutor::open(&adapter).expect("the adapter opens");
        println!(
            "{}: {} {}",
            adapter.name, adapter.driver, adapter.driver_info
        );
        paths.push(Path::new(Arc::new(executor)));
    }
    let adapters = paths.len() - cpu_only;
    assert!(
        adapters > 0 || std::env::var_os("AIVM_NO_SKIP").is_none(),
        "no adapter that wgpu sees"
    );
    let tenth = (cases / 10).max(1);
    let started = Instant::now();
    let told = AtomicU64::new(0);
    let report = run(&settings(cases), &paths, &|done| {
        if cases > CASES && told.fetch_max(done / tenth, Ordering::Relaxed) < done / tenth {
            println!("{done} cases after {} s", started.elapsed().as_secs());
        }
    });
    for mismatch in &report.mismatches {
        println!("{mismatch:?}");
    }
    println!("{:?} {:?}", report.skipped, report.invalid);
    for family in &report.families {
        let seconds = |ns: u64| format!("{}.{:03}", ns / 1_000_000_000, ns / 1_000_000 % 1000);
        let cells = family.cells.iter();
        let cells =
            cells.map(|cell| format!("{}+{}", seconds(cell.prepare_ns), seconds(cell.run_ns)));
        println!(
            "{:18} {:6} shapes {:8} cases {:02x?} reference {} s; prepared + ran in s: {}",
            family.name,
            family.shapes,
            family.cases,
            &family.hash[..8],
            seconds(family.reference_ns),
            cells.collect::<Vec<_>>().join(" ")
        );
    }
    for path in &paths[cpu_only..] {
        println!("{}: {:?}", path.name, path.executor.metrics());
    }
    println!(
        "campaign: cases={} shapes={} families={} adapters={adapters} cpu_paths={cpu_only} mismatches={}",
        report.cases,
        report.shapes,
        report.families.len(),
        report.wrong()
    );
    assert_eq!(report.cases, cases);
    assert!(report.all_agree());
}

#[test]
fn hashes_depend_on_seed_and_cases_alone() {
    let one = Settings {
        workers: 1,
        ..settings(2_000)
    };
    let three = Settings { workers: 3, ..one };
    let other = Settings {
        seed: !one.seed,
        ..one
    };
    let [a, b, c] = [one, three, other].map(|settings| run(&settings, &[cpu()], &|_| ()));
    assert_eq!(hashes(&a), hashes(&b));
    assert_eq!(a.asked, b.asked);
    assert_ne!(a.asked, c.asked);
    let equal = hashes(&a)
        .into_iter()
        .zip(hashes(&c))
        .filter(|(a, c)| a == c);
    assert_eq!(equal.count(), 0);
}

#[test]
fn a_planted_bug_is_found_named_and_reproduced() {
    let flipped = Path {
        name: "flipped".to_owned(),
        executor: Arc::new(Flipped(cpu().executor)),
    };
    let paths = [cpu(), flipped];
    let report = run(&settings(20_000), &paths, &|_| ());
    assert!(!report.all_agree());
    assert!(report.wrong() >= 3, "{}", report.wrong());
    for family in &report.families {
        assert_eq!(family.cells[0].hash, family.hash);
        let [right, flipped] = &family.cells[..] else {
            panic!("two paths")
        };
        assert_eq!(right.wrong, 0);
        assert_eq!(flipped.hash != family.hash, flipped.wrong > 0);
    }
    // What the report names is enough to see it again.
    let first = &report.mismatches[0];
    assert_eq!((&*first.path, first.wrong), ("flipped", 1));
    assert!(first.detail.contains("instead of"), "{}", first.detail);
    let alone = Settings {
        seed: first.seed,
        only: Some(first.shape),
        ..settings(20_000)
    };
    let again = run(&alone, &paths, &|_| ());
    assert_eq!(again.shapes, 1);
    assert_eq!(again.mismatches[0].detail, first.detail);
}

/// An executor that runs no model.
struct Refusing;

impl Executor for Refusing {
    fn name(&self) -> &str {
        "refusing"
    }

    fn prepare(&self, _model: &Arc<Priced>) -> Result<Arc<dyn Plan>, ExecutorFault> {
        let kind = FaultKind::Unsupported;
        Err(ExecutorFault::new("refusing", kind, "not today"))
    }
}

#[test]
fn a_path_that_did_not_run_does_not_agree() {
    let report = run(&settings(500), &[Path::new(Arc::new(Refusing))], &|_| ());
    assert_eq!((report.wrong(), report.all_agree()), (0, false));
    assert_eq!(report.skipped.len(), 1);
    assert_eq!(report.skipped[0].reason, "not today");
    assert_eq!(report.skipped[0].shapes, report.shapes);
    assert!(
        report
            .families
            .iter()
            .all(|family| family.cells[0].cases == 0)
    );
}
