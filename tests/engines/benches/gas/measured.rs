//! Times that were measured on other machines: a file for each in `measured/`, a line for each engine and case, the
//! nanoseconds of a unit, the engine and the case divided by tabs.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::cases::Case;
use crate::fit::Times;

/// What a file holds.
pub(crate) fn text(cases: &[Case], times: &[Times]) -> String {
    let mut text = String::new();
    for engine in times {
        for (case, nanoseconds) in cases.iter().zip(&engine.nanoseconds) {
            if let Some(nanoseconds) = nanoseconds {
                let _ = writeln!(text, "{nanoseconds:.3}\t{}\t{}", engine.whose, case.name);
            }
        }
    }
    text
}

/// The times of all files, by name.
pub(crate) fn others(cases: &[Case]) -> Vec<Times> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/gas/measured");
    let entries = fs::read_dir(folder).expect("the folder is part of the bench");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry of the folder").path())
        .collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a file of the bench");
        let mut engines: BTreeMap<&str, BTreeMap<&str, f64>> = BTreeMap::new();
        for line in text.lines() {
            let mut parts = line.splitn(3, '\t');
            let mut part = || parts.next().expect("three parts");
            let nanoseconds = part().parse().expect("a number");
            let engine = engines.entry(part()).or_default();
            engine.insert(part(), nanoseconds);
        }
        let machine = path.file_stem().unwrap_or_default().to_string_lossy();
        all.extend(engines.into_iter().map(|(engine, of_cases)| {
            Times {
                whose: format!("{machine}, {engine}"),
                nanoseconds: cases
                    .iter()
                    .map(|case| of_cases.get(&case.name[..]).copied())
                    .collect(),
            }
        }));
    }
    all
}
