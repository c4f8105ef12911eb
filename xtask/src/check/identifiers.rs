//! Crates whose results enter state name no float type and no clock, and nobody but its owner names an
//! outside crate, not even through a re-export.

use super::Finding;
use crate::code::{SourceFile, identifiers, line_of};
use crate::layers::{Layer, OUTSIDERS};

/// Checks the shipped code of a crate's sources.
pub(crate) fn check(layer: &Layer, sources: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in sources {
        let code = file.shipped_code();
        for (offset, word) in identifiers(&code) {
            findings.extend(refusal(layer, word).map(|message| Finding {
                file: file.path.clone(),
                line: line_of(&code, offset),
                message,
            }));
        }
    }
    findings
}

fn refusal(layer: &Layer, word: &str) -> Option<String> {
    if layer.banned.contains(&word) {
        return Some(format!(
            "`{word}` in {}, whose results must be the same on every node",
            layer.name
        ));
    }
    let package = word.replace('_', "-");
    let outsider = OUTSIDERS
        .iter()
        .find(|outsider| outsider.matches(&package))?;
    (!outsider.owners.contains(&layer.name)).then(|| {
        format!(
            "`{word}` is named by {} alone",
            outsider.owners.join(" and ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::layering::layer;
    use std::path::PathBuf;

    const NO_LINES: [usize; 0] = [];

    fn findings(package: &str, text: &str) -> Vec<usize> {
        let file = SourceFile::new(PathBuf::from("lib.rs"), text.to_owned(), true);
        check(layer(package).expect("a layer"), &[file])
            .into_iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn floats_and_clocks_are_found_in_code_but_not_in_words_or_tests() {
        let text = "// f32\nfn a(x: f32) {}\nfn b() -> &str { \"f64\" }\n#[cfg(test)]\nmod tests { fn c(x: f64) {} }\nuse std::time::Instant;\n";
        assert_eq!(findings("aivm-host", text), [2, 6]);
        assert_eq!(findings("aivm-coprocessor", text), [2]);
        assert_eq!(findings("synergy-aivm", text), NO_LINES);
    }

    #[test]
    fn a_foreign_crate_is_found_behind_a_reexport() {
        let text = "use aivm_gpu::wgpu;\nuse cranelift_codegen::ir;\nuse naga::Module;\n";
        assert_eq!(findings("aivm-engine", text), [1, 2, 3]);
        assert_eq!(findings("aivm-gpu", text), [2]);
        assert_eq!(findings("aivm-shaders", text), [1, 2]);
    }
}
