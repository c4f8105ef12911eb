//! `cargo xtask`: the repository's own tasks. `check` reads the sources and fails when a rule of the
//! house is broken; `campaign NAME` runs a test far longer than CI does and records what it found; `conformance` runs
//! TOSA's official suite; `web` runs the web page in Chromium.

#![forbid(unsafe_code)]

mod campaign;
mod check;
mod code;
mod conformance;
mod layers;
mod web;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask check
       cargo xtask campaign NAME    (no NAME: lists them)
       cargo xtask conformance [--fast | --trim]
           runs TOSA's official suite on every back end and writes docs/conformance.md;
           --fast: only the trimmed set in tests/conformance; --trim: makes that set from the suite
       cargo xtask web [--write]
           runs web/ in headless Chromium and compares every byte; --write: makes its cases from the sources";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["check"] => check::run(),
        ["campaign"] => {
            campaign::list();
            Ok(())
        }
        ["campaign", name] => campaign::run(name),
        ["conformance"] => conformance::run(),
        ["conformance", "--fast"] => conformance::fast(),
        ["conformance", "--trim"] => conformance::trim(),
        ["web"] => web::run(),
        ["web", "--write"] => web::write(),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
