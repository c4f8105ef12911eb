//! Rules on the text itself, for what a front end folds away before the IR shows it.
//!
//! The scanner knows comments, numbers, words and single other characters; that is all WGSL's tokens that the rules
//! need. Front ends must not be able to see other tokens than it does, so characters on which they could disagree are
//! refused first.

use crate::rule::{LintError, Rule};

/// Directives accepted after `requires`.
const LANGUAGE_EXTENSION: &str = "packed_4x8_integer_dot_product";

/// Types of floating-point numbers, or that contain them, wherever the word stands.
const FLOAT_TYPES: &[&str] = &[
    "f16", "f32", "f64", "half", "float", "double", "vec2f", "vec3f", "vec4f", "vec2h", "vec3h",
    "vec4h",
];

/// Builtins that compute in floating point.
const FLOAT_BUILTINS: &[&str] = &[
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "ceil",
    "cos",
    "cosh",
    "cross",
    "degrees",
    "determinant",
    "distance",
    "dpdx",
    "dpdxCoarse",
    "dpdxFine",
    "dpdy",
    "dpdyCoarse",
    "dpdyFine",
    "exp",
    "exp2",
    "faceForward",
    "floor",
    "fma",
    "fract",
    "frexp",
    "fwidth",
    "fwidthCoarse",
    "fwidthFine",
    "inverse",
    "inverseSqrt",
    "isInf",
    "isNan",
    "ldexp",
    "length",
    "log",
    "log2",
    "mix",
    "modf",
    "normalize",
    "outerProduct",
    "pack2x16float",
    "pack2x16snorm",
    "pack2x16unorm",
    "pack4x8snorm",
    "pack4x8unorm",
    "pow",
    "quantizeToF16",
    "radians",
    "reflect",
    "refract",
    "round",
    "saturate",
    "sin",
    "sinh",
    "smoothstep",
    "sqrt",
    "step",
    "tan",
    "tanh",
    "transpose",
    "trunc",
    "unpack2x16float",
    "unpack2x16snorm",
    "unpack2x16unorm",
    "unpack4x8snorm",
    "unpack4x8unorm",
];

/// Words that may stand before `(` without being declared in the module: keywords, integer constructors, whitelisted
/// builtins.
const CALLABLE: &[&str] = &[
    // Keywords.
    "if",
    "for",
    "while",
    "loop",
    "switch",
    "return",
    "case",
    "else",
    // Constructors and conversions.
    "i32",
    "u32",
    "bool",
    "array",
    "vec2",
    "vec3",
    "vec4",
    "vec2i",
    "vec3i",
    "vec4i",
    "vec2u",
    "vec3u",
    "vec4u",
    "bitcast",
    // Builtins; the IR's whitelist in `arithmetic` is the judge, this list is for what folds away.
    "abs",
    "all",
    "any",
    "arrayLength",
    "clamp",
    "countLeadingZeros",
    "countOneBits",
    "countTrailingZeros",
    "dot",
    "dot4I8Packed",
    "dot4U8Packed",
    "extractBits",
    "firstLeadingBit",
    "firstTrailingBit",
    "insertBits",
    "max",
    "min",
    "pack4xI8",
    "pack4xI8Clamp",
    "pack4xU8",
    "pack4xU8Clamp",
    "reverseBits",
    "select",
    "sign",
    "unpack4xI8",
    "unpack4xU8",
    "storageBarrier",
    "workgroupBarrier",
];

/// A word, number or single character of the source, with its byte offset. Attributes keep their `@`.
struct Token<'s> {
    text: &'s str,
    offset: usize,
}

/// Checks the text. Everything it accepts consists of tokens on which all front ends agree, without a float among them.
pub(crate) fn check(source: &str) -> Result<(), LintError> {
    let tokens = scan(source)?;
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text);
    let declared: Vec<&str> = (0..tokens.len())
        .filter(|&index| matches!(text(index), "fn" | "struct" | "alias"))
        .map(|index| text(index + 1))
        .collect();
    for (index, token) in tokens.iter().enumerate() {
        let refuse = |rule, detail: String| Err(LintError::at(rule, source, token.offset, detail));
        let word = token.text;
        if is_float_literal(word) {
            return refuse(
                Rule::FloatLiteral,
                format!("`{word}` is a floating-point literal; only integers are allowed"),
            );
        }
        if FLOAT_TYPES.contains(&word) || is_matrix(word) {
            return refuse(
                Rule::FloatType,
                format!("`{word}` is a floating-point type; use i32 or u32"),
            );
        }
        if word.starts_with("atomic") {
            return refuse(
                Rule::Atomic,
                format!("`{word}`: the order of atomic operations is not fixed"),
            );
        }
        match word {
            "enable" | "diagnostic" | "@diagnostic" => {
                return refuse(Rule::Directive, format!("`{word}` is not accepted"));
            }
            "requires" if text(index + 1) != LANGUAGE_EXTENSION || text(index + 2) != ";" => {
                return refuse(
                    Rule::Directive,
                    format!("only `requires {LANGUAGE_EXTENSION};` is accepted"),
                );
            }
            "override" | "@id" => {
                return refuse(
                    Rule::Override,
                    "an override's value is not known to the lint; use a const or a uniform".into(),
                );
            }
            _ => {}
        }
        let called = text(index + 1) == "("
            && word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if called && !declared.contains(&word) && !CALLABLE.contains(&word) {
            let rule = if FLOAT_BUILTINS.contains(&word) {
                Rule::FloatBuiltin
            } else {
                Rule::Builtin
            };
            return refuse(
                rule,
                format!("`{word}` is neither declared here nor one of the integer builtins"),
            );
        }
    }
    Ok(())
}

