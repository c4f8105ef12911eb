//! Nobody walks a `HashMap` or `HashSet`: their order differs from run to run. Looking up is fine.
//!
//! The check knows a map by its declaration in the same file (a field, a binding with a type or a
//! constructor), which clippy's `iter_over_hash_type` complements with types but for `for` loops only.

use std::collections::BTreeSet;

use super::Finding;
use crate::code::{SourceFile, identifiers, line_of};

const WALKS: &[&str] = &[
    "iter",
    "iter_mut",
    "into_iter",
    "keys",
    "into_keys",
    "values",
    "values_mut",
    "into_values",
    "drain",
    "retain",
    "extract_if",
];

/// Checks shipped code.
pub(crate) fn check(sources: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in sources {
        let code = file.shipped_code();
        let maps = maps(&code);
        for (offset, word) in identifiers(&code) {
            if maps.contains(word)
                && (is_walked(&code[offset + word.len()..]) || is_looped(&code[..offset]))
            {
                findings.push(Finding {
                    file: file.path.clone(),
                    line: line_of(&code, offset),
                    message: format!(
                        "`{word}` is a hash map, whose order is random: use a BTreeMap or sort"
                    ),
                });
            }
        }
    }
    findings
}

/// Names that the code declares as a hash map or set: `name: …HashMap<` or `name = HashMap::`.
fn maps(code: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (offset, word) in identifiers(code) {
        if word != "HashMap" && word != "HashSet" {
            continue;
        }
        let statement = &code[..offset];
        let start = statement
            .rfind([';', '{', '}', ',', '('])
            .map_or(0, |at| at + 1);
        let declaration = &statement[start..];
        let Some(end) = declaration.find([':', '=']) else {
            continue;
        };
        names.extend(
            identifiers(&declaration[..end])
                .last()
                .map(|(_, name)| name),
        );
    }
    names.remove("use");
    names.remove("std");
    names
}

/// Whether `.walk(` follows, perhaps behind a lock.
fn is_walked(after: &str) -> bool {
    let mut rest = after.trim_start();
    while let Some(method) = rest.strip_prefix('.') {
        let Some((_, name)) = identifiers(method.trim_start()).next() else {
            return false;
        };
        if WALKS.contains(&name) {
            return true;
        }
        if ![
            "lock",
            "read",
            "write",
            "borrow",
            "borrow_mut",
            "unwrap",
            "expect",
        ]
        .contains(&name)
        {
            return false;
        }
        let Some(close) = method.find(')') else {
            return false;
        };
        rest = method[close + 1..].trim_start();
    }
    false
}

/// Whether `in`, `in &` or `in &mut`, perhaps with `self.`, stands before.
fn is_looped(before: &str) -> bool {
    let before = before.trim_end();
    let before = before.strip_suffix("self.").unwrap_or(before).trim_end();
    let before = before.strip_suffix("mut").unwrap_or(before).trim_end();
    let Some(before) = before.strip_suffix('&').or(Some(before)) else {
        return false;
    };
    before.trim_end().ends_with(" in")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn lines(text: &str) -> Vec<usize> {
        let file = SourceFile::new(PathBuf::from("lib.rs"), text.to_owned(), true);
        check(&[file])
            .into_iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn walking_is_found_and_looking_up_is_not() {
        let text = "use std::collections::HashMap;
struct S { models: Mutex<HashMap<u8, u8>>, list: Vec<u8> }
fn a(s: &S) { s.models.lock().unwrap().get(&1); s.list.iter(); }
fn b(s: &S) { s.models.lock().unwrap().values().sum() }
fn c() { let seen = HashMap::new(); for x in &seen {} }
fn d(known: &HashSet<u8>) -> bool { known.contains(&1) }
fn e(known: HashSet<u8>) { known.into_iter(); }
";
        assert_eq!(lines(text), [4, 5, 7]);
    }
}
