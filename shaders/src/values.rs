//! Symbolic values: every value a shader computes is a node of one table; equal computations are the same node.
//!
//! A node never changes and says nothing about where it was computed, so two occurrences of `row * width` are one value,
//! and what a guard has shown of one holds for the other. What memory holds is made a node when it is loaded: uniforms
//! and read-only buffers don't change during a dispatch, so equal loads are equal nodes; anything else is `Opaque`.

use std::collections::HashMap;

use naga::{
    BinaryOperator as Op, BuiltIn, GlobalVariable, Handle, MathFunction, RelationalFunction,
    UnaryOperator,
};

use crate::range::{Kind, Range};

/// Index of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Value(u32);

/// How a value comes about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    Const(i64, Kind),
    BuiltIn(BuiltIn),
    /// What a uniform or read-only buffer holds.
    Memory(Handle<GlobalVariable>),
    /// Number of elements of the runtime-sized array at this place of a buffer.
    Length(Handle<GlobalVariable>, Vec<u32>),
    /// Something unknown; the number makes it different from all others.
    Opaque(u32),
    /// Components of a vector, elements of an array, members of a structure.
    Compose(Vec<Value>),
    /// A component, element or member.
    Element(Value, Value),
    Unary(UnaryOperator, Value),
    Binary(Op, Value, Value),
    /// Condition, value if true, value if false.
    Select(Value, Value, Value),
    Math(MathFunction, Vec<Value>),
    Relational(RelationalFunction, Value),
    /// To another type, keeping the bits, or to or from bool.
    Cast(Value, Kind),
}

/// What a value depends on, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Taint(u8);

impl Taint {
    pub(crate) const NONE: Taint = Taint(0);
    /// The invocation's id inside its workgroup.
    pub(crate) const LOCAL: Taint = Taint(1);
    /// The workgroup's id.
    pub(crate) const GROUP: Taint = Taint(2);
    /// The invocation's id in the whole dispatch.
    pub(crate) const GLOBAL: Taint = Taint(4);
    /// What other invocations stored.
    pub(crate) const SHARED: Taint = Taint(8);
    /// Tensor data.
    pub(crate) const DATA: Taint = Taint(16);

    pub(crate) fn with(self, other: Taint) -> Taint {
        Taint(self.0 | other.0)
    }

    pub(crate) fn has(self, other: Taint) -> bool {
        self.0 & other.0 == other.0
    }

    /// May differ between the invocations of a workgroup.
    pub(crate) fn varies(self) -> bool {
        self.0 & (Taint::LOCAL.0 | Taint::GLOBAL.0 | Taint::SHARED.0) != 0
    }
}

struct Entry {
    node: Node,
    kind: Kind,
    /// 1 for scalars, 2 to 4 for vectors, 0 for arrays and structures.
    lanes: u8,
    taint: Taint,
    range: Range,
}

/// All values of one walk.
pub(crate) struct Values {
    entries: Vec<Entry>,
    known: HashMap<Node, Value>,
    /// Components of vector operations, already taken apart.
    components: HashMap<(Value, Value), Value>,
    opaque: u32,
    workgroup_size: [u32; 3],
}

impl Values {
    /// `workgroup_size` bounds the local ids.
    pub(crate) fn new(workgroup_size: [u32; 3]) -> Values {
        Values {
            entries: Vec::new(),
            known: HashMap::new(),
            components: HashMap::new(),
            opaque: 0,
            workgroup_size,
        }
    }

    /// Number of nodes so far; later nodes have larger indices.
    pub(crate) fn mark(&self) -> Value {
        Value(self.entries.len() as u32)
    }

    pub(crate) fn node(&self, value: Value) -> &Node {
        &self.entries[value.0 as usize].node
    }

    pub(crate) fn kind(&self, value: Value) -> Kind {
        self.entries[value.0 as usize].kind
    }

    pub(crate) fn taint(&self, value: Value) -> Taint {
        self.entries[value.0 as usize].taint
    }

    /// The interval that holds on every path.
    pub(crate) fn range(&self, value: Value) -> Range {
        self.entries[value.0 as usize].range
    }

    pub(crate) fn lanes(&self, value: Value) -> u8 {
        self.entries[value.0 as usize].lanes
    }

    fn intern(&mut self, node: Node, kind: Kind, lanes: u8, taint: Taint, range: Range) -> Value {
        if let Some(&value) = self.known.get(&node) {
            return value;
        }
        let value = self.mark();
        self.known.insert(node.clone(), value);
        self.entries.push(Entry {
            node,
            kind,
            lanes,
            taint,
            range,
        });
        value
    }

    pub(crate) fn constant(&mut self, number: i64, kind: Kind) -> Value {
        self.intern(
            Node::Const(number, kind),
            kind,
            1,
            Taint::NONE,
            Range::of(number),
        )
    }

