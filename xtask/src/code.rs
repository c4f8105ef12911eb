//! Reads Rust sources just well enough for checks of words: comments, strings and test modules blanked
//! byte for byte, so that every offset and line stays what it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::Package;

/// A source file as the checks see it.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// The file.
    pub(crate) text: String,
    /// The file, comments and string contents blanked.
    pub(crate) code: String,
    /// Whether it is compiled outside of tests, benches and examples.
    pub(crate) ships: bool,
}

impl SourceFile {
    /// A file with this text.
    pub(crate) fn new(path: PathBuf, text: String, ships: bool) -> SourceFile {
        let code = blank(&text);
        SourceFile {
            path,
            text,
            code,
            ships,
        }
    }

    /// The code that ships: blank where `#[cfg(test)]` stands, and all blank in a test.
    pub(crate) fn shipped_code(&self) -> String {
        if self.ships {
            blank_tests(&self.code)
        } else {
            String::new()
        }
    }
}

/// The line of a byte offset, counted from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count()
}

/// Every file that a package compiles, found by following `mod` from its target roots. A file that is
/// reached both ways counts as shipped.
pub(crate) fn sources(package: &Package) -> Vec<SourceFile> {
    let mut found: BTreeMap<PathBuf, SourceFile> = BTreeMap::new();
    let mut open: Vec<(PathBuf, PathBuf, bool)> = package
        .targets
        .iter()
        .map(|target| (target.root.clone(), parent(&target.root), target.ships))
        .collect();
    while let Some((path, folder, ships)) = open.pop() {
        if found.get(&path).is_some_and(|known| known.ships || !ships) {
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let file = SourceFile::new(path.clone(), text, ships);
        for module in modules(&file) {
            let ships = ships && !module.test;
            if let Some(relative) = module.path {
                let path = parent(&path).join(relative);
                open.push((path.clone(), parent(&path), ships));
            } else {
                let below = folder.join(&module.name);
                open.push((below.with_extension("rs"), below.clone(), ships));
                open.push((below.join("mod.rs"), below, ships));
            }
        }
        found.insert(path, file);
    }
    found.into_values().collect()
}

fn parent(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A declaration `mod name;`.
struct Module {
    name: String,
    /// The `#[path]` attribute.
    path: Option<String>,
    /// Whether `#[cfg(test)]` stands before it.
    test: bool,
}

fn modules(file: &SourceFile) -> Vec<Module> {
    let words: Vec<(usize, &str)> = identifiers(&file.code).collect();
    let mut found = Vec::new();
    for pair in words.windows(2) {
        let ((at, word), (name_at, name)) = (pair[0], pair[1]);
        let rest = file.code[name_at + name.len()..].trim_start();
        if word != "mod" || !rest.starts_with(';') {
            continue;
        }
        let start = file.code[..at].rfind([';', '}', '{']).map_or(0, |i| i + 1);
        let path = file.code[start..at].find("#[path").and_then(|offset| {
            let attribute = &file.text[start + offset..at];
            Some(attribute.split('"').nth(1)?.to_owned())
        });
        found.push(Module {
            name: name.to_owned(),
            path,
            test: file.code[start..at].contains("cfg(test)"),
        });
    }
    found
}

/// The identifiers and keywords of blanked code, with their offsets.
pub(crate) fn identifiers(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut offset = 0;
    code.split(|character: char| !(character.is_alphanumeric() || character == '_'))
        .filter_map(move |word| {
            let at = offset;
            // The separator may be longer than one byte.
            offset += word.len();
            offset += code[offset..].chars().next().map_or(0, char::len_utf8);
            (!word.is_empty()).then_some((at, word))
        })
}

/// The text with comments and the contents of strings and characters replaced by spaces.
pub(crate) fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => line_end(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => comment_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' if !follows_word(bytes, at) => match raw_string_end(bytes, at) {
                Some(end) => end,
                None => {
                    at += 1;
                    continue;
                }
            },
            b'\'' => match character_end(text, at) {
                Some(end) => end,
                None => {
                    at += 1;
                    continue;
                }
            },
            _ => {
                at += 1;
                continue;
            }
        };
        blank_range(&mut out, at, end);
        at = end;
    }
    String::from_utf8(out).unwrap_or_default()
}

