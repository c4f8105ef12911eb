//! What `cargo metadata` says of the workspace: its crates, their dependencies and target roots.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// One crate of the workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    /// Package name.
    pub(crate) name: String,
    /// Folder of its manifest.
    pub(crate) directory: PathBuf,
    /// What it depends on.
    pub(crate) dependencies: Vec<Dependency>,
    /// Root source files.
    pub(crate) targets: Vec<Target>,
}

/// One line of a manifest's dependencies.
#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    /// Package name.
    pub(crate) name: String,
    /// Whether only tests, benches and examples see it.
    pub(crate) dev: bool,
}

/// One root source file.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The file.
    pub(crate) root: PathBuf,
    /// Whether it is a library or a program, not a test, bench, example or build script.
    pub(crate) ships: bool,
}

/// The repository's root folder: where cargo runs this from, which need not be where it was compiled, since clones
/// may share a target folder.
pub(crate) fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
        .parent()
        .expect("xtask lies in the root folder")
        .to_path_buf()
}

/// The crates of the workspace in `root`.
///
/// # Errors
/// When cargo fails or says something unexpected.
pub(crate) fn packages(root: &Path) -> Result<Vec<Package>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata: {error}"))?;
    parse(&metadata).ok_or_else(|| "cargo metadata: a field is missing".to_owned())
}

fn parse(metadata: &Value) -> Option<Vec<Package>> {
    metadata["packages"]
        .as_array()?
        .iter()
        .map(parse_package)
        .collect()
}

fn parse_package(package: &Value) -> Option<Package> {
    let dependencies = package["dependencies"].as_array()?.iter().map(|line| {
        Some(Dependency {
            name: line["name"].as_str()?.to_owned(),
            dev: line["kind"] == "dev",
        })
    });
    let targets = package["targets"].as_array()?.iter().map(|target| {
        let kinds = target["kind"].as_array()?;
        Some(Target {
            root: PathBuf::from(target["src_path"].as_str()?),
            ships: kinds
                .iter()
                .any(|kind| ["lib", "bin", "proc-macro"].iter().any(|ship| kind == ship)),
        })
    });
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        directory: Path::new(package["manifest_path"].as_str()?)
            .parent()?
            .to_path_buf(),
        dependencies: dependencies.collect::<Option<_>>()?,
        targets: targets.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_read() {
        let packages = packages(&root()).expect("metadata");
        let xtask = packages
            .iter()
            .find(|package| package.name == "xtask")
            .expect("xtask is a member");
        assert!(
            xtask
                .dependencies
                .iter()
                .any(|line| line.name == "serde_json")
        );
        assert!(xtask.targets.iter().any(|target| target.ships));
    }
}
