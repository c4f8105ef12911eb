//! The lint against whole modules: what must be refused, what must be accepted, and the kernels that ship.

use std::collections::BTreeSet;
use std::path::PathBuf;

use aivm_shaders::{Rule, kernels, lint};

/// Name and text of every WGSL file in a folder of this crate, by name.
fn shaders(folder: &str) -> Vec<(String, String)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<(String, String)> = std::fs::read_dir(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wgsl")
        })
        .map(|path| {
            let name = path
                .file_name()
                .expect("a file")
                .to_string_lossy()
                .into_owned();
            let text =
                std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, text)
        })
        .collect();
    files.sort();
    files
}

/// The rule named in the first line: `// expect: Rule`.
fn expected(name: &str, text: &str) -> Rule {
    let first = text.lines().next().unwrap_or_default();
    let rule = first
        .strip_prefix("// expect: ")
        .unwrap_or_else(|| panic!("{name}: no `// expect: Rule` on line 1"));
    *Rule::ALL
        .iter()
        .find(|known| format!("{known:?}") == rule)
        .unwrap_or_else(|| panic!("{name}: unknown rule {rule}"))
}

#[test]
fn every_file_in_refused_breaks_exactly_the_rule_it_names() {
    let files = shaders("refused");
    assert!(files.len() >= 30, "only {} files", files.len());
    let mut wrong = Vec::new();
    for (name, text) in &files {
        let expected = expected(name, text);
        match lint(text) {
            Ok(_) => wrong.push(format!("{name}: accepted, expected {expected:?}")),
            Err(error) if error.rule != expected => {
                wrong.push(format!("{name}: expected {expected:?}, got {error}"))
            }
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_file_that_breaks_it() {
    let covered: BTreeSet<Rule> = shaders("refused")
        .iter()
        .map(|(name, text)| expected(name, text))
        .collect();
    let missing: Vec<&Rule> = Rule::ALL
        .iter()
        .filter(|rule| !covered.contains(rule))
        .collect();
    assert!(missing.is_empty(), "no file in refused/ for {missing:?}");
}

#[test]
fn every_file_in_accepted_passes() {
    let files = shaders("accepted");
    assert!(!files.is_empty());
    let wrong: Vec<String> = files
        .iter()
        .filter_map(|(name, text)| lint(text).err().map(|error| format!("{name}:{error}")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kernel_that_ships_passes() {
    let wrong: Vec<String> = kernels::all()
        .iter()
        .filter_map(|kernel| {
            lint(&kernel.source)
                .err()
                .map(|error| format!("{}:{error}", kernel.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_in_kernels_is_part_of_a_kernel_that_ships() {
    let all = kernels::all();
    let unused: Vec<String> = shaders("kernels")
        .into_iter()
        .filter(|(_, text)| {
            !all.iter()
                .any(|kernel| kernel.source.contains(text.as_str()))
        })
        .map(|(name, _)| name)
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}
