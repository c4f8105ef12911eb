//! `unsafe` stands only where the table of layers allows it, and says each time why it is sound.

use super::Finding;
use crate::code::{SourceFile, identifiers, line_of};
use crate::layers::{Layer, UnsafeCode};
use crate::workspace::Package;

const FORBID: &str = "#![forbid(unsafe_code)]";
const DENY: &str = "#![deny(unsafe_code)]";
/// How many lines above an `unsafe` its reason may begin.
const REASON_LINES: usize = 12;

/// Checks a crate's roots and sources.
pub(crate) fn check(package: &Package, layer: &Layer, sources: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in sources {
        match layer.unsafe_code {
            UnsafeCode::Forbidden => findings.extend(carries(package, file, FORBID)),
            UnsafeCode::In(only) => {
                findings.extend(carries(package, file, DENY));
                findings.extend(elsewhere(file, only));
            }
            UnsafeCode::Explained => {}
        }
        findings.extend(reasons(file));
    }
    findings
}

/// A root that ships must carry `attribute`.
fn carries(package: &Package, file: &SourceFile, attribute: &str) -> Option<Finding> {
    let root = package
        .targets
        .iter()
        .any(|target| target.ships && target.root == file.path);
    (root && !file.code.contains(attribute)).then(|| Finding {
        file: file.path.clone(),
        line: 0,
        message: format!("this root must carry {attribute}"),
    })
}

/// `unsafe` in another file than the one that may say it.
fn elsewhere(file: &SourceFile, only: &str) -> Vec<Finding> {
    if file.path.ends_with(only) {
        return Vec::new();
    }
    identifiers(&file.code)
        .filter(|&(_, word)| word == "unsafe")
        .map(|(offset, _)| Finding {
            file: file.path.clone(),
            line: line_of(&file.code, offset),
            message: format!("only {only} may say `unsafe` in this crate"),
        })
        .collect()
}

/// Each `unsafe` block or implementation follows a comment that begins SAFETY. (What an `unsafe fn`
/// demands of its caller is clippy's to check.)
fn reasons(file: &SourceFile) -> Vec<Finding> {
    let lines: Vec<&str> = file.text.lines().collect();
    identifiers(&file.code)
        .filter(|&(offset, word)| word == "unsafe" && acts(&file.code[offset + word.len()..]))
        .map(|(offset, _)| line_of(&file.code, offset))
        .filter(|&line| {
            !lines[line.saturating_sub(REASON_LINES)..line]
                .iter()
                .any(|text| text.contains("SAFETY"))
        })
        .map(|line| Finding {
            file: file.path.clone(),
            line,
            message: "`unsafe` without a comment that begins SAFETY:".to_owned(),
        })
        .collect()
}

/// Whether what follows `unsafe` is a block or an implementation, not a declaration or a type.
fn acts(after: &str) -> bool {
    let after = after.trim_start();
    after.starts_with('{') || after.starts_with("impl")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::layering::layer;
    use crate::workspace::Target;
    use std::path::PathBuf;

    const NO_LINES: [usize; 0] = [];

    fn findings(package: &str, path: &str, text: &str) -> Vec<usize> {
        let root = PathBuf::from("src/lib.rs");
        let made = Package {
            name: package.to_owned(),
            targets: vec![Target { root, ships: true }],
            ..Package::default()
        };
        let file = SourceFile::new(PathBuf::from(path), text.to_owned(), true);
        check(&made, layer(package).expect("a layer"), &[file])
            .into_iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn a_root_without_the_ban_is_found() {
        assert_eq!(findings("aivm-core", "src/lib.rs", "mod a;"), [0]);
        assert_eq!(findings("aivm-core", "src/a.rs", "fn a() {}"), NO_LINES);
        assert_eq!(findings("aivm-core", "src/lib.rs", FORBID), NO_LINES);
        assert_eq!(
            findings("aivm-core", "src/lib.rs", &format!("// {FORBID}")),
            [0]
        );
    }

    #[test]
    fn unsafe_code_outside_of_its_one_file_is_found() {
        let block = "// SAFETY: checked.\nunsafe { a() }\n";
        let path = "kernels/gpu/src/unchecked.rs";
        assert_eq!(findings("aivm-gpu", path, block), NO_LINES);
        assert_eq!(findings("aivm-gpu", "kernels/gpu/src/a.rs", block), [2]);
        assert_eq!(findings("aivm-gpu", "src/lib.rs", DENY), NO_LINES);
        assert_eq!(findings("aivm-gpu", "src/lib.rs", "mod a;"), [0]);
    }

    #[test]
    fn an_unsafe_block_without_a_reason_is_found() {
        let far = "\n".repeat(REASON_LINES + 1);
        let text = format!(
            "type F = unsafe extern \"C\" fn(u8);\n// SAFETY: checked.\nunsafe {{ a() }}\n{far}unsafe {{ b() }}\n"
        );
        assert_eq!(
            findings("aivm-jit", "src/mapping.rs", &text),
            [5 + REASON_LINES]
        );
    }
}
