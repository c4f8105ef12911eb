//! From naga's expressions to values, with the rules on what an expression may be.

use naga::{Expression, Handle, Literal, ScalarKind, Span, Type, TypeInner};

use crate::arithmetic;
use crate::memory::{Place, Root};
use crate::range::{Kind, Range};
use crate::rule::{LintError, Rule};
use crate::sharing::Refusal;
use crate::state::State;
use crate::values::{Taint, Value};
use crate::walk::{Known, Walk};

/// Kind and number of lanes of a type: 1 for scalars, 2 to 4 for vectors, 0 for the others.
pub(crate) fn shape(inner: &TypeInner) -> (Kind, u8) {
    let (scalar, lanes) = match *inner {
        TypeInner::Scalar(scalar) => (scalar, 1),
        TypeInner::Vector { size, scalar } => (scalar, size as u8),
        _ => return (Kind::Composite, 0),
    };
    match scalar.kind {
        ScalarKind::Sint => (Kind::I32, lanes),
        ScalarKind::Uint => (Kind::U32, lanes),
        ScalarKind::Bool => (Kind::Bool, lanes),
        _ => (Kind::Composite, 0),
    }
}

impl<'a> Walk<'a> {
    /// Evaluates an expression at the place where the module does, and applies the rules to it.
    pub(crate) fn emit(
        &mut self,
        handle: Handle<Expression>,
        state: &mut State,
    ) -> Result<(), LintError> {
        let function = self.frame().function;
        let span = function.expressions.get_span(handle);
        self.spend(span)?;
        let expression = &function.expressions[handle];
        if let Expression::Access { .. } | Expression::AccessIndex { .. } = expression {
            return self.emit_access(handle, expression, span, state);
        }
        let (kind, lanes) = shape(self.type_of(handle));
        let value = match *expression {
            Expression::Load { pointer } => {
                let place = self.place(pointer)?;
                self.load(&place, kind, lanes, span, state)?
            }
            Expression::Compose { ref components, .. } => self.compose(components, kind, lanes),
            Expression::Splat { value, .. } => {
                let value = self.value(value);
                self.values.compose(vec![value; lanes.into()], kind, lanes)
            }
            Expression::Swizzle {
                vector, pattern, ..
            } => {
                let vector = self.value(vector);
                let parts = pattern[..lanes.into()]
                    .iter()
                    .map(|&component| self.lane(vector, component as u8))
                    .collect();
                self.values.compose(parts, kind, lanes)
            }
            Expression::Unary { op, expr } => {
                let operand = self.value(expr);
                self.values.unary(op, operand)
            }
            Expression::Binary { op, left, right } => {
                let (left, right) = (self.value(left), self.value(right));
                arithmetic::check_binary(&self.values, &state.facts, op, right)
                    .map_err(|refusal| self.error(span, refusal))?;
                self.values.binary(op, left, right, kind, lanes)
            }
            Expression::Select {
                condition,
                accept,
                reject,
            } => {
                let (condition, accept, reject) = (
                    self.value(condition),
                    self.value(accept),
                    self.value(reject),
                );
                self.values.select(condition, accept, reject)
            }
            Expression::Relational { fun, argument } => {
                let argument = self.value(argument);
                self.values.relational(fun, argument)
            }
            Expression::Math {
                fun,
                arg,
                arg1,
                arg2,
                arg3,
            } => {
                let arguments = [Some(arg), arg1, arg2, arg3].into_iter().flatten();
                let arguments: Vec<Value> =
                    arguments.map(|argument| self.value(argument)).collect();
                arithmetic::check_math(&self.values, &state.facts, fun, &arguments)
                    .map_err(|refusal| self.error(span, refusal))?;
                self.values.math(fun, arguments, kind, lanes)
            }
            Expression::As { expr, .. } => {
                let operand = self.value(expr);
                self.values.cast(operand, kind)
            }
            Expression::ArrayLength(array) => {
                let place = self.place(array)?;
                self.length_of(&place)
            }
            // Evaluated where they are used.
            Expression::Literal(_)
            | Expression::Constant(_)
            | Expression::ZeroValue(_)
            | Expression::FunctionArgument(_)
            | Expression::GlobalVariable(_)
            | Expression::LocalVariable(_) => return Ok(()),
            ref other => {
                return Err(self.error(
                    span,
                    (
                        Rule::Builtin,
                        format!("{other:?} is not an integer operation"),
                    ),
                ));
            }
        };
        self.frame().known.insert(handle, Known::Value(value));
        Ok(())
    }

