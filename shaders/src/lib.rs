//! The WGSL compute kernels, and the lint that every WGSL module passes before it reaches wgpu.
//!
//! The lint proves of a module that no driver has a choice within one invocation: integers only, no division by zero,
//! no shift by 32 or more, loops that end, no access out of bounds, no read whose value depends on the order of
//! invocations. That no two invocations write the same word is not proved: this stays the duty of the author. The
//! order of the modules below is the order of the checks. docs/shaders.md is the page for authors of kernels.

#![forbid(unsafe_code)]

pub mod kernels;

pub mod chain;

pub mod tile;

pub mod block;

mod rule;
pub use rule::{LintError, Rule};

mod text;

mod types;

// The walk through executed code: the values it computes and what it knows of them, then the rules on them.
mod walk;

mod range;

mod values;

mod facts;

mod state;

mod evaluate;

mod memory;

mod arithmetic;

mod loops;

mod sharing;

#[cfg(test)]
mod soundness;

use naga::valid::{Capabilities, ValidationFlags, Validator};

/// A module that has passed the lint. There is no other way to make one.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'s> {
    source: &'s str,
}

impl<'s> Accepted<'s> {
    /// The WGSL text, as it was checked.
    pub fn source(&self) -> &'s str {
        self.source
    }
}

/// Checks a WGSL module; the first rule broken is the error.
pub fn lint(source: &str) -> Result<Accepted<'_>, LintError> {
    text::check(source)?;
    let module = naga::front::wgsl::parse_str(source).map_err(|parse| {
        let offset = parse
            .location(source)
            .map_or(0, |location| location.offset as usize);
        LintError::at(
            Rule::Syntax,
            source,
            offset.min(source.len()),
            parse.message(),
        )
    })?;
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .map_err(|invalid| {
            let offset = invalid
                .location(source)
                .map_or(0, |location| location.offset as usize);
            LintError::at(
                Rule::Validation,
                source,
                offset.min(source.len()),
                causes(invalid.as_inner()),
            )
        })?;
    types::check(source, &module, &info)?;
    walk::check(source, &module, &info)?;
    Ok(Accepted { source })
}

/// An error's text with that of its causes.
fn causes(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", causes(source)),
        None => error.to_string(),
    }
}
