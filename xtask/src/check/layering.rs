//! A crate depends only on crates that the table of layers allows, and outside crates with an owner are
//! named by their owner alone.

use super::Finding;
use crate::layers::{LAYERS, Layer, OUTSIDERS, Outsider};
use crate::workspace::{Dependency, Package};

/// The rules of the crate of this name.
pub(crate) fn layer(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}

/// Checks every manifest.
pub(crate) fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let Some(layer) = layer(&package.name) else {
            findings.push(finding(
                package,
                "is not in the table of layers (xtask/src/layers.rs)".to_owned(),
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let message = if packages.iter().any(|other| other.name == dependency.name) {
                inside(layer, dependency)
            } else {
                outside(layer, dependency)
            };
            findings.extend(message.map(|message| finding(package, message)));
        }
    }
    findings
}

fn finding(package: &Package, message: String) -> Finding {
    Finding {
        file: package.directory.join("Cargo.toml"),
        line: 0,
        message: format!("{} {message}", package.name),
    }
}

fn inside(layer: &Layer, dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    let allowed = layer.uses.contains(&name) || (dependency.dev && layer.tests_use.contains(&name));
    (!allowed).then(|| format!("must not use {name}: the table of layers has no such arrow"))
}

fn outside(layer: &Layer, dependency: &Dependency) -> Option<String> {
    let outsider = OUTSIDERS
        .iter()
        .find(|outsider| outsider.matches(&dependency.name))?;
    let allowed = dependency.dev || outsider.owners.contains(&layer.name);
    (!allowed).then(|| {
        format!(
            "must not use {}: it belongs to {}",
            dependency.name,
            outsider.owners.join(" and ")
        )
    })
}

impl Outsider {
    /// Whether a package of this name is meant.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == self.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    fn planted(package: &str, dependency: &str, dev: bool) -> Vec<Finding> {
        let mut packages = workspace::packages(&workspace::root()).expect("metadata");
        packages
            .iter_mut()
            .find(|candidate| candidate.name == package)
            .expect("a member")
            .dependencies
            .push(Dependency {
                name: dependency.to_owned(),
                dev,
            });
        check(&packages)
    }

    #[test]
    fn an_arrow_that_the_table_lacks_is_found() {
        for (package, dependency) in [
            ("aivm-jit", "aivm-interpreter"),
            ("aivm-tosa", "aivm-core"),
            ("aivm-host", "aivm-engine"),
            ("aivm-reference", "aivm-gpu"),
        ] {
            let findings = planted(package, dependency, false);
            assert!(
                findings
                    .iter()
                    .any(|found| found.message.contains(dependency)),
                "{package} -> {dependency}: {findings:?}"
            );
        }
    }

    #[test]
    fn an_outsider_is_found_in_the_wrong_crate_only_where_it_ships() {
        assert!(!planted("aivm-engine", "wgpu", false).is_empty());
        assert!(!planted("aivm-core", "cranelift-codegen", false).is_empty());
        let without = planted("aivm-gpu", "wgpu", false).len();
        assert_eq!(planted("aivm-interpreter", "wasmi", true).len(), without);
        assert!(planted("aivm-interpreter", "wasmi", false).len() > without);
    }

    #[test]
    fn the_test_oracle_is_allowed_in_tests_only() {
        let without = planted("aivm-gpu", "aivm-reference", true).len();
        assert!(planted("aivm-gpu", "aivm-reference", false).len() > without);
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        let package = Package {
            name: "aivm-stray".to_owned(),
            ..Package::default()
        };
        assert_eq!(check(&[package]).len(), 1);
    }

    #[test]
    fn the_arrows_have_no_cycle() {
        // Taking away crates whose arrows all point at crates already taken must take all.
        let mut taken: Vec<&str> = Vec::new();
        while taken.len() < LAYERS.len() {
            let before = taken.len();
            for layer in LAYERS {
                if !taken.contains(&layer.name)
                    && layer.uses.iter().all(|used| taken.contains(used))
                {
                    taken.push(layer.name);
                }
            }
            assert!(
                taken.len() > before,
                "a cycle among the crates not in {taken:?}"
            );
        }
    }
}
