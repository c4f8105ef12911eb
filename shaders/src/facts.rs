//! What is known on one path: narrower intervals, and differences `a <= b + k` between values.
//!
//! Differences are over the integers, not modulo 2^32: an addition takes part in a proof only where its interval, or the
//! proof itself, shows that it does not wrap.

use std::collections::{BTreeMap, HashMap};

use naga::{BinaryOperator as Op, MathFunction as Mf, UnaryOperator};

use crate::range::{Kind, Range};
use crate::values::{Node, Value, Values, math_range, unary_range};

/// How deep an expression is read when its interval is narrowed, and how long a chain of reasons may be.
const DEPTH: u32 = 24;
/// Steps a proof may take before it is given up.
const FUEL: u32 = 400;

/// Facts of one path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    narrowed: BTreeMap<Value, Range>,
    /// (a, b) → k with a <= b + k.
    below: BTreeMap<(Value, Value), i64>,
}

impl Facts {
    /// The value's interval on this path.
    pub(crate) fn range(&self, values: &Values, value: Value) -> Range {
        self.range_at(values, value, DEPTH, &mut HashMap::new())
    }

    fn range_at(
        &self,
        values: &Values,
        value: Value,
        depth: u32,
        memo: &mut HashMap<Value, Range>,
    ) -> Range {
        let mut range = values.range(value);
        if let Some(&narrowed) = self.narrowed.get(&value) {
            range = range.meet(narrowed);
        }
        if depth == 0 {
            return range;
        }
        if let Some(&range) = memo.get(&value) {
            return range;
        }
        let kind = values.kind(value);
        let mut of = |operand: Value| self.range_at(values, operand, depth - 1, memo);
        let computed = match values.node(value) {
            Node::Unary(op, operand) => unary_range(*op, of(*operand), kind),
            Node::Binary(op, left, right) => Range::binary(*op, of(*left), of(*right), kind),
            Node::Cast(operand, _) => of(*operand).cast(kind),
            Node::Math(function, arguments) => {
                let ranges: Vec<Range> = arguments.iter().map(|&argument| of(argument)).collect();
                math_range(*function, &ranges, kind)
            }
            &Node::Select(condition, accept, reject) => {
                let truth = of(condition);
                let sides = [(accept, true), (reject, false)];
                let possible = sides
                    .into_iter()
                    .filter(|&(_, taken)| truth != Range::of(i64::from(!taken)));
                possible
                    .map(|(side, taken)| {
                        if matches!(values.node(side), Node::Const(..)) {
                            return values.range(side);
                        }
                        let mut assumed = self.clone();
                        assumed.assume_at(values, condition, taken, depth / 2);
                        assumed.range_at(values, side, depth / 2, &mut HashMap::new())
                    })
                    .reduce(Range::hull)
                    .unwrap_or(range)
            }
            _ => range,
        };
        let range = range.meet(computed);
        memo.insert(value, range);
        range
    }

    /// Notes that the value lies in the interval.
    pub(crate) fn narrow(&mut self, value: Value, range: Range) {
        let narrowed = self
            .narrowed
            .get(&value)
            .map_or(range, |known| known.meet(range));
        self.narrowed.insert(value, narrowed);
    }

    /// Notes `a <= b + k`.
    pub(crate) fn note(&mut self, values: &Values, a: Value, b: Value, k: i64) {
        let known = self.below.entry((a, b)).or_insert(k);
        *known = k.min(*known);
        let (of_a, of_b) = (self.range(values, a), self.range(values, b));
        if of_a.hi > of_b.hi + k && of_a.lo <= of_b.hi + k {
            self.narrow(a, Range::new(of_a.lo, of_b.hi + k));
        }
        if of_b.lo < of_a.lo - k && of_b.hi >= of_a.lo - k {
            self.narrow(b, Range::new(of_a.lo - k, of_b.hi));
        }
    }