    /// An element, component or member: of a value, or a pointer to it.
    fn emit_access(
        &mut self,
        handle: Handle<Expression>,
        expression: &Expression,
        span: Span,
        state: &State,
    ) -> Result<(), LintError> {
        let (base, index) = match *expression {
            Expression::Access { base, index } => (base, self.value(index)),
            Expression::AccessIndex { base, index } => {
                (base, self.values.constant(index.into(), Kind::U32))
            }
            _ => return Ok(()),
        };
        let known = if self.is_pointer(base) {
            let mut place = self.place(base)?;
            self.check_index(base, Some(&place), index, state)
                .map_err(|refusal| self.error(span, refusal))?;
            place.path.push(index);
            Known::Place(place)
        } else {
            self.check_index(base, None, index, state)
                .map_err(|refusal| self.error(span, refusal))?;
            let base = self.value(base);
            let (kind, lanes) = shape(self.type_of(handle));
            Known::Value(self.values.element(base, index, kind, lanes))
        };
        self.frame().known.insert(handle, known);
        Ok(())
    }

    pub(crate) fn type_of(&self, handle: Handle<Expression>) -> &'a TypeInner {
        let info = self
            .frames
            .last()
            .expect("a frame is pushed before its body is walked")
            .info;
        info[handle].ty.inner_with(&self.module.types)
    }

    fn is_pointer(&self, handle: Handle<Expression>) -> bool {
        matches!(
            self.type_of(handle),
            TypeInner::Pointer { .. } | TypeInner::ValuePointer { .. }
        )
    }

    /// The value of an expression evaluated before, or that needs no evaluation.
    pub(crate) fn value(&mut self, handle: Handle<Expression>) -> Value {
        if let Some(Known::Value(value)) = self.frame().known.get(&handle) {
            return *value;
        }
        let frame = self.frame();
        match frame.function.expressions[handle] {
            Expression::FunctionArgument(index) => frame.arguments[index as usize],
            ref expression => {
                let (kind, lanes) = shape(self.type_of(handle));
                self.constant_expression(expression, kind, lanes, |walk, part| walk.value(part))
            }
        }
    }

    /// The value of an expression of the module's scope.
    fn global_value(&mut self, handle: Handle<Expression>) -> Value {
        let module = self.module;
        let (kind, lanes) = shape(self.info[handle].inner_with(&module.types));
        self.constant_expression(
            &module.global_expressions[handle],
            kind,
            lanes,
            |walk, part| walk.global_value(part),
        )
    }

    fn constant_expression(
        &mut self,
        expression: &Expression,
        kind: Kind,
        lanes: u8,
        mut part_value: impl FnMut(&mut Self, Handle<Expression>) -> Value,
    ) -> Value {
        match *expression {
            Expression::Literal(Literal::I32(number)) => {
                self.values.constant(number.into(), Kind::I32)
            }
            Expression::Literal(Literal::U32(number)) => {
                self.values.constant(number.into(), Kind::U32)
            }
            Expression::Literal(Literal::Bool(truth)) => {
                self.values.constant(truth.into(), Kind::Bool)
            }
            Expression::Constant(constant) => {
                self.global_value(self.module.constants[constant].init)
            }
            Expression::ZeroValue(ty) => self.zero(ty),
            Expression::Compose { ref components, .. } => {
                let parts = components
                    .iter()
                    .map(|&part| part_value(self, part))
                    .collect();
                self.flattened(parts, kind, lanes)
            }
            Expression::Splat { value, .. } => {
                let value = part_value(self, value);
                self.values.compose(vec![value; lanes.into()], kind, lanes)
            }
            // Nothing is known of it, and it may depend on anything.
            _ => {
                let taint = Taint::LOCAL.with(Taint::SHARED).with(Taint::DATA);
                self.values.opaque(kind, lanes, taint, Range::all(kind))
            }
        }
    }

    fn compose(&mut self, components: &[Handle<Expression>], kind: Kind, lanes: u8) -> Value {
        let parts = components
            .iter()
            .map(|&component| self.value(component))
            .collect();
        self.flattened(parts, kind, lanes)
    }

    /// A vector may be composed of shorter vectors: its components are theirs.
    fn flattened(&mut self, parts: Vec<Value>, kind: Kind, lanes: u8) -> Value {
        if lanes <= 1 {
            return self.values.compose(parts, kind, lanes);
        }
        let mut flat = Vec::new();
        for part in parts {
            match self.values.lanes(part) {
                1 => flat.push(part),
                width => flat.extend((0..width).map(|lane| self.lane(part, lane))),
            }
        }
        self.values.compose(flat, kind, lanes)
    }

    fn lane(&mut self, vector: Value, lane: u8) -> Value {
        let index = self.values.constant(lane.into(), Kind::U32);
        self.values
            .element(vector, index, self.values.kind(vector), 1)
    }

    /// The zero of a type. Arrays are not spelled out.
    pub(crate) fn zero(&mut self, ty: Handle<Type>) -> Value {
        let module = self.module;
        let inner = &module.types[ty].inner;
        let (kind, lanes) = shape(inner);
        match inner {
            TypeInner::Scalar(_) => self.values.constant(0, kind),
            TypeInner::Vector { .. } => {
                let zero = self.values.constant(0, kind);
                self.values.compose(vec![zero; lanes.into()], kind, lanes)
            }
            TypeInner::Struct { members, .. } => {
                let parts = members.iter().map(|member| self.zero(member.ty)).collect();
                self.values.compose(parts, kind, lanes)
            }
            _ => self
                .values
                .opaque(kind, lanes, Taint::NONE, Range::all(kind)),
        }
    }

    /// Where a pointer leads.
    pub(crate) fn place(&mut self, pointer: Handle<Expression>) -> Result<Place, LintError> {
        if let Some(Known::Place(place)) = self.frame().known.get(&pointer) {
            return Ok(place.clone());
        }
        let function = self.frame().function;
        let root = match function.expressions[pointer] {
            Expression::LocalVariable(local) => Root::Local(local),
            Expression::GlobalVariable(variable) => Root::Global(variable),
            _ => {
                let refusal = (
                    Rule::PointerArgument,
                    "a pointer that does not start at a variable".into(),
                );
                return Err(self.error(function.expressions.get_span(pointer), refusal));
            }
        };
        Ok(Place {
            root,
            path: Vec::new(),
        })
    }

    /// The number of elements of the runtime-sized array at `place`.
    pub(crate) fn length_of(&mut self, place: &Place) -> Value {
        let Root::Global(variable) = place.root else {
            return self
                .values
                .opaque(Kind::U32, 1, Taint::NONE, Range::new(0, 0));
        };
        let path: Vec<u32> = place
            .path
            .iter()
            .filter_map(|&part| self.values.constant_of(part))
            .map(|part| part as u32)
            .collect();
        let length = self.values.length(variable, path);
        if !self.lengths.contains(&length) {
            self.lengths.push(length);
        }
        length
    }

    /// Checks that the index into what `base` is, or points to, is in range.
    fn check_index(
        &mut self,
        base: Handle<Expression>,
        place: Option<&Place>,
        index: Value,
        state: &State,
    ) -> Result<(), Refusal> {
        let extent = self.extent(base);
        let count = match extent {
            Extent::Members => return Ok(()),
            Extent::Fixed(count) => self.values.constant(count.into(), Kind::U32),
            Extent::Runtime => match place {
                Some(place) => self.length_of(place),
                None => {
                    return Err((
                        Rule::IndexOutOfBounds,
                        "a runtime-sized array is not a value".into(),
                    ));
                }
            },
        };
        let range = state.facts.range(&self.values, index);
        if range.lo >= 0 && state.facts.proves(&self.values, index, count, -1) {
            return Ok(());
        }
        let wanted = match extent {
            Extent::Fixed(count) => format!("0..{count}"),
            _ => "0..arrayLength; guard it with `if (index < arrayLength(&buffer))` or take `min(index, arrayLength(&buffer) - 1u)`".into(),
        };
        let detail = format!(
            "the index lies in [{}, {}] and is not proved to be in {wanted}",
            range.lo, range.hi
        );
        Err((Rule::IndexOutOfBounds, detail))
    }

    fn extent(&self, base: Handle<Expression>) -> Extent {
        let inner = match *self.type_of(base) {
            TypeInner::Pointer { base, .. } => &self.module.types[base].inner,
            TypeInner::ValuePointer { size, .. } => {
                return Extent::Fixed(size.map_or(0, |size| size as u32));
            }
            ref inner => inner,
        };
        match *inner {
            TypeInner::Struct { .. } => Extent::Members,
            TypeInner::Vector { size, .. } => Extent::Fixed(size as u32),
            TypeInner::Array {
                size: naga::ArraySize::Constant(count),
                ..
            } => Extent::Fixed(count.get()),
            TypeInner::Array { .. } => Extent::Runtime,
            _ => Extent::Fixed(0),
        }
    }
}

/// How many parts a type has.
#[derive(Clone, Copy)]
enum Extent {
    /// A structure: naga has checked the member.
    Members,
    Fixed(u32),
    Runtime,
}
