//! `cargo xtask`: the repository's own tasks. `check` reads the sources and fails when a rule of the
//! house is broken; `campaign NAME` runs a test far longer than CI does and records what it found.

#![forbid(unsafe_code)]

mod campaign;
mod check;
mod code;
mod layers;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask check
       cargo xtask campaign NAME    (no NAME: lists them)";

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