    /// Notes that the condition is true or false.
    pub(crate) fn assume(&mut self, values: &Values, condition: Value, truth: bool) {
        self.assume_at(values, condition, truth, DEPTH);
    }

    fn assume_at(&mut self, values: &Values, condition: Value, truth: bool, depth: u32) {
        if depth == 0 || values.lanes(condition) != 1 {
            return;
        }
        self.narrow(condition, Range::of(i64::from(truth)));
        match *values.node(condition) {
            Node::Unary(UnaryOperator::LogicalNot | UnaryOperator::BitwiseNot, operand) => {
                self.assume_at(values, operand, !truth, depth - 1);
            }
            // `a && b` is true only if both are, `a || b` is false only if both are.
            Node::Binary(Op::LogicalAnd | Op::And, left, right) if truth => {
                self.assume_at(values, left, true, depth - 1);
                self.assume_at(values, right, true, depth - 1);
            }
            Node::Binary(Op::LogicalOr | Op::InclusiveOr, left, right) if !truth => {
                self.assume_at(values, left, false, depth - 1);
                self.assume_at(values, right, false, depth - 1);
            }
            Node::Binary(op, left, right) if values.kind(left) != Kind::Bool => {
                self.compare(values, op, left, right, truth)
            }
            // `a && b` is `select(false, b, a)`, `a || b` is `select(true, b, a)` with the sides as written.
            Node::Select(chosen, accept, reject) if values.kind(condition) == Kind::Bool => {
                let impossible = Range::of(i64::from(!truth));
                if values.range(reject) == impossible {
                    self.assume_at(values, chosen, true, depth - 1);
                    self.assume_at(values, accept, truth, depth - 1);
                } else if values.range(accept) == impossible {
                    self.assume_at(values, chosen, false, depth - 1);
                    self.assume_at(values, reject, truth, depth - 1);
                }
            }
            _ => {}
        }
    }

    fn compare(&mut self, values: &Values, op: Op, left: Value, right: Value, truth: bool) {
        match (op, truth) {
            (Op::Less, true) | (Op::GreaterEqual, false) => self.note(values, left, right, -1),
            (Op::LessEqual, true) | (Op::Greater, false) => self.note(values, left, right, 0),
            (Op::Greater, true) | (Op::LessEqual, false) => self.note(values, right, left, -1),
            (Op::GreaterEqual, true) | (Op::Less, false) => self.note(values, right, left, 0),
            (Op::Equal, true) | (Op::NotEqual, false) => {
                self.note(values, left, right, 0);
                self.note(values, right, left, 0);
            }
            (Op::Equal, false) | (Op::NotEqual, true) => {
                self.exclude(values, left, right);
                self.exclude(values, right, left);
            }
            _ => {}
        }
    }

    /// Notes that `value` is not `other`: of use if `other` is the end of the interval.
    fn exclude(&mut self, values: &Values, value: Value, other: Value) {
        let (range, excluded) = (self.range(values, value), self.range(values, other));
        if excluded.is_single() && range.lo < range.hi {
            if excluded.lo == range.lo {
                self.narrow(value, Range::new(range.lo + 1, range.hi));
            } else if excluded.lo == range.hi {
                self.narrow(value, Range::new(range.lo, range.hi - 1));
            }
        }
    }

    /// What holds on both paths.
    pub(crate) fn join(&self, values: &Values, other: &Facts) -> Facts {
        let narrowed = self
            .narrowed
            .iter()
            .filter_map(|(&value, &range)| {
                let hull = range.hull(*other.narrowed.get(&value)?);
                (hull != values.range(value)).then_some((value, hull))
            })
            .collect();
        let below = self
            .below
            .iter()
            .filter_map(|(&pair, &k)| Some((pair, k.max(*other.below.get(&pair)?))))
            .collect();
        Facts { narrowed, below }
    }

    /// Proves `a <= b + k` over the integers. False means that no proof was found.
    pub(crate) fn proves(&self, values: &Values, a: Value, b: Value, k: i64) -> bool {
        let mut search = Search {
            facts: self,
            values,
            fuel: FUEL,
        };
        search.below(a, b, k, DEPTH)
    }
}

