//! Modules that cost a node as much as they can, byte for byte, before any of their code has run: families that
//! grow until a limit stops them, and modules that a limit stops.
//!
//! A family is accepted at every size it is asked for. What its activation takes is held against its bytes and against
//! what is paid for it by `cargo bench -p aivm-lockstep --bench bombs`.

mod calls;
mod control;
mod module;
mod refused;
mod values;

pub use refused::{Refused, refused};

/// Bytes of a function body at most, a little below the limit.
const BODY_BYTES: usize = 60 << 10;
/// Bytes of a module at most, a little below the limit.
const MODULE_BYTES: usize = 124 << 10;

/// Functions of a module of bodies at most, a little below the limit.
const FUNCTIONS: usize = 4000;

/// A family of modules of growing size.
pub struct Bomb {
    /// What it is made of.
    pub name: &'static str,
    make: Make,
}

/// How a module of a family is made.
enum Make {
    /// From functions of such a body.
    Bodies(Pattern),
    /// From a count of whatever the family is made of, at most so many.
    Module(fn(usize) -> Vec<u8>, usize),
}

/// A body: units between an opening and an end. The function has the parameters 0 (i32) and 1 (i64) and the locals
/// 2 (i32), 3 (i64) and from 4 on as many of i64 as it asks for.
struct Pattern {
    locals: usize,
    open: String,
    unit: Box<dyn Fn(usize) -> String + Send + Sync>,
    close: String,
    /// What the module declares besides [`SURROUNDINGS`].
    declared: String,
}

/// What bodies may name.
const SURROUNDINGS: &str = r#"
    (type $i64 (func (param i64)))
    (type $p16 (func (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)))
    (type $r16 (func (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)))
    (type $p16r16 (func (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
        (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)))
    (import "vm_hooks" "msg_reentrant" (func $host (result i32)))
    (memory (export "memory") 1)
    (table 16 funcref)
    (elem $listed (i32.const 0) func $nothing $takes16)
    (elem $passive func $nothing $nothing)
    (data $passive "0123456789abcdef")
    (global $i32 (mut i32) (i32.const 0))
    (global $i64 (mut i64) (i64.const 0))
    (func $nothing)
    (func $takes16 (type $p16))
    (func $gives16 (type $r16) i64.const 0 i64.const 0 i64.const 0 i64.const 0 i64.const 0 i64.const 0 i64.const 0
        i64.const 0 i64.const 0 i64.const 0 i64.const 0 i64.const 0 i64.const 0 i64.const 0 i64.const 0 i64.const 0)
    (func (export "user_entrypoint") (param i32) (result i32) i32.const 0)
"#;

impl Bomb {
    /// A module of about so many bytes, or of as many as the limits allow, in one function as far as a function may be
    /// that large.
    ///
    /// # Panics
    /// If the family is no WebAssembly.
    #[must_use]
    pub fn of_bytes(&self, bytes: usize) -> Vec<u8> {
        self.shaped(bytes, BODY_BYTES)
    }

    /// As [`Bomb::of_bytes`], in functions of at most so many bytes each.
    ///
    /// # Panics
    /// If the family is no WebAssembly.
    #[must_use]
    pub fn shaped(&self, bytes: usize, body_bytes: usize) -> Vec<u8> {
        let bytes = bytes.min(MODULE_BYTES);
        match &self.make {
            Make::Bodies(pattern) => pattern.module(bytes, body_bytes.min(BODY_BYTES)),
            Make::Module(make, count_max) => {
                let (one, few) = (make(1).len(), make(9).len());
                let each = few.saturating_sub(one).div_ceil(8).max(1);
                let mut count = (bytes.saturating_sub(one) / each).clamp(1, *count_max);
                // Later pieces may be longer than the first.
                while count > 1 && make(count).len() > bytes {
                    count -= count.div_ceil(32);
                }
                make(count)
            }
        }
    }

    /// Whether its modules can be cut into more and smaller functions.
    #[must_use]
    pub fn is_of_bodies(&self) -> bool {
        matches!(self.make, Make::Bodies(_))
    }
}

impl Pattern {
    fn module(&self, bytes: usize, body_bytes: usize) -> Vec<u8> {
        let length = |units: &[usize]| self.assemble(units).len();
        let (none, without_units) = (length(&[]), length(&[0]));
        let around = without_units - none;
        let room = bytes.saturating_sub(none);
        let body = body_bytes.min(room);
        let each = (length(&[8]) - without_units).div_ceil(8);
        let mut units = (body.saturating_sub(around) / each).max(1);
        // Later units may be longer than the first: their numbers are.
        while units > 1 && length(&[units]) - none > body {
            units -= units.div_ceil(32);
        }
        let functions = room / (length(&[units]) - none);
        self.assemble(&vec![units; functions.clamp(1, FUNCTIONS)])
    }

    /// A module of functions with so many units each.
    fn assemble(&self, units: &[usize]) -> Vec<u8> {
        let mut text = format!("(module {SURROUNDINGS} {}", self.declared);
        let locals = "i64 ".repeat(self.locals);
        for (index, units) in units.iter().enumerate() {
            let export = match index {
                0 => r#"(export "bomb")"#,
                _ => "",
            };
            text += &format!(
                "(func $bomb{index} {export} (param i32 i64) (local i32 i64 {locals}) {} ",
                self.open
            );
            for unit in 0..*units {
                text += &(self.unit)(unit);
                text.push(' ');
            }
            text += &self.close;
            text += ")\n";
        }
        text.push(')');
        wat::parse_str(&text).unwrap_or_else(|error| panic!("a bomb is no module: {error}"))
    }
}

/// A family of bodies of such units.
fn bodies(name: &'static str, unit: impl Fn(usize) -> String + Send + Sync + 'static) -> Bomb {
    Bomb {
        name,
        make: Make::Bodies(Pattern {
            locals: 0,
            open: String::new(),
            unit: Box::new(unit),
            close: String::new(),
            declared: String::new(),
        }),
    }
}

/// A family of bodies that say the same again and again.
fn repeated(name: &'static str, unit: &'static str) -> Bomb {
    bodies(name, move |_| unit.to_owned())
}

/// A family of modules.
fn modules(name: &'static str, count_max: usize, make: fn(usize) -> Vec<u8>) -> Bomb {
    Bomb {
        name,
        make: Make::Module(make, count_max),
    }
}

impl Bomb {
    fn pattern(mut self, change: impl FnOnce(&mut Pattern)) -> Bomb {
        if let Make::Bodies(pattern) = &mut self.make {
            change(pattern);
        }
        self
    }

    /// With what comes before the units and after them.
    fn between(self, open: impl Into<String>, close: impl Into<String>) -> Bomb {
        self.pattern(|pattern| {
            pattern.open = open.into();
            pattern.close = close.into();
        })
    }

    /// With so many locals of i64 from 4 on.
    fn locals(self, count: usize) -> Bomb {
        self.pattern(|pattern| pattern.locals = count)
    }

    /// With more in the module.
    fn declaring(self, text: impl Into<String>) -> Bomb {
        self.pattern(|pattern| pattern.declared = text.into())
    }
}

/// Every family.
#[must_use]
pub fn all() -> Vec<Bomb> {
    let mut all = control::families();
    all.extend(values::families());
    all.extend(calls::families());
    all.extend(module::families());
    all
}
