//! A file longer than a sitting may hold two ideas: a warning, not an error.

use super::Finding;
use crate::code::SourceFile;

/// Lines past which one asks.
const LINES: usize = 500;

/// Checks every file.
pub(crate) fn check(sources: &[SourceFile]) -> Vec<Finding> {
    sources
        .iter()
        .filter_map(|file| {
            let lines = file.text.lines().count();
            (lines > LINES).then(|| Finding {
                file: file.path.clone(),
                line: 0,
                message: format!("warning: {lines} lines: does it hold two ideas?"),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn the_line_past_the_limit_is_found() {
        let file =
            |lines: usize| SourceFile::new(PathBuf::from("lib.rs"), "//\n".repeat(lines), true);
        assert_eq!(check(&[file(LINES)]), []);
        assert_eq!(check(&[file(LINES + 1)]).len(), 1);
    }
}