fn blank_range(out: &mut [u8], start: usize, end: usize) {
    for byte in &mut out[start..end] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

/// Whether the byte at `at` goes on an identifier; `b` and `c` before a raw string's `r` do not count.
fn follows_word(bytes: &[u8], at: usize) -> bool {
    let word = |i: usize| bytes[i].is_ascii_alphanumeric() || bytes[i] == b'_';
    at > 0 && word(at - 1) && !(matches!(bytes[at - 1], b'b' | b'c') && (at < 2 || !word(at - 2)))
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..]
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(bytes.len(), |length| at + length)
}

fn comment_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 2;
    let mut depth = 1;
    while at < bytes.len() && depth > 0 {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
        } else {
            at += 1;
        }
    }
    at.min(bytes.len())
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn raw_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let hashes = bytes[start + 1..]
        .iter()
        .take_while(|&&byte| byte == b'#')
        .count();
    let open = start + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let length = bytes[open + 1..]
        .windows(close.len())
        .position(|window| window == close)?;
    Some(open + 1 + length + close.len())
}

/// The end of a character literal, `None` for a lifetime.
fn character_end(text: &str, start: usize) -> Option<usize> {
    let rest = &text[start + 1..];
    let first = rest.chars().next()?;
    if first == '\\' {
        let close = rest[2..].find('\'')?;
        return Some(start + 1 + 2 + close + 1);
    }
    let after = first.len_utf8();
    rest[after..]
        .starts_with('\'')
        .then_some(start + 1 + after + 1)
}

/// Blanked code with every item under `#[cfg(test)]` blanked too.
pub(crate) fn blank_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = code.as_bytes().to_vec();
    let mut from = 0;
    while let Some(found) = code[from..].find(MARK) {
        let start = from + found;
        from = item_end(code.as_bytes(), start + MARK.len());
        blank_range(&mut out, start, from);
    }
    String::from_utf8(out).unwrap_or_default()
}

/// The end of the item that starts at `at`: its closing brace, or its semicolon if that comes first.
fn item_end(bytes: &[u8], mut at: usize) -> usize {
    let (mut braces, mut others) = (0_u32, 0_u32);
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' => others += 1,
            b')' | b']' => others = others.saturating_sub(1),
            b'{' => braces += 1,
            b'}' if braces <= 1 => return at + 1,
            b'}' => braces -= 1,
            b';' if braces == 0 && others == 0 => return at + 1,
            _ => {}
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_characters_are_blanked_in_place() {
        let text = "let a = \"f32\\\" f32\"; // f32\n/* f32 /* f32 */ f32 */ let b: &'a f64 = r#\"f32\"#; 'f' '\\'' b\"f32\" br\"f32\" ü";
        let code = blank(text);
        assert_eq!(code.len(), text.len());
        assert!(!code.contains("f32"), "{code}");
        assert!(code.contains("let b: &'a f64 ="), "{code}");
        assert!(code.ends_with('ü'));
        assert_eq!(line_of(&code, code.find("f64").unwrap()), 2);
    }

    #[test]
    fn items_under_cfg_test_do_not_ship() {
        let code = "fn a() {} #[cfg(test)] mod tests { fn b() { {} } } fn c() {} #[cfg(test)] use d::e; fn f() {}";
        let shipped = blank_tests(code);
        let words: Vec<&str> = identifiers(&shipped).map(|(_, word)| word).collect();
        assert_eq!(words, ["fn", "a", "fn", "c", "fn", "f"]);
    }

    #[test]
    fn modules_are_found_with_their_attributes() {
        let text = "mod a;\n#[cfg(test)]\nmod b;\n#[path = \"x/y.rs\"]\npub(crate) mod c;\nmod d { }\n// mod e;\n";
        let file = SourceFile::new(PathBuf::from("lib.rs"), text.to_owned(), true);
        let found: Vec<_> = modules(&file)
            .into_iter()
            .map(|module| (module.name, module.path, module.test))
            .collect();
        assert_eq!(
            found,
            [
                ("a".to_owned(), None, false),
                ("b".to_owned(), None, true),
                ("c".to_owned(), Some("x/y.rs".to_owned()), false),
            ]
        );
    }
}
