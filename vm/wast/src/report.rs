//! Counts of what a script's directives came to.

use std::collections::BTreeMap;

/// The directives that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A module that must be accepted and instantiated.
    Module,
    /// A call without an expectation: it must not trap.
    Invoke,
    /// `assert_return`.
    Return,
    /// `assert_trap`, of a call or of an instantiation.
    Trap,
    /// `assert_exhaustion`: the stack's words are used up.
    Exhaustion,
    /// `assert_invalid`: must be refused.
    Invalid,
    /// `assert_malformed`: must be refused.
    Malformed,
    /// `assert_unlinkable`: this crate's own linking must refuse it.
    Unlinkable,
}

impl Kind {
    /// Its name in scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Module => "module",
            Kind::Invoke => "invoke",
            Kind::Return => "assert_return",
            Kind::Trap => "assert_trap",
            Kind::Exhaustion => "assert_exhaustion",
            Kind::Invalid => "assert_invalid",
            Kind::Malformed => "assert_malformed",
            Kind::Unlinkable => "assert_unlinkable",
        }
    }
}

/// Why a directive is not run, or says nothing when run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exclusion {
    /// The call executed an instruction that computes with floats.
    FloatArithmetic,
    /// The call executed `table.get`, `set`, `grow`, `fill`, `size`, or an instruction on references.
    ReferenceInstruction,
    /// An argument or a result is a reference.
    ReferenceValue,
    /// The module has SIMD instructions or types.
    Simd,
    /// The module needs what was excluded: it imports from such a module, or its global begins with a
    /// reference.
    Depends,
    /// The answer depends on what an excluded call would have done to the same instance.
    AfterExcluded,
    /// The script tells two function types apart that are one without floats and references.
    FloatType,
    /// The module's text is malformed, so no bytes reach this machine.
    Text,
}

impl Exclusion {
    /// In words, for the table of exclusions.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Exclusion::FloatArithmetic => "executes float arithmetic",
            Exclusion::ReferenceInstruction => {
                "executes `table.get`, `table.set`, `table.grow`, `table.fill`, `table.size` of a table that has grown, or an instruction on references"
            }
            Exclusion::ReferenceValue => "passes or returns a reference",
            Exclusion::Simd => "the module has SIMD",
            Exclusion::Depends => "needs an excluded module, or a global of references",
            Exclusion::AfterExcluded => "depends on what an excluded call would have written",
            Exclusion::FloatType => {
                "tells function types apart that differ only in floats or references"
            }
            Exclusion::Text => "malformed text: nothing reaches the machine",
        }
    }
}

/// A directive that did not end as the script says.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Its script.
    pub script: String,
    /// Its line, from 1.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
    /// What happened, and what should have.
    pub what: String,
}

/// Counts of one script or several.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Directives that ended as the script says.
    pub passed: BTreeMap<Kind, u64>,
    /// Directives that are excluded.
    pub excluded: BTreeMap<(Exclusion, Kind), u64>,
    /// Of the modules that had to be refused, those refused for a rule of this machine (floats, imports,
    /// limits) before their own fault was met.
    pub refused_otherwise: u64,
    /// Every directive that failed.
    pub failed: Vec<Failed>,
}

impl Report {
    /// Directives of these kinds that passed.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.passed.values().sum()
    }

    /// Directives that are excluded.
    #[must_use]
    pub fn excluded(&self) -> u64 {
        self.excluded.values().sum()
    }

    /// Assertions on calls and instantiations that passed: `assert_return`, `assert_trap`,
    /// `assert_exhaustion`.
    #[must_use]
    pub fn run_assertions(&self) -> u64 {
        [Kind::Return, Kind::Trap, Kind::Exhaustion]
            .iter()
            .filter_map(|kind| self.passed.get(kind))
            .sum()
    }

    /// Adds the counts of another script.
    pub fn add(&mut self, other: Report) {
        for (kind, count) in other.passed {
            *self.passed.entry(kind).or_default() += count;
        }
        for (why, count) in other.excluded {
            *self.excluded.entry(why).or_default() += count;
        }
        self.refused_otherwise += other.refused_otherwise;
        self.failed.extend(other.failed);
    }
}