fn scan(source: &str) -> Result<Vec<Token<'_>>, LintError> {
    let bytes = source.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let length = match rest {
            [b' ' | b'\t' | b'\n', ..] => {
                at += 1;
                continue;
            }
            [b'\r', b'\n', ..] => {
                at += 2;
                continue;
            }
            [b'/', b'/', ..] => {
                let length = rest
                    .iter()
                    .position(|&byte| byte == b'\n')
                    .unwrap_or(rest.len());
                check_comment(source, at, length)?;
                at += length;
                continue;
            }
            [b'/', b'*', ..] => {
                let length = block_comment(source, at)?;
                check_comment(source, at, length)?;
                at += length;
                continue;
            }
            [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => number(rest),
            [b'a'..=b'z' | b'A'..=b'Z' | b'_', ..] => word(rest),
            [b'@', ..] => 1 + word(&rest[1..]),
            [b'!'..=b'~', ..] => 1,
            _ => {
                return Err(LintError::at(
                    Rule::SourceText,
                    source,
                    at,
                    "only printable ASCII is accepted outside comments",
                ));
            }
        };
        tokens.push(Token {
            text: &source[at..at + length],
            offset: at,
        });
        at += length;
    }
    Ok(tokens)
}

fn word(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|&byte| !byte.is_ascii_alphanumeric() && byte != b'_')
        .unwrap_or(bytes.len())
}

/// Digits, letters and points that belong to a number, and the sign of an exponent.
fn number(bytes: &[u8]) -> usize {
    let hexadecimal = matches!(bytes, [b'0', b'x' | b'X', ..]);
    let mut length = 0;
    while length < bytes.len() {
        let exponent = length > 0
            && match bytes[length - 1] {
                b'e' | b'E' => !hexadecimal,
                b'p' | b'P' => hexadecimal,
                _ => false,
            };
        match bytes[length] {
            byte if byte.is_ascii_alphanumeric() || byte == b'.' => length += 1,
            b'+' | b'-' if exponent => length += 1,
            _ => break,
        }
    }
    length
}

fn is_float_literal(word: &str) -> bool {
    if !word.starts_with(|c: char| c.is_ascii_digit() || c == '.') || word == "." {
        return false;
    }
    if word.starts_with("0x") || word.starts_with("0X") {
        return word.contains(['.', 'p', 'P']);
    }
    word.contains(['.', 'e', 'E', 'f', 'h'])
}

fn is_matrix(word: &str) -> bool {
    matches!(
        word.as_bytes(),
        [b'm', b'a', b't', b'2'..=b'4', b'x', b'2'..=b'4', ..]
    )
}

/// Length of the block comment at `start`, nested ones included.
fn block_comment(source: &str, start: usize) -> Result<usize, LintError> {
    let bytes = source.as_bytes();
    let mut depth = 0;
    let mut at = start;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Ok(at - start);
                }
            }
            _ => at += 1,
        }
    }
    Err(LintError::at(
        Rule::SourceText,
        source,
        start,
        "this block comment does not end",
    ))
}

/// Refuses line breaks that only some scanners take as the end of a comment.
fn check_comment(source: &str, start: usize, length: usize) -> Result<(), LintError> {
    let comment = &source[start..start + length];
    for (offset, character) in comment.char_indices() {
        let at = start + offset;
        let unusual = match character {
            '\u{0b}' | '\u{0c}' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\0' => true,
            '\r' => source.as_bytes().get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        if unusual {
            return Err(LintError::at(
                Rule::SourceText,
                source,
                at,
                "an unusual line break or control character in a comment",
            ));
        }
    }
    Ok(())
}
