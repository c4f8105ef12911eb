//! Intervals of 32-bit integers, and how the operations move them.

use naga::BinaryOperator;

/// What a scalar, or each component of a vector, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    I32,
    U32,
    Bool,
    /// An array, a structure: no interval.
    Composite,
}

/// Every value between `lo` and `hi`, both included. Booleans are 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) lo: i64,
    pub(crate) hi: i64,
}

impl Range {
    pub(crate) const fn new(lo: i64, hi: i64) -> Range {
        Range { lo, hi }
    }

    pub(crate) const fn of(value: i64) -> Range {
        Range {
            lo: value,
            hi: value,
        }
    }

    /// Everything the type holds.
    pub(crate) const fn all(kind: Kind) -> Range {
        match kind {
            Kind::I32 => Range::new(i32::MIN as i64, i32::MAX as i64),
            Kind::U32 => Range::new(0, u32::MAX as i64),
            Kind::Bool => Range::new(0, 1),
            Kind::Composite => Range::new(i32::MIN as i64, u32::MAX as i64),
        }
    }

    pub(crate) fn is_single(self) -> bool {
        self.lo == self.hi
    }

    pub(crate) fn hull(self, other: Range) -> Range {
        Range::new(self.lo.min(other.lo), self.hi.max(other.hi))
    }

    /// The common part; if there is none the path is impossible, and keeping `self` is right.
    pub(crate) fn meet(self, other: Range) -> Range {
        let met = Range::new(self.lo.max(other.lo), self.hi.min(other.hi));
        if met.lo <= met.hi { met } else { self }
    }

    pub(crate) fn within(self, other: Range) -> bool {
        self.lo >= other.lo && self.hi <= other.hi
    }

    /// The result as the machine has it: exact if it can't wrap, else anything.
    fn wrapped(self, kind: Kind) -> Range {
        if self.within(Range::all(kind)) {
            self
        } else {
            Range::all(kind)
        }
    }

    /// Smallest and largest of an operation that is monotonic in each operand.
    fn corners(a: Range, b: Range, operation: impl Fn(i64, i64) -> i64) -> Range {
        let corners = [
            operation(a.lo, b.lo),
            operation(a.lo, b.hi),
            operation(a.hi, b.lo),
            operation(a.hi, b.hi),
        ];
        corners
            .into_iter()
            .map(Range::of)
            .reduce(Range::hull)
            .expect("four corners")
    }

    /// The result's interval, `kind` being the result's.
    pub(crate) fn binary(operator: BinaryOperator, a: Range, b: Range, kind: Kind) -> Range {
        use BinaryOperator as Op;
        let all = Range::all(kind);
        match operator {
            Op::Add => Range::new(a.lo + b.lo, a.hi + b.hi).wrapped(kind),
            Op::Subtract => Range::new(a.lo - b.hi, a.hi - b.lo).wrapped(kind),
            // The widest product of two 32-bit numbers is below 2^64 in size; i128 holds the corners.
            Op::Multiply => {
                let wide = |x: i64, y: i64| {
                    (x as i128 * y as i128).clamp(i64::MIN as i128, i64::MAX as i128) as i64
                };
                Range::corners(a, b, wide).wrapped(kind)
            }
            Op::Divide if b.lo >= 1 => Range::corners(a, b, |x, y| x / y),
            Op::Modulo if b.lo >= 1 => {
                let lo = if a.lo < 0 { a.lo.max(1 - b.hi) } else { 0 };
                let hi = if a.hi > 0 { a.hi.min(b.hi - 1) } else { 0 };
                Range::new(lo, hi)
            }
            Op::And if kind == Kind::Bool => Range::new(a.lo & b.lo, a.hi & b.hi),
            Op::And => match (a.lo >= 0, b.lo >= 0) {
                (true, true) => Range::new(0, a.hi.min(b.hi)),
                (true, false) => Range::new(0, a.hi),
                (false, true) => Range::new(0, b.hi),
                (false, false) => all,
            },
            Op::InclusiveOr | Op::ExclusiveOr if a.lo >= 0 && b.lo >= 0 => {
                let bits = 64 - (a.hi | b.hi).leading_zeros();
                let lo = if operator == Op::InclusiveOr {
                    a.lo.max(b.lo)
                } else {
                    0
                };
                Range::new(lo, (1 << bits) - 1)
            }
            Op::LogicalAnd => Range::new(a.lo & b.lo, a.hi & b.hi),
            Op::LogicalOr => Range::new(a.lo | b.lo, a.hi | b.hi),
            Op::ShiftLeft if b.within(Range::new(0, 31)) && a.lo >= 0 => {
                Range::new(a.lo << b.lo, a.hi << b.hi).wrapped(kind)
            }
            Op::ShiftRight if b.within(Range::new(0, 31)) => Range::corners(a, b, |x, y| x >> y),
            Op::Less | Op::GreaterEqual => {
                let truth = compared(a.hi < b.lo, a.lo >= b.hi);
                if operator == Op::Less {
                    truth
                } else {
                    negated(truth)
                }
            }
            Op::Greater | Op::LessEqual => {
                let truth = compared(a.lo > b.hi, a.hi <= b.lo);
                if operator == Op::Greater {
                    truth
                } else {
                    negated(truth)
                }
            }
            Op::Equal | Op::NotEqual => {
                let truth = compared(a.is_single() && a == b, a.hi < b.lo || b.hi < a.lo);
                if operator == Op::Equal {
                    truth
                } else {
                    negated(truth)
                }
            }
            _ => all,
        }
    }

    pub(crate) fn negate(self, kind: Kind) -> Range {
        Range::new(-self.hi, -self.lo).wrapped(kind)
    }

    /// The same bits taken as another type, or a conversion to or from bool.
    pub(crate) fn cast(self, kind: Kind) -> Range {
        if kind == Kind::Bool {
            return compared(self.lo > 0 || self.hi < 0, self == Range::of(0));
        }
        self.wrapped(kind)
    }

    /// Truth values swapped.
    pub(crate) fn not(self) -> Range {
        negated(self)
    }
}

fn compared(always: bool, never: bool) -> Range {
    match (always, never) {
        (true, _) => Range::of(1),
        (_, true) => Range::of(0),
        _ => Range::new(0, 1),
    }
}

fn negated(truth: Range) -> Range {
    Range::new(1 - truth.hi, 1 - truth.lo)
}
