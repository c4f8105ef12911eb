//! `cargo xtask check`: the rules that the compiler can't hold. Each file below is one rule, with a test
//! that plants what the rule forbids.

mod dead_files;
mod hash_iteration;
mod identifiers;
mod layering;
mod length;
mod links;
mod unsafe_code;

use std::path::{Path, PathBuf};

use crate::code::{self, SourceFile};
use crate::workspace::{self, Package};

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The file.
    file: PathBuf,
    /// Its line, from 1; 0 for the whole file.
    line: usize,
    /// What is wrong and what would be right.
    message: String,
}

impl Finding {
    fn print(&self, root: &Path) {
        let file = self.file.strip_prefix(root).unwrap_or(&self.file).display();
        match self.line {
            0 => println!("{file}: {}", self.message),
            line => println!("{file}:{line}: {}", self.message),
        }
    }
}

/// Runs every check over the repository.
///
/// # Errors
/// When a rule is broken; the findings are printed.
pub(crate) fn run() -> Result<(), String> {
    let root = workspace::root();
    let packages = workspace::packages(&root)?;

    let mut findings = layering::check(&packages);
    findings.extend(links::check(&root));
    let mut warnings = Vec::new();
    let mut files = 0;
    for package in &packages {
        let sources = code::sources(package);
        files += sources.len();
        findings.extend(check_package(package, &sources));
        warnings.extend(length::check(&sources));
    }

    for warning in &warnings {
        warning.print(&root);
    }
    for finding in &findings {
        finding.print(&root);
    }
    println!(
        "check: {} crates, {files} source files, {} warnings, {} rules broken",
        packages.len(),
        warnings.len(),
        findings.len()
    );
    if findings.is_empty() {
        Ok(())
    } else {
        Err("check failed".to_owned())
    }
}

fn check_package(package: &Package, sources: &[SourceFile]) -> Vec<Finding> {
    let mut findings = dead_files::check(package, sources);
    let Some(layer) = layering::layer(&package.name) else {
        return findings;
    };
    findings.extend(unsafe_code::check(package, layer, sources));
    findings.extend(identifiers::check(layer, sources));
    findings.extend(hash_iteration::check(sources));
    findings
}
