//! JSON: `run(n)` reads `orders.json` n times and returns a hash of its numbers, the lengths of its strings and
//! the places of its other values. A recursive parser over bytes: branches, calls, small loops.
#![no_std]

use programs::fold;

/// A made-up list of orders; no number in it has a fraction or an exponent.
const TEXT: &[u8] = include_bytes!("orders.json");
/// How deep values may be nested.
const DEPTH: u32 = 16;

#[unsafe(no_mangle)]
extern "C" fn run(rounds: i32) -> i32 {
    let mut hash = 0;
    for _ in 0..rounds {
        let mut parser = Parser { rest: TEXT, hash };
        let whole = parser.value(DEPTH).is_some() && parser.peek().is_none();
        assert!(whole, "the text is JSON");
        hash = parser.hash;
    }
    hash as i32
}

struct Parser<'a> {
    rest: &'a [u8],
    hash: u32,
}

/// Each returns nothing where the text is no JSON.
impl Parser<'_> {
    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn note(&mut self, word: u32) {
        self.hash = fold(self.hash, word);
    }

    fn value(&mut self, depth: u32) -> Option<()> {
        match self.peek()? {
            b'{' => self.items(b'}', depth.checked_sub(1)?, Parser::member),
            b'[' => self.items(b']', depth.checked_sub(1)?, Parser::value),
            b'"' => self.string(),
            b't' => self.word(b"true", 1),
            b'f' => self.word(b"false", 2),
            b'n' => self.word(b"null", 3),
            _ => self.number(),
        }
    }

    /// An object's or array's items, from its opening to its closing bracket.
    fn items(&mut self, end: u8, depth: u32, item: fn(&mut Self, u32) -> Option<()>) -> Option<()> {
        self.next()?;
        if self.peek()? == end {
            self.next()?;
            return Some(());
        }
        loop {
            item(self, depth)?;
            self.peek()?;
            match self.next()? {
                b',' => {}
                byte if byte == end => return Some(()),
                _ => return None,
            }
        }
    }

    fn member(&mut self, depth: u32) -> Option<()> {
        if self.peek()? != b'"' {
            return None;
        }
        self.string()?;
        self.peek()?;
        if self.next()? != b':' {
            return None;
        }
        self.value(depth)
    }

    /// A string; its length in UTF-16 is noted.
    fn string(&mut self) -> Option<()> {
        self.next()?;
        let mut units = 0;
        loop {
            match self.next()? {
                b'"' => break,
                b'\\' => match self.next()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => units += 1,
                    b'u' => {
                        let (digits, rest) = self.rest.split_first_chunk::<4>()?;
                        if !digits.iter().all(u8::is_ascii_hexdigit) {
                            return None;
                        }
                        self.rest = rest;
                        units += 1;
                    }
                    _ => return None,
                },
                0..=0x1f => return None,
                // What goes on in the middle of a character counts for nothing, its four-byte form for two.
                0x80..=0xbf => {}
                0xf0.. => units += 2,
                _ => units += 1,
            }
        }
        self.note(units);
        Some(())
    }

    /// A whole number, modulo 2^32.
    fn number(&mut self) -> Option<()> {
        let negative = self.rest.first() == Some(&b'-');
        if negative {
            self.next()?;
        }
        let mut number = 0_u32;
        let mut digits = 0;
        while let Some(digit @ b'0'..=b'9') = self.rest.first() {
            number = number
                .wrapping_mul(10)
                .wrapping_add(u32::from(digit - b'0'));
            digits += 1;
            self.next()?;
        }
        let number = if negative {
            number.wrapping_neg()
        } else {
            number
        };
        self.note(number);
        (digits > 0).then_some(())
    }

    fn word(&mut self, word: &[u8], noted: u32) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        self.note(noted);
        Some(())
    }
}
