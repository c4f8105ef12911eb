//! `aivm wast`: runs WebAssembly's test scripts and counts what passed, failed, and is excluded with its reason.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use aivm_wast::Report;
use clap::Args;
use serde::Serialize;
use synergy_aivm::Mode;

use super::failure::Failure;
use super::names::short_lines;
use super::{files, print_json, print_text};

/// Longest script that is read; the specification's longest has half a MiB.
const SCRIPT_BYTES: u64 = 64 << 20;

/// Arguments of `aivm wast`.
#[derive(Args)]
pub(crate) struct WastArguments {
    /// Scripts.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Which engine runs: interpret, jit, or compare for both, checked against each other.
    #[arg(long, default_value_t = Mode::Compare)]
    mode: Mode,
}

/// A script's counts, or those of all, as `--json` prints them.
#[derive(Serialize)]
struct Counts {
    script: String,
    passed: BTreeMap<&'static str, u64>,
    excluded: Vec<ExcludedReport>,
    failed: Vec<FailedReport>,
}

#[derive(Serialize)]
struct ExcludedReport {
    reason: &'static str,
    directive: &'static str,
    count: u64,
}

#[derive(Serialize)]
struct FailedReport {
    line: usize,
    directive: &'static str,
    what: String,
}

/// Fails if a directive fails.
pub(crate) fn wast(arguments: &WastArguments, json: bool) -> Result<(), Failure> {
    let mode = match arguments.mode {
        Mode::Interpret => aivm_wast::Mode::Interpret,
        Mode::Jit => aivm_wast::Mode::Jit,
        Mode::Compare => aivm_wast::Mode::Compare,
    };
    let mut scripts = Vec::new();
    for path in &arguments.files {
        let text = files::read_text(path, SCRIPT_BYTES, "a script")?;
        let name = path.display().to_string();
        let report = aivm_wast::run(&name, &text, mode);
        let report = report.map_err(|error| Failure::Refused(short_lines(&error)))?;
        scripts.push((name, report));
    }
    let mut all = Report::default();
    for (_, report) in &scripts {
        all.add(report.clone());
    }
    if json {
        let scripts: Vec<Counts> = scripts.iter().map(|(name, of)| counts(name, of)).collect();
        print_json(&scripts)?;
    } else {
        print_text(&text(&scripts, &all))?;
    }
    match all.failed.len() {
        0 => Ok(()),
        failed => Err(Failure::Tests(format!("{failed} directives failed"))),
    }
}

fn counts(name: &str, report: &Report) -> Counts {
    let passed = report.passed.iter();
    let excluded = report.excluded.iter();
    let failed = report.failed.iter();
    Counts {
        script: name.to_owned(),
        passed: passed.map(|(kind, count)| (kind.name(), *count)).collect(),
        excluded: excluded
            .map(|((why, kind), count)| ExcludedReport {
                reason: why.reason(),
                directive: kind.name(),
                count: *count,
            })
            .collect(),
        failed: failed
            .map(|failed| FailedReport {
                line: failed.line,
                directive: failed.kind.name(),
                what: failed.what.clone(),
            })
            .collect(),
    }
}

fn text(scripts: &[(String, Report)], all: &Report) -> String {
    let mut text = String::new();
    for failed in &all.failed {
        let (script, line, directive) = (&failed.script, failed.line, failed.kind.name());
        let _ = writeln!(text, "{script}:{line}: {directive}: {}", failed.what);
    }
    for (name, report) in scripts {
        let (passed, failed, excluded) = (report.passed(), report.failed.len(), report.excluded());
        let _ = writeln!(
            text,
            "{name}: {passed} passed, {failed} failed, {excluded} excluded"
        );
    }
    for ((why, kind), count) in &all.excluded {
        let _ = writeln!(text, "excluded: {count} {}: {}", kind.name(), why.reason());
    }
    let (passed, failed, excluded) = (all.passed(), all.failed.len(), all.excluded());
    let _ = write!(
        text,
        "{passed} passed, {failed} failed, {excluded} excluded"
    );
    text
}
