//! Every source file of a crate is compiled: reached by `mod` from one of its targets.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::code::SourceFile;
use crate::workspace::Package;

/// Checks the folders in which cargo looks for sources.
pub(crate) fn check(package: &Package, sources: &[SourceFile]) -> Vec<Finding> {
    let reached: BTreeSet<&Path> = sources.iter().map(|file| file.path.as_path()).collect();
    let mut present = Vec::new();
    for folder in ["src", "tests", "benches", "examples"] {
        collect(&package.directory.join(folder), &mut present);
    }
    present
        .into_iter()
        .filter(|path| !reached.contains(path.as_path()))
        .map(|path| Finding {
            file: path,
            line: 0,
            message: "no `mod` leads here: declare it or remove the file".to_owned(),
        })
        .collect()
}

/// The Rust files below `folder`, in order; a folder with its own manifest belongs to another crate.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if !path.join("Cargo.toml").exists() {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{code, workspace};

    #[test]
    fn a_file_that_no_module_names_is_found() {
        let packages = workspace::packages(&workspace::root()).expect("metadata");
        let xtask = packages
            .iter()
            .find(|package| package.name == "xtask")
            .expect("a member");
        let mut sources = code::sources(xtask);
        assert_eq!(check(xtask, &sources), []);
        let orphan = sources
            .iter()
            .position(|file| file.path.ends_with("check/links.rs"))
            .expect("a module of a module");
        sources.remove(orphan);
        let findings = check(xtask, &sources);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].file.ends_with("check/links.rs"));
    }
}
