//! `unsafe` stands only where the table of layers allows it, and says each time why it is sound.

use super::Finding;
use crate::code::{SourceFile, identifiers, line_of};
use crate::layers::{Layer, UnsafeCode};
use crate::workspace::Package;

const FORBID: &str = "#![forbid(unsafe_code)]";
/// How many lines above an `unsafe` its reason may begin.
const REASON_LINES: usize = 12;

/// Checks a crate's roots and sources.
pub(crate) fn check(package: &Package, layer: &Layer, sources: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in sources {
        if layer.unsafe_code == UnsafeCode::Forbidden {
            findings.extend(forbids(package, file));
        }
        findings.extend(reasons(file));
    }
    findings
}

/// A root that ships must forbid unsafe code.
fn forbids(package: &Package, file: &SourceFile) -> Option<Finding> {
    let root = package
        .targets
        .iter()
        .any(|target| target.ships && target.root == file.path);
    (root && !file.code.contains(FORBID)).then(|| Finding {
        file: file.path.clone(),
        line: 0,
        message: format!("this root must carry {FORBID}"),
    })
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
