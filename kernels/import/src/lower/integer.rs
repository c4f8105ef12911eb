//! Element-wise operators on integers and booleans.
//!
//! TOSA computes these in i32; narrower integers are widened, and what is stored again keeps the low bits, as
//! ONNX's integers wrap.

use aivm_tosa::DataType;

use super::layout::axis;
use super::{Lowered, Lowering, NodeView, QUANTISE, shapes, unsupported};
use crate::constant::Element;
use crate::tosa_file::Op;
use crate::value::{Activation, Int, Value};

impl<'a> Lowering<'a> {
    /// An operator on integers.
    pub(super) fn integer(&mut self, node: &NodeView<'a>) -> Lowered<Vec<Value>> {
        let int = match node.op() {
            "ArgMax" => self.arg_max(node)?,
            "Where" => self.choose(node)?,
            "Abs" | "Neg" | "Not" | "BitwiseNot" | "Sign" => self.unary(node)?,
            _ => {
                let mut result = self.int(node, 0)?;
                // Max and Min take any number of operands.
                for index in 1..node.input_count().max(2) {
                    let other = self.int(node, index)?;
                    result = self.binary(node, result, other)?;
                }
                result
            }
        };
        Ok(vec![Value::Int(int)])
    }

    fn unary(&mut self, node: &NodeView<'a>) -> Lowered<Int> {
        let int = self.int(node, 0)?;
        let shape = self.writer.dimensions(int.activation.id).to_vec();
        let id = int.activation.id;
        let data_type = self.writer.data_type(id);
        let direct = match (node.op(), int.element) {
            ("Not", Element::Bool) => Some(Op::LogicalNot),
            ("BitwiseNot", Element::I8 | Element::U8 | Element::I16 | Element::I32) => {
                Some(Op::BitwiseNot)
            }
            ("Abs", Element::I32) => Some(Op::Abs),
            _ => None,
        };
        if let Some(op) = direct {
            let id = self.emit(op, &[id.into()], data_type, &shape)?;
            return Ok(Int {
                activation: Activation {
                    id,
                    ..int.activation
                },
                ..int
            });
        }
        let wide = self.wide(&int)?;
        let id = match (node.op(), int.element) {
            ("Abs", Element::I8 | Element::I16 | Element::U8) => {
                self.emit(Op::Abs, &[wide.id.into()], DataType::I32, &shape)?
            }
            ("Neg", Element::I8 | Element::I16 | Element::I32) => {
                let zero = self.scalar(DataType::I32, 0)?;
                self.emit(
                    Op::Negate,
                    &[wide.id.into(), zero, zero],
                    DataType::I32,
                    &shape,
                )?
            }
            ("Sign", Element::I8 | Element::I16 | Element::I32 | Element::U8) => {
                let id = self.emit_beside(Op::Maximum, wide.id, &[-1])?;
                self.emit_beside(Op::Minimum, id, &[1])?
            }
            _ => {
                return Err(unsupported(
                    format!("{} of {}", node.op(), int.element.name()),
                    QUANTISE,
                ));
            }
        };
        self.narrow(Activation { id, ..wide }, int.element)
    }

    fn binary(&mut self, node: &NodeView<'a>, a: Int, b: Int) -> Lowered<Int> {
        let element = a.element;
        if element != b.element {
            return Err(shapes(format!(
                "{} beside {}",
                element.name(),
                b.element.name()
            )));
        }
        let op = match (node.op(), element) {
            ("And", Element::Bool) => Op::LogicalAnd,
            ("Or", Element::Bool) => Op::LogicalOr,
            ("Xor", Element::Bool) => Op::LogicalXor,
            ("Equal", Element::Bool) => {
                let [a, b] = self.aligned([a.activation, b.activation])?;
                let differs = self.broadcast(Op::LogicalXor, [a, b], DataType::Bool, &[])?;
                let shape = self.writer.dimensions(differs.id).to_vec();
                let id = self.emit(Op::LogicalNot, &[differs.id.into()], DataType::Bool, &shape)?;
                return Ok(Int {
                    activation: Activation { id, ..differs },
                    element,
                });
            }
            (_, Element::Bool) => {
                return Err(unsupported(
                    format!("{} of bool", node.op()),
                    "And, Or, Xor, Not",
                ));
            }
            ("Add", _) => Op::Add,
            ("Sub", _) => Op::Sub,
            ("Mul", _) => Op::Mul,
            ("Div", _) => Op::IntDiv,
            ("Max", _) => Op::Maximum,
            ("Min", _) => Op::Minimum,
            ("BitwiseAnd", _) => Op::BitwiseAnd,
            ("BitwiseOr", _) => Op::BitwiseOr,
            ("BitwiseXor", _) => Op::BitwiseXor,
            // The other bits of a wider integer would be shifted in.
            ("BitShift", Element::U8) if node.text("direction") == Some("LEFT") => {
                Op::LogicalLeftShift
            }
            ("BitShift", Element::U8) if node.text("direction") == Some("RIGHT") => {
                Op::LogicalRightShift
            }
            ("Equal", _) => Op::Equal,
            ("Greater" | "Less", _) => Op::Greater,
            ("GreaterOrEqual" | "LessOrEqual", _) => Op::GreaterEqual,
            (op, _) => return Err(unsupported(format!("{op} of {}", element.name()), QUANTISE)),
        };
        let (a, b) = if matches!(node.op(), "Less" | "LessOrEqual") {
            (b, a)
        } else {
            (a, b)
        };
        let operands = match element {
            Element::Bool => [a.activation, b.activation],
            _ => [self.wide(&a)?, self.wide(&b)?],
        };
        let operands = self.aligned(operands)?;
        let more = if op == Op::Mul {
            vec![self.scalar(DataType::I8, 0)?]
        } else {
            Vec::new()
        };
        if element == Element::Bool || matches!(op, Op::Equal | Op::Greater | Op::GreaterEqual) {
            let activation = self.broadcast(op, operands, DataType::Bool, &more)?;
            return Ok(Int {
                activation,
                element: Element::Bool,
            });
        }
        let activation = self.broadcast(op, operands, DataType::I32, &more)?;
        self.narrow(activation, element)
    }

