//! Every relative link of the documents leads to a file of the repository.

use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::code::line_of;

/// Checks the Markdown files in the root folder and below `docs`.
pub(crate) fn check(root: &Path) -> Vec<Finding> {
    let mut documents = Vec::new();
    for folder in [".", "docs", "docs/adr"] {
        let entries = fs::read_dir(root.join(folder))
            .into_iter()
            .flatten()
            .flatten();
        documents.extend(
            entries
                .map(|entry| entry.path())
                .filter(|path| path.extension().is_some_and(|extension| extension == "md")),
        );
    }
    documents.sort();
    documents
        .iter()
        .flat_map(|path: &PathBuf| check_document(path))
        .collect()
}

fn check_document(path: &Path) -> Vec<Finding> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let folder = path.parent().unwrap_or(Path::new("."));
    targets(&text)
        .filter(|(_, target)| !folder.join(target).exists())
        .map(|(offset, target)| Finding {
            file: path.to_path_buf(),
            line: line_of(&text, offset),
            message: format!("the link to {target} leads nowhere"),
        })
        .collect()
}

/// The files that `](target)` names, without anchors; addresses and pure anchors are left out.
fn targets(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("](").filter_map(|(offset, mark)| {
        let rest = &text[offset + mark.len()..];
        let target = &rest[..rest.find([')', ' ', '\n'])?];
        let file = target.split('#').next()?;
        (!file.is_empty() && !file.contains("://") && !file.starts_with("mailto:"))
            .then_some((offset, file))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files_are_told_from_addresses_and_anchors() {
        let text = "[a](docs/a.md#part) [b](https://example.org) [c](#here)\n[d](b.md)";
        let found: Vec<_> = targets(text)
            .map(|(offset, target)| (line_of(text, offset), target))
            .collect();
        assert_eq!(found, [(1, "docs/a.md"), (2, "b.md")]);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let folder = std::env::temp_dir().join(format!("xtask-links-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let document = folder.join("page.md");
        fs::write(&document, "[here](page.md)\n[gone](nowhere.md)\n").expect("a page");
        let findings = check_document(&document);
        fs::remove_dir_all(&folder).expect("removed");
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, 2);
    }
}
