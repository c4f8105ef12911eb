//! The header of an `.npy` file: where it ends, and the Python dictionary in it, with the place of everything for
//! refusals.

use std::borrow::Cow;

use super::{MAGIC, NpyError};

/// Dimensions that NumPy allows at most (before version 2).
const MAX_RANK: usize = 32;

/// Bytes of a header at most: that of a tensor has a hundred.
const MAX_BYTES: u32 = 1 << 16;

/// Bytes from a file's start that hold its header.
pub(super) const PREFIX: u64 = 12 + MAX_BYTES as u64;

/// Where the header and the elements begin.
pub(super) fn bounds(bytes: &[u8]) -> Result<(usize, usize), NpyError> {
    let truncated = |what: &str| NpyError {
        offset: bytes.len() as u64,
        what: "the end of the file".to_owned(),
        right: format!("{what} is expected here").into(),
    };
    if !bytes.starts_with(MAGIC) {
        return Err(NpyError {
            offset: 0,
            what: "no .npy file".to_owned(),
            right: "it begins with \\x93NUMPY".into(),
        });
    }
    let version = bytes.get(6..8).ok_or_else(|| truncated("the version"))?;
    let (header_start, len) = match version {
        [1, 0] => {
            let len = bytes
                .get(8..10)
                .ok_or_else(|| truncated("the header's length"))?;
            (10, u32::from(u16::from_le_bytes([len[0], len[1]])))
        }
        [2 | 3, 0] => {
            let len = bytes
                .get(8..12)
                .ok_or_else(|| truncated("the header's length"))?;
            (12, u32::from_le_bytes([len[0], len[1], len[2], len[3]]))
        }
        _ => {
            return Err(NpyError {
                offset: 6,
                what: format!("version {}.{}", version[0], version[1]),
                right: "versions 1.0, 2.0 and 3.0 are read".into(),
            });
        }
    };
    let refuse = |right: String| NpyError {
        offset: 8,
        what: format!("a header of {len} bytes"),
        right: right.into(),
    };
    if len > MAX_BYTES {
        return Err(refuse(format!("at most {MAX_BYTES} are read")));
    }
    let data_start = header_start + len as usize;
    if data_start > bytes.len() {
        let follow = bytes.len() - header_start;
        return Err(refuse(format!("{follow} bytes follow")));
    }
    Ok((header_start, data_start))
}

/// A value with the place where it stands.
pub(super) struct At<T> {
    pub offset: usize,
    pub value: T,
}

impl<T> At<T> {
    pub(super) fn refuse(&self, what: String, right: impl Into<Cow<'static, str>>) -> NpyError {
        NpyError {
            offset: self.offset as u64,
            what,
            right: right.into(),
        }
    }
}

/// The three entries of a header.
pub(super) struct Header<'a> {
    pub descr: At<&'a str>,
    pub fortran_order: At<bool>,
    pub shape: At<Vec<u64>>,
}

impl<'a> Header<'a> {
    /// Reads the dictionary that stands in `bytes` from `start` to the end. Entries may come in any order,
    /// once each.
    pub(super) fn parse(bytes: &'a [u8], start: usize) -> Result<Header<'a>, NpyError> {
        let mut text = Text { bytes, at: start };
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        text.expect(b'{')?;
        while !text.take(b'}') {
            let key = text.string()?;
            text.expect(b':')?;
            let repeated = match key.value {
                "descr" => descr.replace(text.string()?).is_some(),
                "fortran_order" => fortran_order.replace(text.boolean()?).is_some(),
                "shape" => shape.replace(text.tuple()?).is_some(),
                other => {
                    let keys = "descr, fortran_order and shape are the keys";
                    return Err(key.refuse(format!("key {other:?}"), keys));
                }
            };
            if repeated {
                let once = "each key stands once";
                return Err(key.refuse(format!("a second {:?}", key.value), once));
            }
            if !text.take(b',') {
                text.expect(b'}')?;
                break;
            }
        }
        text.skip_space();
        if text.at < bytes.len() {
            return Err(text.unexpected("nothing but spaces follows the dictionary"));
        }
        match (descr, fortran_order, shape) {
            (Some(descr), Some(fortran_order), Some(shape)) => Ok(Header {
                descr,
                fortran_order,
                shape,
            }),
            _ => Err(NpyError {
                offset: start as u64,
                what: "an incomplete header".to_owned(),
                right: "it has descr, fortran_order and shape".into(),
            }),
        }
    }
}

/// The text of a header, read from left to right.
struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Text<'a> {
    fn skip_space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, right: impl Into<Cow<'static, str>>) -> NpyError {
        let what = match self.bytes.get(self.at) {
            Some(&byte) => format!("byte {:?}", char::from(byte)),
            None => "the header's end".to_owned(),
        };
        At {
            offset: self.at,
            value: (),
        }
        .refuse(what, right)
    }

    /// Takes `byte` if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), NpyError> {
        if self.take(byte) {
            return Ok(());
        }
        Err(self.unexpected(format!("{:?} is expected here", char::from(byte))))
    }

    /// A string without escapes, in single or double quotes.
    fn string(&mut self) -> Result<At<&'a str>, NpyError> {
        self.skip_space();
        let offset = self.at;
        let Some(&quote @ (b'\'' | b'"')) = self.bytes.get(offset) else {
            return Err(self.unexpected("a quoted string is expected here"));
        };
        let rest = &self.bytes[offset + 1..];
        let end = rest.iter().position(|&byte| byte == quote || byte == b'\\');
        let value = end
            .filter(|&end| rest[end] == quote)
            .and_then(|end| std::str::from_utf8(&rest[..end]).ok());
        let Some(value) = value else {
            return Err(self.unexpected("a closed string without escapes is expected here"));
        };
        self.at = offset + value.len() + 2;
        Ok(At { offset, value })
    }

    fn boolean(&mut self) -> Result<At<bool>, NpyError> {
        self.skip_space();
        let offset = self.at;
        for (word, value) in [("True", true), ("False", false)] {
            if self.bytes[offset..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(At { offset, value });
            }
        }
        Err(self.unexpected("True or False is expected here"))
    }

    /// A tuple of natural numbers.
    fn tuple(&mut self) -> Result<At<Vec<u64>>, NpyError> {
        self.skip_space();
        let offset = self.at;
        let mut value = Vec::new();
        self.expect(b'(')?;
        while !self.take(b')') {
            if value.len() == MAX_RANK {
                return Err(self.unexpected("a shape has at most 32 dimensions"));
            }
            value.push(self.number()?);
            if !self.take(b',') {
                self.expect(b')')?;
                break;
            }
        }
        Ok(At { offset, value })
    }

    fn number(&mut self) -> Result<u64, NpyError> {
        self.skip_space();
        let digits = self.bytes[self.at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let text = std::str::from_utf8(&self.bytes[self.at..self.at + digits]).ok();
        match text.and_then(|digits| digits.parse().ok()) {
            Some(number) => {
                self.at += digits;
                Ok(number)
            }
            None => Err(self.unexpected("a number from 0 to 2^64 - 1 is expected here")),
        }
    }
}
