//! Which host function an import may have meant that names none.

use aivm_core::HostFunction;

/// Edits of a letter at which a name may still be a misspelt one.
const EDITS: usize = 2;

/// The host function of that name in another module, or the one whose name is fewest letters away, at most [`EDITS`].
pub(crate) fn nearest(name: &str, debug: bool) -> Option<HostFunction> {
    let importable = HostFunction::ALL.iter().copied();
    importable
        .filter(|function| debug || !function.is_debug())
        .filter_map(|function| {
            let known = function.signature().name;
            // Names of attackers are long; the table's are not.
            let alike = known.len().abs_diff(name.len()) <= EDITS;
            let edits = alike.then(|| strsim::levenshtein(known, name))?;
            (edits <= EDITS).then_some((edits, function))
        })
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, function)| function)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_within_two_letters_are_found_and_no_others() {
        for (name, found) in [
            ("read_args", Some(HostFunction::ReadArgs)),
            ("read_arg", Some(HostFunction::ReadArgs)),
            ("reed_arg", Some(HostFunction::ReadArgs)),
            ("reed_argz", Some(HostFunction::ReadArgs)),
            ("reed_ar", None),
            ("create3", Some(HostFunction::Create1)),
            ("storage_load", None),
            ("", None),
            ("log_i64", None),
        ] {
            assert_eq!(nearest(name, false), found, "{name}");
        }
        assert_eq!(nearest("log_i6", true), Some(HostFunction::ConsoleLogI64));
    }
}