    pub(crate) fn builtin(&mut self, builtin: BuiltIn) -> Value {
        let (lanes, taint) = match builtin {
            BuiltIn::GlobalInvocationId => (3, Taint::GLOBAL),
            BuiltIn::LocalInvocationId => (3, Taint::LOCAL),
            BuiltIn::LocalInvocationIndex => (1, Taint::LOCAL),
            BuiltIn::WorkGroupId => (3, Taint::GROUP),
            _ => (3, Taint::NONE),
        };
        let [x, y, z] = self.workgroup_size.map(i64::from);
        let range = match builtin {
            BuiltIn::LocalInvocationIndex => Range::new(0, x * y * z - 1),
            BuiltIn::LocalInvocationId => Range::new(0, x.max(y).max(z) - 1),
            _ => Range::all(Kind::U32),
        };
        self.intern(Node::BuiltIn(builtin), Kind::U32, lanes, taint, range)
    }

    pub(crate) fn memory(&mut self, variable: Handle<GlobalVariable>, taint: Taint) -> Value {
        self.intern(
            Node::Memory(variable),
            Kind::Composite,
            0,
            taint,
            Range::all(Kind::Composite),
        )
    }

    /// Elements of a runtime-sized array: at least one, because wgpu refuses smaller bindings.
    pub(crate) fn length(&mut self, variable: Handle<GlobalVariable>, path: Vec<u32>) -> Value {
        let range = Range::new(1, u32::MAX.into());
        self.intern(
            Node::Length(variable, path),
            Kind::U32,
            1,
            Taint::NONE,
            range,
        )
    }

    /// A value of which only the interval is known.
    pub(crate) fn opaque(&mut self, kind: Kind, lanes: u8, taint: Taint, range: Range) -> Value {
        self.opaque += 1;
        self.intern(Node::Opaque(self.opaque), kind, lanes, taint, range)
    }

    pub(crate) fn compose(&mut self, parts: Vec<Value>, kind: Kind, lanes: u8) -> Value {
        let taint = self.taint_of(&parts);
        let range = match kind {
            Kind::Composite => Range::all(kind),
            _ => parts
                .iter()
                .map(|&part| self.range(part))
                .reduce(Range::hull)
                .unwrap_or(Range::all(kind)),
        };
        self.intern(Node::Compose(parts), kind, lanes, taint, range)
    }

    /// Component, element or member `index` of `base`; `kind` and `lanes` are the result's.
    pub(crate) fn element(&mut self, base: Value, index: Value, kind: Kind, lanes: u8) -> Value {
        let constant = self.constant_of(index);
        if let Some(number) = constant {
            match self.node(base).clone() {
                Node::Compose(parts) if (number as usize) < parts.len() => {
                    return parts[number as usize];
                }
                // A vector operation is that operation on each component.
                Node::Binary(op, left, right) if self.lanes(base) > 1 => {
                    if let Some(&component) = self.components.get(&(base, index)) {
                        return component;
                    }
                    let left = self.component(left, index);
                    let right = self.component(right, index);
                    let component = self.binary(op, left, right, kind, lanes);
                    self.components.insert((base, index), component);
                    return component;
                }
                _ => {}
            }
        }
        let taint = self.taint(base).with(self.taint(index));
        let range = match (self.node(base), constant) {
            (Node::BuiltIn(BuiltIn::LocalInvocationId), Some(axis @ 0..=2)) => {
                Range::new(0, i64::from(self.workgroup_size[axis as usize]) - 1)
            }
            _ if self.lanes(base) > 1 => self.range(base),
            (Node::Compose(parts), None) if lanes == 1 => parts
                .iter()
                .map(|&part| self.range(part))
                .reduce(Range::hull)
                .unwrap_or(Range::all(kind)),
            _ => Range::all(kind),
        };
        self.intern(Node::Element(base, index), kind, lanes, taint, range)
    }

    fn component(&mut self, vector: Value, index: Value) -> Value {
        if self.lanes(vector) > 1 {
            self.element(vector, index, self.kind(vector), 1)
        } else {
            vector
        }
    }

    pub(crate) fn unary(&mut self, op: UnaryOperator, operand: Value) -> Value {
        let kind = self.kind(operand);
        let range = unary_range(op, self.range(operand), kind);
        self.intern(
            Node::Unary(op, operand),
            kind,
            self.lanes(operand),
            self.taint(operand),
            range,
        )
    }

    pub(crate) fn binary(
        &mut self,
        op: Op,
        mut left: Value,
        mut right: Value,
        kind: Kind,
        lanes: u8,
    ) -> Value {
        let commutes = matches!(
            op,
            Op::Add | Op::Multiply | Op::And | Op::InclusiveOr | Op::ExclusiveOr
        );
        if commutes && left > right {
            (left, right) = (right, left);
        }
        let range = Range::binary(op, self.range(left), self.range(right), kind);
        let taint = self.taint(left).with(self.taint(right));
        self.intern(Node::Binary(op, left, right), kind, lanes, taint, range)
    }

    pub(crate) fn select(&mut self, condition: Value, accept: Value, reject: Value) -> Value {
        if accept == reject {
            return accept;
        }
        let range = self.range(accept).hull(self.range(reject));
        let taint = self.taint_of(&[condition, accept, reject]);
        let (kind, lanes) = (self.kind(accept), self.lanes(accept));
        self.intern(
            Node::Select(condition, accept, reject),
            kind,
            lanes,
            taint,
            range,
        )
    }

