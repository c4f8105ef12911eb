//! Names of functions as people read them.

/// Characters of a name that are shown.
const NAME_CHARACTERS: usize = 120;

/// A name without what a compiler wrapped it in, on one line and not too long.
pub(crate) fn readable(name: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(name));
    let shown = name.chars().take(NAME_CHARACTERS);
    let mut shown: String = shown
        .map(|character| {
            if character.is_control() {
                '?'
            } else {
                character
            }
        })
        .collect();
    if name.chars().nth(NAME_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{NAME_CHARACTERS, readable};

    #[test]
    fn names_are_demangled_and_harmless() {
        assert_eq!(readable("_ZN3foo3barE"), "foo::bar");
        assert_eq!(readable("_RNvCs1234_7mycrate3foo"), "mycrate::foo");
        assert_eq!(readable("a\u{1b}[31m\nb"), "a?[31m?b");
        let long = "x".repeat(NAME_CHARACTERS);
        assert_eq!(readable(&long), long);
        assert_eq!(readable(&format!("{long}x")), format!("{long}…"));
    }
}
