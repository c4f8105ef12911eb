//! `cargo xtask conformance`: TOSA's official conformance suite over every back end of this machine, recorded in
//! `docs/conformance.md`.
//!
//! The suite and its expected outputs come from the official tool and are made once, into a cache (`suite`). A
//! trimmed set of it lives in `tests/conformance` (`trim`) and runs with the ordinary tests.

mod page;
mod suite;
mod trim;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::workspace;

/// Where the trimmed set lives.
const TRIMMED: &str = "tests/conformance";

/// Of a thousand tests with outputs, how many a back end must prepare itself, without falling back.
const SHARE_MIN: u64 = 990;

/// SwiftShader, a Vulkan driver on the CPU that comes with Chromium's package; the loader does not look there by itself.
const SWIFTSHADER: &str = "/usr/lib/chromium/vk_swiftshader_icd.json";

/// A Vulkan driver.
#[derive(Clone, Copy)]
enum Driver {
    /// Those that the loader finds by itself.
    System,
    /// That of this manifest alone.
    Manifest(&'static str),
}

/// What one back end made of a folder of tests.
struct Outcome {
    /// What `aivm conformance --json` printed.
    report: Value,
    /// Whether every test ended as it should, tests of graphs that it cannot prepare apart.
    passed: bool,
}

impl Outcome {
    /// Of a thousand tests with outputs, how many ran on this back end.
    fn share(&self) -> u64 {
        let count = |what: &str| self.report["total"][what].as_u64().unwrap_or(0);
        let ran = count("passed") + count("failed");
        1000 * ran / (ran + count("unsupported")).max(1)
    }
}

/// Makes the suite where the cache has none, runs every back end over it and writes the page.
///
/// # Errors
/// If the suite cannot be made, a test fails, or the page cannot be written.
pub(crate) fn run() -> Result<(), String> {
    let root = workspace::root();
    let suite = suite::ensure()?;
    let outcomes = run_back_ends(&root, &suite)?;
    page::write(&root, &outcomes)?;
    verdict(&outcomes)
}

/// Runs every back end over the trimmed set. Needs no Python, and writes nothing.
///
/// # Errors
/// If a test fails.
pub(crate) fn fast() -> Result<(), String> {
    let root = workspace::root();
    verdict(&run_back_ends(&root, &root.join(TRIMMED))?)
}

/// Makes the suite where the cache has none, and the trimmed set from it.
///
/// # Errors
/// If either cannot be made.
pub(crate) fn trim() -> Result<(), String> {
    trim::write(&suite::ensure()?, &workspace::root().join(TRIMMED))
}

fn run_back_ends(root: &Path, suite: &Path) -> Result<Vec<Outcome>, String> {
    let run = |driver: Driver, arguments: &[&str]| -> Result<Outcome, String> {
        let begun = Instant::now();
        let mut command = aivm(root, driver);
        command.arg("conformance").arg(suite).arg("--json");
        let (passed, report) = json(command.args(arguments))?;
        let name = page::text(&report["backend"]);
        println!("conformance on {name}: {} s", begun.elapsed().as_secs());
        Ok(Outcome { report, passed })
    };
    let mut outcomes = Vec::new();
    for name in ["reference", "cpu"] {
        outcomes.push(run(Driver::System, &["--backend", name])?);
    }
    for driver in drivers()? {
        for name in adapters(root, driver)? {
            // What a GPU cannot prepare runs on the CPU.
            let adapter = [
                "--backend",
                "gpu",
                "--allow-unsupported",
                "--adapter",
                &name,
            ];
            outcomes.push(run(driver, &adapter)?);
        }
    }
    Ok(outcomes)
}

/// The Vulkan drivers of this machine. Where nothing may be skipped, SwiftShader has to be among them.
fn drivers() -> Result<Vec<Driver>, String> {
    if Path::new(SWIFTSHADER).exists() {
        return Ok(vec![Driver::System, Driver::Manifest(SWIFTSHADER)]);
    }
    let missing =
        format!("not on SwiftShader: there is no {SWIFTSHADER} (Debian's package chromium)");
    if std::env::var_os("AIVM_NO_SKIP").is_some() {
        return Err(missing);
    }
    println!("{missing}");
    Ok(vec![Driver::System])
}

/// The names of the GPU adapters behind a driver.
fn adapters(root: &Path, driver: Driver) -> Result<Vec<String>, String> {
    let (healthy, report) = json(aivm(root, driver).args(["doctor", "--json"]))?;
    if !healthy {
        return Err("an adapter gives wrong answers: see `aivm doctor`".to_owned());
    }
    let names = report["adapters"].as_array().into_iter().flatten();
    let names = names.filter_map(|adapter| adapter["name"].as_str());
    Ok(names.map(str::to_owned).collect())
}

/// A command that builds and runs the tool.
fn aivm(root: &Path, driver: Driver) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["run", "--release", "--quiet", "--package", "synergy-aivm"])
        .args(["--bin", "aivm", "--"])
        .current_dir(root);
    if let Driver::Manifest(manifest) = driver {
        command.env("VK_DRIVER_FILES", manifest);
    }
    command
}

/// Whether `command` succeeded, and the JSON that it printed.
fn json(command: &mut Command) -> Result<(bool, Value), String> {
    let output = command.stderr(Stdio::inherit()).output();
    let failed = |what: &dyn std::fmt::Display| format!("{command:?}: {what}");
    let output = output.map_err(|error| failed(&error))?;
    let value = serde_json::from_slice(&output.stdout).map_err(|error| failed(&error))?;
    Ok((output.status.success(), value))
}

/// Prints every finding, and fails if there is one.
fn verdict(outcomes: &[Outcome]) -> Result<(), String> {
    for outcome in outcomes {
        let report = &outcome.report;
        println!(
            "{}: {}, {} ‰ of the outputs computed there",
            page::text(&report["backend"]),
            report["total"],
            outcome.share()
        );
        for finding in report["failed"].as_array().into_iter().flatten() {
            println!(
                "failed: {}: {}",
                page::text(&finding["test"]),
                page::text(&finding["reason"])
            );
        }
    }
    let good = |outcome: &&Outcome| outcome.passed && outcome.share() >= SHARE_MIN;
    let failed = outcomes.iter().filter(|outcome| !good(outcome));
    let failed: Vec<&str> = failed
        .map(|outcome| page::text(&outcome.report["backend"]))
        .collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "conformance failed, or less than {SHARE_MIN} ‰ ran there, on {}",
            failed.join(", ")
        ))
    }
}