struct Search<'a> {
    facts: &'a Facts,
    values: &'a Values,
    fuel: u32,
}

impl Search<'_> {
    fn range(&self, value: Value) -> Range {
        self.facts.range(self.values, value)
    }

    /// Whether a <= b + k.
    fn below(&mut self, a: Value, b: Value, k: i64, depth: u32) -> bool {
        if self.fuel == 0 || depth == 0 {
            return false;
        }
        self.fuel -= 1;
        if a == b && k >= 0 {
            return true;
        }
        let (of_a, of_b) = (self.range(a), self.range(b));
        if of_a.hi <= of_b.lo + k {
            return true;
        }
        if of_a.lo > of_b.hi + k {
            return false;
        }
        self.below_by_left(a, of_a, b, k, depth - 1)
            || self.below_by_right(a, b, k, depth - 1)
            || self.below_by_facts(a, b, k, depth - 1)
            || self.below_as_sum(a, b, k, depth - 1)
    }

    fn below_by_facts(&mut self, a: Value, b: Value, k: i64, depth: u32) -> bool {
        let known: Vec<(Value, i64)> = self.above(a).collect();
        known
            .into_iter()
            .any(|(c, difference)| c != a && self.below(c, b, k - difference, depth))
    }

    /// Every (c, difference) with a <= c + difference among the facts.
    fn above(&self, a: Value) -> impl Iterator<Item = (Value, i64)> + '_ {
        let facts = &self.facts.below;
        facts
            .iter()
            .filter(move |((left, _), _)| *left == a)
            .map(|(&(_, right), &difference)| (right, difference))
    }

    /// By what `a` is made of.
    fn below_by_left(&mut self, a: Value, of_a: Range, b: Value, k: i64, depth: u32) -> bool {
        if let Some((base, offset)) = self.offset(a) {
            return self.below(base, b, k - offset, depth);
        }
        match self.values.node(a).clone() {
            Node::Math(Mf::Min, parts) => parts.iter().any(|&part| self.below(part, b, k, depth)),
            Node::Math(Mf::Max, parts) => parts.iter().all(|&part| self.below(part, b, k, depth)),
            Node::Math(Mf::Clamp, parts) => self.below(parts[2], b, k, depth),
            Node::Select(condition, accept, reject) => {
                let side = |value, taken| {
                    let mut assumed = self.facts.clone();
                    assumed.assume(self.values, condition, taken);
                    let mut search = Search {
                        facts: &assumed,
                        values: self.values,
                        fuel: self.fuel / 2,
                    };
                    search.below(value, b, k, depth)
                };
                side(accept, true) && side(reject, false)
            }
            Node::Cast(operand, _) => {
                self.range(operand).within(Range::all(self.values.kind(a)))
                    && self.below(operand, b, k, depth)
            }
            Node::Binary(Op::Divide | Op::ShiftRight, left, _)
                if self.range(left).lo >= 0 && of_a.lo >= 0 =>
            {
                self.below(left, b, k, depth)
            }
            Node::Binary(Op::And, left, right) => {
                // Masking a number that is not negative makes it no larger.
                (self.range(left).lo >= 0 && self.below(left, b, k, depth))
                    || (self.range(right).lo >= 0 && self.below(right, b, k, depth))
            }
            Node::Binary(Op::Modulo, left, right) if self.range(right).lo >= 1 => {
                self.below(right, b, k + 1, depth)
                    || (self.range(left).lo >= 0 && self.below(left, b, k, depth))
            }
            // left − right with 0 <= right <= left.
            Node::Binary(Op::Subtract, left, right) => {
                let subtracted = self.range(right);
                subtracted.lo >= 0
                    && self.below(right, left, 0, depth)
                    && self.below(left, b, k + subtracted.lo, depth)
            }
            _ => false,
        }
    }

    /// By what `b` is made of.
    fn below_by_right(&mut self, a: Value, b: Value, k: i64, depth: u32) -> bool {
        if let Some((base, offset)) = self.offset(b) {
            return self.below(a, base, k + offset, depth);
        }
        match self.values.node(b).clone() {
            Node::Math(Mf::Max, parts) => parts.iter().any(|&part| self.below(a, part, k, depth)),
            Node::Math(Mf::Min, parts) => parts.iter().all(|&part| self.below(a, part, k, depth)),
            Node::Cast(operand, _) => {
                self.range(operand).within(Range::all(self.values.kind(b)))
                    && self.below(a, operand, k, depth)
            }
            _ => false,
        }
    }

    /// `value` as another value plus a constant, where that does not wrap.
    fn offset(&self, value: Value) -> Option<(Value, i64)> {
        let single = |part| {
            Some(self.range(part))
                .filter(|range| range.is_single())
                .map(|range| range.lo)
        };
        let (base, offset) = match *self.values.node(value) {
            Node::Binary(Op::Add, left, right) => match (single(left), single(right)) {
                (_, Some(offset)) => (left, offset),
                (Some(offset), None) => (right, offset),
                (None, None) => return None,
            },
            Node::Binary(Op::Subtract, left, right) => (left, -single(right)?),
            _ => return None,
        };
        let range = self.range(base);
        let exact = Range::new(range.lo + offset, range.hi + offset);
        exact
            .within(Range::all(self.values.kind(value)))
            .then_some((base, offset))
    }

    /// The summands of `value`, none negative; one alone if it is not such a sum. `whole` keeps partial sums with facts.
    fn terms(&self, value: Value, whole: bool) -> Vec<Value> {
        let mut terms = Vec::new();
        let mut pending = vec![value];
        while let Some(part) = pending.pop() {
            match *self.values.node(part) {
                Node::Binary(Op::Add, left, right)
                    if self.values.kind(part) == Kind::U32
                        && terms.len() + pending.len() < 8
                        && !(whole && part != value && self.above(part).next().is_some()) =>
                {
                    pending.extend([left, right]);
                }
                _ => terms.push(part),
            }
        }
        terms
    }

    fn below_as_sum(&mut self, a: Value, b: Value, k: i64, depth: u32) -> bool {
        // First with partial sums of which something is known kept whole, then with every summand by itself.
        [true, false].into_iter().any(|whole| {
            let terms = self.terms(a, whole);
            terms.len() > 1 && self.sum_below(&terms, b, k, depth)
        })
    }

    /// Whether the sum of the terms, over the integers, is <= b + k; if so no partial sum wraps either, because none of
    /// them is negative and b + k fits. A term x <= t − z stands for "z elements from x on are there".
    fn sum_below(&mut self, terms: &[Value], b: Value, k: i64, depth: u32) -> bool {
        if depth == 0 || self.fuel == 0 || k > 0 {
            return false;
        }
        self.fuel -= 1;
        let highest: i64 = terms.iter().map(|&term| self.range(term).hi).sum();
        if highest <= self.range(b).lo + k {
            return true;
        }
        if let [term] = *terms {
            return self.below(term, b, k, depth - 1);
        }
        for (position, &term) in terms.iter().enumerate() {
            let rest: Vec<Value> = terms
                .iter()
                .enumerate()
                .filter(|&(other, _)| other != position)
                .map(|(_, &rest)| rest)
                .collect();
            let of_term = self.range(term);
            // A constant term.
            if of_term.is_single() && self.sum_below(&rest, b, k - of_term.lo, depth - 1) {
                return true;
            }
            let known: Vec<(Value, i64)> = self.above(term).collect();
            for (limit, difference) in known {
                if let Node::Binary(Op::Subtract, total, taken) = *self.values.node(limit)
                    && total == b
                    && self.below(taken, total, 0, depth - 1)
                    && self.sum_below(&rest, taken, k - difference, depth - 1)
                {
                    return true;
                }
            }
        }
        false
    }
}