    pub(crate) fn math(
        &mut self,
        function: MathFunction,
        arguments: Vec<Value>,
        kind: Kind,
        lanes: u8,
    ) -> Value {
        let ranges: Vec<Range> = arguments
            .iter()
            .map(|&argument| self.range(argument))
            .collect();
        let range = math_range(function, &ranges, kind);
        let taint = self.taint_of(&arguments);
        self.intern(Node::Math(function, arguments), kind, lanes, taint, range)
    }

    pub(crate) fn relational(&mut self, function: RelationalFunction, argument: Value) -> Value {
        let taint = self.taint(argument);
        self.intern(
            Node::Relational(function, argument),
            Kind::Bool,
            1,
            taint,
            Range::all(Kind::Bool),
        )
    }

    pub(crate) fn cast(&mut self, operand: Value, kind: Kind) -> Value {
        if self.kind(operand) == kind {
            return operand;
        }
        let range = self.range(operand).cast(kind);
        self.intern(
            Node::Cast(operand, kind),
            kind,
            self.lanes(operand),
            self.taint(operand),
            range,
        )
    }

    /// The number, if the value is written as one.
    pub(crate) fn constant_of(&self, value: Value) -> Option<i64> {
        match *self.node(value) {
            Node::Const(number, _) => Some(number),
            _ => None,
        }
    }

    /// Whether the value is the same on both sides of `mark`: computed from nothing unknown that is younger.
    pub(crate) fn is_older(&self, value: Value, mark: Value) -> bool {
        let mut pending = vec![value];
        let mut seen = std::collections::HashSet::new();
        while let Some(value) = pending.pop() {
            if value < mark || !seen.insert(value) {
                continue;
            }
            match self.node(value) {
                Node::Opaque(_) => return false,
                Node::Const(..) | Node::BuiltIn(_) | Node::Memory(_) | Node::Length(..) => {}
                Node::Compose(parts) | Node::Math(_, parts) => pending.extend(parts),
                Node::Unary(_, operand) | Node::Relational(_, operand) | Node::Cast(operand, _) => {
                    pending.push(*operand)
                }
                Node::Element(a, b) | Node::Binary(_, a, b) => pending.extend([*a, *b]),
                Node::Select(a, b, c) => pending.extend([*a, *b, *c]),
            }
        }
        true
    }

    fn taint_of(&self, values: &[Value]) -> Taint {
        values
            .iter()
            .fold(Taint::NONE, |taint, &value| taint.with(self.taint(value)))
    }
}

pub(crate) fn unary_range(op: UnaryOperator, operand: Range, kind: Kind) -> Range {
    match op {
        UnaryOperator::Negate => operand.negate(kind),
        UnaryOperator::LogicalNot => operand.not(),
        UnaryOperator::BitwiseNot if kind == Kind::Bool => operand.not(),
        UnaryOperator::BitwiseNot if kind == Kind::I32 => {
            Range::new(-1 - operand.hi, -1 - operand.lo)
        }
        UnaryOperator::BitwiseNot => Range::new(
            i64::from(u32::MAX) - operand.hi,
            i64::from(u32::MAX) - operand.lo,
        ),
    }
}

/// Interval of a builtin's result.
pub(crate) fn math_range(function: MathFunction, arguments: &[Range], kind: Kind) -> Range {
    use MathFunction as Mf;
    match (function, arguments) {
        (Mf::Min, &[a, b]) => Range::new(a.lo.min(b.lo), a.hi.min(b.hi)),
        (Mf::Max, &[a, b]) => Range::new(a.lo.max(b.lo), a.hi.max(b.hi)),
        (Mf::Clamp, &[a, lo, hi]) => {
            Range::new(a.lo.max(lo.lo).min(hi.lo), a.hi.max(lo.hi).min(hi.hi))
        }
        (Mf::Sign, &[_]) => Range::new(-1, 1),
        (Mf::CountLeadingZeros | Mf::CountTrailingZeros | Mf::CountOneBits, _) => Range::new(0, 32),
        (Mf::Unpack4xI8, _) => Range::new(-128, 127),
        (Mf::Unpack4xU8, _) => Range::new(0, 255),
        (Mf::Dot4I8Packed, _) => Range::new(-4 * 128 * 127, 4 * 128 * 128),
        (Mf::Dot4U8Packed, _) => Range::new(0, 4 * 255 * 255),
        (Mf::ExtractBits, &[_, _, count]) if kind == Kind::U32 && (0..32).contains(&count.hi) => {
            Range::new(0, (1 << count.hi) - 1)
        }
        (Mf::ExtractBits, &[_, _, count]) if kind == Kind::I32 && (1..33).contains(&count.hi) => {
            Range::new(-(1 << (count.hi - 1)), (1 << (count.hi - 1)) - 1)
        }
        _ => Range::all(kind),
    }
}