    /// Where: a condition, and two tensors of one type.
    fn choose(&mut self, node: &NodeView<'a>) -> Lowered<Int> {
        let (condition, a, b) = (self.int(node, 0)?, self.int(node, 1)?, self.int(node, 2)?);
        if condition.element != Element::Bool || a.element != b.element {
            return Err(shapes(
                "a condition that is not bool, or operands of two types",
            ));
        }
        let rank = [&condition, &a, &b]
            .map(|int| int.activation.shape.len())
            .into_iter()
            .max()
            .unwrap_or(0);
        let mut operands = Vec::new();
        let mut shape = vec![1; rank];
        for int in [&condition, &a, &b] {
            let plain = self.plain(&int.activation)?;
            let aligned = self.with_rank(&plain, rank)?;
            for (side, &own) in shape.iter_mut().zip(&aligned.shape) {
                *side = own.max(*side);
            }
            operands.push(aligned.id.into());
        }
        let id = self.emit(Op::Select, &operands, Int::stored_type(a.element), &shape)?;
        Ok(Int {
            activation: Activation::plain(id, shape),
            element: a.element,
        })
    }

    /// The first index of the largest element, as int32 (ONNX: int64).
    fn arg_max(&mut self, node: &NodeView<'a>) -> Lowered<Int> {
        let activation = match self.value(node, 0)? {
            Value::Int(int) if matches!(int.element, Element::I8 | Element::U8) => int.activation,
            _ => self.real8(node, 0)?.0.activation,
        };
        if node.int("select_last_index", 0) != 0 {
            return Err(unsupported(
                "select_last_index",
                "the first index is what TOSA gives",
            ));
        }
        let plain = self.plain(&activation)?;
        let at =
            axis(node.int("axis", 0), plain.shape.len()).ok_or_else(|| shapes("no such axis"))?;
        let mut shape = plain.shape.clone();
        shape.remove(at);
        let op = Op::ArgMax { axis: at as u32 };
        let mut id = self.emit(op, &[plain.id.into()], DataType::I32, &shape)?;
        if node.int("keepdims", 1) != 0 {
            shape.insert(at, 1);
            id = self.reshape_to(id, &shape)?;
        }
        self.note("indices are int32");
        Ok(Int {
            activation: Activation::plain(id, shape),
            element: Element::I32,
        })
    }

    /// The values (not what is stored) as i32.
    fn wide(&mut self, int: &Int) -> Lowered<Activation> {
        let mut activation = int.activation.clone();
        let shape = self.writer.dimensions(activation.id).to_vec();
        if self.writer.data_type(activation.id) != DataType::I32 {
            activation.id = self.emit(Op::Cast, &[activation.id.into()], DataType::I32, &shape)?;
        }
        self.shifted(activation, Int::offset(int.element))
    }

    /// i32 values as integers of a type: the low bits.
    fn narrow(&mut self, activation: Activation, element: Element) -> Lowered<Int> {
        let mut activation = self.shifted(activation, -Int::offset(element))?;
        let shape = self.writer.dimensions(activation.id).to_vec();
        let data_type = Int::stored_type(element);
        if data_type != DataType::I32 {
            activation.id = self.emit(Op::Cast, &[activation.id.into()], data_type, &shape)?;
        }
        Ok(Int {
            activation,
            element,
        })
    }

    fn shifted(&mut self, mut activation: Activation, by: i64) -> Lowered<Activation> {
        if by != 0 {
            activation.id = self.emit_beside(Op::Add, activation.id, &[by])?;
        }
        Ok(activation)
    }
}
