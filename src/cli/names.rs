//! What files say, as people read it: names on one line, lines that fit, nothing that a terminal obeys.

/// Characters of a name that are shown.
const NAME_CHARACTERS: usize = 120;

/// Characters of a line of a file that are shown.
const LINE_CHARACTERS: usize = 200;

/// A name without what a compiler wrapped it in, on one line and not too long.
pub(crate) fn readable(name: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(name));
    harmless(&cut(&name, NAME_CHARACTERS)).replace(['\n', '\t'], "?")
}

/// A message that shows lines of a file, without what is behind their first [`LINE_CHARACTERS`].
pub(crate) fn short_lines(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| cut(line, LINE_CHARACTERS))
        .collect();
    lines.join("\n")
}

/// A text without the control characters that move a terminal's cursor or change what it shows.
pub(crate) fn harmless(text: &str) -> String {
    let is_harmful = |character: char| character.is_control() && !"\n\t".contains(character);
    text.replace(is_harmful, "?")
}

/// The first characters of a text, and a sign that there are more.
fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{LINE_CHARACTERS, NAME_CHARACTERS, harmless, readable, short_lines};

    #[test]
    fn names_are_demangled_and_harmless() {
        assert_eq!(readable("_ZN3foo3barE"), "foo::bar");
        assert_eq!(readable("_RNvCs1234_7mycrate3foo"), "mycrate::foo");
        assert_eq!(readable("a\u{1b}[31m\nb"), "a?[31m?b");
        let long = "x".repeat(NAME_CHARACTERS);
        assert_eq!(readable(&long), long);
        assert_eq!(readable(&format!("{long}x")), format!("{long}…"));
    }

    #[test]
    fn lines_are_cut_and_nothing_is_left_that_a_terminal_obeys() {
        let line = "é".repeat(LINE_CHARACTERS);
        let text = format!("one\n{line}\n{line}x\n  ^");
        assert_eq!(short_lines(&text), format!("one\n{line}\n{line}…\n  ^"));
        assert_eq!(harmless("a\u{1b}[31m\n\tb\u{9b}c\r"), "a?[31m\n\tb?c?");
    }
}
