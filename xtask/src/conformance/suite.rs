//! The official suite with its expected outputs, made by the official tool into a cache.
//!
//! The cache is the folder that `AIVM_CONFORMANCE_CACHE` names, or else `~/.cache/synergy-aivm/conformance`:
//! `venv` holds the tool, `suite` the tests, `log` what the steps printed, and `done` one stamp for each finished
//! step with the version and options it was made with. A step without its stamp, or with another, is redone, and so
//! are the steps after it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

/// The package that holds generator and reference model.
pub(super) const TOOL: &str = "tosa-tools==2026.8.0";

/// What the suite covers, as the generator takes it.
pub(super) const OPTIONS: &[&str] = &[
    "--profile",
    "tosa-pro-int",
    "--extension",
    "tosa-ext-int16",
    "tosa-ext-int4",
    "tosa-ext-doubleround",
    "tosa-ext-variable",
    "tosa-ext-controlflow",
    "tosa-ext-dynamic",
    "--tosa-version",
    "1.0.2",
    "--output-type",
    "binary",
    "--test-type",
    "both",
];

/// How the reference model's runner names an output, before `.npy`.
const RUN_SUFFIX: &str = ".runner.tosa_refmodel_sut_run.npy";
/// How it names the outputs of its second run, in the mode for compliance of floats.
const TWIN_SUFFIX: &str = ".runner.tosa_refmodel_compliance_sut_run.npy";

/// Makes what the cache lacks and returns the folder of the suite.
pub(super) fn ensure() -> Result<PathBuf, String> {
    let cache = Cache {
        root: cache_root()?,
    };
    for folder in ["log", "done"] {
        create(&cache.root.join(folder))?;
    }
    let mut stale = false;
    for (name, make) in STEPS {
        let stamp = cache.root.join("done").join(name);
        stale |= fs::read_to_string(&stamp).ok().as_deref() != Some(identity().as_str());
        if stale {
            remove(&stamp)?;
            println!("conformance suite: {name}, under {}", cache.root.display());
            let begun = Instant::now();
            make(&cache)?;
            println!("conformance suite: {name}: {} s", begun.elapsed().as_secs());
            write(&stamp, &identity())?;
        }
    }
    Ok(cache.suite())
}

/// A step that makes a part of the cache.
type Step = fn(&Cache) -> Result<(), String>;

/// The steps in order.
const STEPS: &[(&str, Step)] = &[
    ("tool", Cache::install),
    ("tests", Cache::generate),
    ("reference", Cache::run_reference),
    ("expected", Cache::name_outputs),
];

/// What stands in every stamp: how the suite was made.
fn identity() -> String {
    format!("{TOOL} {}\n", OPTIONS.join(" "))
}

fn cache_root() -> Result<PathBuf, String> {
    if let Some(folder) = std::env::var_os("AIVM_CONFORMANCE_CACHE") {
        return Ok(folder.into());
    }
    let home = std::env::var_os("HOME").ok_or("neither AIVM_CONFORMANCE_CACHE nor HOME is set")?;
    Ok(Path::new(&home).join(".cache/synergy-aivm/conformance"))
}

struct Cache {
    root: PathBuf,
}

impl Cache {
    fn suite(&self) -> PathBuf {
        self.root.join("suite")
    }

    fn install(&self) -> Result<(), String> {
        let venv = self.root.join("venv");
        remove_folder(&venv)?;
        let mut python = Command::new("python3");
        self.run("tool", python.args(["-m", "venv"]).arg(&venv))
            .map_err(|error| format!("{error} (Debian: apt-get install python3-venv)"))?;
        let mut pip = Command::new(venv.join("bin/pip"));
        self.run("tool", pip.args(["install", "--quiet", TOOL]))
    }

    fn generate(&self) -> Result<(), String> {
        remove_folder(&self.suite())?;
        let mut generator = self.tool("tosa_verif_conformance_generator");
        generator
            .args(OPTIONS)
            .args(["--output-directory", "suite", "-j", &jobs()]);
        self.run("tests", &mut generator)
    }

    /// Runs the reference model over the suite; it leaves its outputs beside the descriptions.
    fn run_reference(&self) -> Result<(), String> {
        let mut runner = self.tool("tosa_verif_run_ref");
        runner.args(["-r", "-t", "suite/operators", "-j", &jobs()]);
        self.run("reference", &mut runner)
    }

    /// Gives the reference model's outputs the names that the descriptions expect, and removes their twins.
    fn name_outputs(&self) -> Result<(), String> {
        let tests = tests(&self.suite())?;
        for test in &tests {
            let expects_outputs = test.description["expected_failure"] == false;
            for file in strings(&test.description["ofm_file"]) {
                let output = test.folder.join(file);
                let stem = file.strip_suffix(".npy").unwrap_or(file);
                let twin = test.folder.join(format!("{stem}{TWIN_SUFFIX}"));
                let run = test.folder.join(format!("{stem}{RUN_SUFFIX}"));
                if run.exists() {
                    let renamed = fs::rename(&run, &output);
                    renamed.map_err(|error| format!("{}: {error}", run.display()))?;
                }
                remove(&twin)?;
                if expects_outputs && !output.exists() {
                    return Err(format!(
                        "{}: the reference model left none",
                        output.display()
                    ));
                }
            }
        }
        if tests.is_empty() {
            return Err(format!("no test under {}", self.suite().display()));
        }
        Ok(())
    }

    /// A program of the tool. It finds its parts by the path, and leaves files where it runs.
    fn tool(&self, name: &str) -> Command {
        let programs = self.root.join("venv/bin");
        let mut command = Command::new(programs.join(name));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(programs).chain(std::env::split_paths(&path));
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PATH", path);
        }
        command
    }

    /// Runs `command` in the cache; what it prints goes to the log of this name.
    fn run(&self, log: &str, command: &mut Command) -> Result<(), String> {
        let log = self.root.join("log").join(log);
        let file = fs::File::create(&log).and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) = file.map_err(|error| format!("{}: {error}", log.display()))?;
        let status = command
            .current_dir(&self.root)
            .stdout(out)
            .stderr(err)
            .status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{command:?}: {status}; see {}", log.display())),
            Err(error) => Err(format!("{command:?}: {error}")),
        }
    }
}

/// A test of the suite.
pub(super) struct Test {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// Its desc.json.
    pub(super) description: Value,
}

/// The tests under `root`, sorted by folder.
pub(super) fn tests(root: &Path) -> Result<Vec<Test>, String> {
    let mut tests = Vec::new();
    let mut waiting = vec![root.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_dir() {
                waiting.push(entry.path());
            } else if entry.file_name() == "desc.json" {
                let bytes = fs::read(entry.path()).map_err(failed)?;
                let description = serde_json::from_slice(&bytes)
                    .map_err(|error| format!("{}: {error}", entry.path().display()))?;
                tests.push(Test {
                    folder: folder.clone(),
                    description,
                });
            }
        }
    }
    tests.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(tests)
}

/// The strings of a JSON list.
pub(super) fn strings(list: &Value) -> Vec<&str> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).collect()
}

fn jobs() -> String {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    jobs.to_string()
}

fn create(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> Result<(), String> {
    absent_is_fine(path, fs::remove_file(path))
}

/// Removes a folder with all that is in it, if it is there.
pub(super) fn remove_folder(path: &Path) -> Result<(), String> {
    absent_is_fine(path, fs::remove_dir_all(path))
}

fn absent_is_fine(path: &Path, result: std::io::Result<()>) -> Result<(), String> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", path.display()))
        }
        _ => Ok(()),
    }
}
