//! What an element-wise operator computes, as a WGSL expression.

use super::Element;

/// An element-wise operator with what its text depends on. Types are those of [`super::Node::output`] and of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// ABS of i32.
    Abs,
    /// ADD.
    Add,
    /// ARITHMETIC_RIGHT_SHIFT.
    ArithmeticRightShift {
        /// Whether the last bit shifted out is added.
        round: bool,
    },
    /// BITWISE_AND.
    BitwiseAnd,
    /// BITWISE_NOT.
    BitwiseNot,
    /// BITWISE_OR.
    BitwiseOr,
    /// BITWISE_XOR.
    BitwiseXor,
    /// CAST.
    Cast,
    /// CLAMP. Arguments: the bounds.
    Clamp,
    /// CLZ of i32.
    Clz,
    /// EQUAL.
    Equal,
    /// GREATER.
    Greater,
    /// GREATER_EQUAL.
    GreaterEqual,
    /// INTDIV.
    IntDiv,
    /// LOGICAL_AND.
    LogicalAnd,
    /// LOGICAL_LEFT_SHIFT.
    LogicalLeftShift,
    /// LOGICAL_NOT.
    LogicalNot,
    /// LOGICAL_OR.
    LogicalOr,
    /// LOGICAL_RIGHT_SHIFT.
    LogicalRightShift,
    /// LOGICAL_XOR.
    LogicalXor,
    /// MAXIMUM.
    Maximum,
    /// MINIMUM.
    Minimum,
    /// MUL.
    Mul {
        /// Whether the product is shifted, by 1 to 63: the argument.
        shifted: bool,
    },
    /// NEGATE. Arguments: zero points of input and output.
    Negate,
    /// RESCALE. Arguments: zero points of input and output; then multiplier and shift, or, if `per_channel`, the first
    /// word of the table, which holds a multiplier and a shift for each channel, and the number of channels.
    Rescale {
        /// The type of the operand.
        input: Element,
        /// Whether the operand's bits are read as unsigned: i8 and i16.
        input_unsigned: bool,
        /// Whether the result saturates as an unsigned number: i8 and i16.
        output_unsigned: bool,
        /// Whether each element of the last axis has a factor of its own.
        per_channel: bool,
        /// Whether shifts above 31 round twice; not for i48.
        double_round: bool,
    },
    /// A reduction along the last axis: only of a chain over rows.
    Reduce(Reduction),
    /// SELECT.
    Select,
    /// SUB.
    Sub,
    /// TABLE of i8. Argument: the table's first word; 256 entries of one byte.
    TableI8,
    /// TABLE of i16. Argument: the table's first word; 513 entries of two bytes.
    TableI16,
}

/// What a reduction makes of the elements of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reduction {
    /// REDUCE_MAX, and REDUCE_ANY, whose elements are 0 or 1.
    Max,
    /// REDUCE_MIN, and REDUCE_ALL.
    Min,
    /// REDUCE_SUM of i32, wrapping.
    Sum,
}

impl Reduction {
    /// What a row of no elements would give.
    pub(super) const fn start(self) -> &'static str {
        match self {
            Reduction::Max => "i32(0x80000000u)",
            Reduction::Min => "0x7fffffff",
            Reduction::Sum => "0",
        }
    }

    /// The result of what was combined before and one more element.
    pub(super) fn combined(self, total: &str, value: &str) -> String {
        match self {
            Reduction::Max => format!("max({total}, {value})"),
            Reduction::Min => format!("min({total}, {value})"),
            Reduction::Sum => format!("{total} + {value}"),
        }
    }
}

/// One parameter of an operator: a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name in the kernel's parameters, before the node's number.
    pub name: &'static str,
    /// Its WGSL type.
    pub(super) wgsl_type: &'static str,
}

const fn signed(name: &'static str) -> Argument {
    Argument {
        name,
        wgsl_type: "i32",
    }
}

const fn unsigned(name: &'static str) -> Argument {
    Argument {
        name,
        wgsl_type: "u32",
    }
}

const CHANNELS: Argument = unsigned("channels");
const HIGH: Argument = signed("high");
const INPUT_ZP: Argument = signed("input_zp");
const LOW: Argument = signed("low");
const MULTIPLIER: Argument = signed("multiplier");
const OUTPUT_ZP: Argument = signed("output_zp");
const SHIFT: Argument = unsigned("shift");
const TABLE: Argument = unsigned("table");

impl Function {
    /// TOSA's name in lower case, as other kernels' names are.
    pub const fn name(&self) -> &'static str {
        match self {
            Function::Abs => "abs",
            Function::Add => "add",
            Function::ArithmeticRightShift { .. } => "arithmetic_right_shift",
            Function::BitwiseAnd => "bitwise_and",
            Function::BitwiseNot => "bitwise_not",
            Function::BitwiseOr => "bitwise_or",
            Function::BitwiseXor => "bitwise_xor",
            Function::Cast => "cast",
            Function::Clamp => "clamp",
            Function::Clz => "clz",
            Function::Equal => "equal",
            Function::Greater => "greater",
            Function::GreaterEqual => "greater_equal",
            Function::IntDiv => "intdiv",
            Function::LogicalAnd => "logical_and",
            Function::LogicalLeftShift => "logical_left_shift",
            Function::LogicalNot => "logical_not",
            Function::LogicalOr => "logical_or",
            Function::LogicalRightShift => "logical_right_shift",
            Function::LogicalXor => "logical_xor",
            Function::Maximum => "maximum",
            Function::Minimum => "minimum",
            Function::Mul { .. } => "mul",
            Function::Negate => "negate",
            Function::Rescale { .. } => "rescale",
            Function::Reduce(Reduction::Max) => "reduce_max",
            Function::Reduce(Reduction::Min) => "reduce_min",
            Function::Reduce(Reduction::Sum) => "reduce_sum",
            Function::Select => "select",
            Function::Sub => "sub",
            Function::TableI8 | Function::TableI16 => "table",
        }
    }

    /// The names of all element-wise operators, in order.
    pub const NAMES: [&'static str; 28] = [
        "abs",
        "add",
        "arithmetic_right_shift",
        "bitwise_and",
        "bitwise_not",
        "bitwise_or",
        "bitwise_xor",
        "cast",
        "clamp",
        "clz",
        "equal",
        "greater",
        "greater_equal",
        "intdiv",
        "logical_and",
        "logical_left_shift",
        "logical_not",
        "logical_or",
        "logical_right_shift",
        "logical_xor",
        "maximum",
        "minimum",
        "mul",
        "negate",
        "rescale",
        "select",
        "sub",
        "table",
    ];

    /// How many operands it reads.
    pub const fn operands(&self) -> usize {
        match self {
            Function::Abs
            | Function::BitwiseNot
            | Function::Cast
            | Function::Clamp
            | Function::Clz
            | Function::LogicalNot
            | Function::Negate
            | Function::Reduce(_)
            | Function::Rescale { .. }
            | Function::TableI8
            | Function::TableI16 => 1,
            Function::Select => 3,
            _ => 2,
        }
    }

    /// Its parameters, in order.
    pub const fn arguments(&self) -> &'static [Argument] {
        match self {
            Function::Clamp => &[LOW, HIGH],
            Function::Mul { shifted: true } => &[SHIFT],
            Function::Negate => &[INPUT_ZP, OUTPUT_ZP],
            Function::Rescale {
                per_channel: false, ..
            } => &[INPUT_ZP, OUTPUT_ZP, MULTIPLIER, SHIFT],
            Function::Rescale {
                per_channel: true, ..
            } => &[INPUT_ZP, OUTPUT_ZP, TABLE, CHANNELS],
            Function::TableI8 | Function::TableI16 => &[TABLE],
            _ => &[],
        }
    }

    /// Whether it looks up in a table, whose first word the argument `table` names.
    pub fn has_table(&self) -> bool {
        self.arguments().contains(&TABLE)
    }

    /// The result as an expression of type i32. `operand` gives the text of an operand, `argument` that of a
    /// parameter; `place` is where the expression stands.
    pub(super) fn expression(
        &self,
        output: Element,
        operand: impl Fn(usize) -> String,
        argument: impl Fn(&str) -> String,
        place: &Place,
    ) -> String {
        let binary = |symbol: &str| format!("{} {symbol} {}", operand(0), operand(1));
        let whether = |symbol: &str| format!("select(0, 1, {})", binary(symbol));
        let amount = || format!("(u32({}) & {}u)", operand(1), bits(output) - 1);
        match self {
            Function::Abs => format!("max({0}, -{0})", operand(0)),
            Function::Add => binary("+"),
            Function::ArithmeticRightShift { round: false } => {
                format!("{} >> {}", operand(0), amount())
            }
            Function::ArithmeticRightShift { round: true } => {
                format!("rounding_shift({}, {})", operand(0), amount())
            }
            Function::BitwiseAnd | Function::LogicalAnd => binary("&"),
            Function::BitwiseNot => format!("~{}", operand(0)),
            Function::BitwiseOr | Function::LogicalOr => binary("|"),
            Function::BitwiseXor | Function::LogicalXor => binary("^"),
            Function::Cast if output == Element::Bool => {
                format!("select(0, 1, {} != 0)", operand(0))
            }
            Function::Cast => low(output, &operand(0)),
            Function::Clamp => {
                let (low, high) = (argument("low"), argument("high"));
                format!("min(max({}, {low}), {high})", operand(0))
            }
            Function::Clz => format!("i32(countLeadingZeros(u32({})))", operand(0)),
            Function::Equal => whether("=="),
            Function::Greater => whether(">"),
            Function::GreaterEqual => whether(">="),
            Function::IntDiv => format!("int_div({}, {})", operand(0), operand(1)),
            Function::LogicalLeftShift => low(output, &format!("{} << {}", operand(0), amount())),
            Function::LogicalNot => format!("{} ^ 1", operand(0)),
            Function::LogicalRightShift if output == Element::I32 => {
                format!("i32(u32({}) >> {})", operand(0), amount())
            }
            Function::LogicalRightShift => {
                let bits = format!("(u32({}) & {:#x}u)", operand(0), mask(output));
                low(output, &format!("i32({bits} >> {})", amount()))
            }
            Function::Maximum => format!("max({}, {})", operand(0), operand(1)),
            Function::Minimum => format!("min({}, {})", operand(0), operand(1)),
            Function::Mul { shifted: false } => binary("*"),
            Function::Mul { shifted: true } => {
                let shift = argument("shift");
                format!("scale({}, {}, {shift}, false)", operand(0), operand(1))
            }
            Function::Negate => {
                let (input_zp, output_zp) = (argument("input_zp"), argument("output_zp"));
                let negated = format!("{output_zp} - ({} - {input_zp})", operand(0));
                saturated(output, false, &negated)
            }
            Function::Reduce(_) => unreachable!("a loop computes it"),
            Function::Rescale { .. } => self.rescale(output, &operand(0), argument, place),
            Function::Select => {
                let (chosen, other) = (operand(1), operand(2));
                format!("select({other}, {chosen}, {} != 0)", operand(0))
            }
            Function::Sub => binary("-"),
            Function::TableI8 => format!("table_i8({}, {})", argument("table"), operand(0)),
            Function::TableI16 => format!("table_i16({}, {})", argument("table"), operand(0)),
        }
    }

    fn rescale(
        &self,
        output: Element,
        operand: &str,
        argument: impl Fn(&str) -> String,
        place: &Place,
    ) -> String {
        let &Function::Rescale {
            input,
            input_unsigned,
            output_unsigned,
            per_channel,
            double_round,
        } = self
        else {
            unreachable!("only RESCALE asks");
        };
        let factor = if per_channel {
            let channel = match place.channel {
                Some(channel) => channel.to_owned(),
                // The flat index runs through the last axis, and so through its factors, again and again.
                None => format!("({} % max({}, 1u))", place.element, argument("channels")),
            };
            let at = format!("{} + 2u * {channel}", argument("table"));
            format!("i32(table_word({at})), table_word({at} + 1u)")
        } else {
            format!("{}, {}", argument("multiplier"), argument("shift"))
        };
        let scaled = if input == Element::I48 {
            format!("scale_wide({operand}, {factor})")
        } else {
            let value = if input_unsigned {
                format!("({operand} & {:#x})", mask(input))
            } else {
                operand.to_owned()
            };
            let value = format!("{value} - {}", argument("input_zp"));
            format!("scale({value}, {factor}, {double_round})")
        };
        let moved = format!("{scaled} + {}", argument("output_zp"));
        let saturated = saturated(output, output_unsigned, &moved);
        if output_unsigned {
            low(output, &saturated)
        } else {
            saturated
        }
    }

    /// The snippets that its expression calls, those of other snippets included.
    pub(super) fn snippets(&self, output: Element) -> &'static [Snippet] {
        use Snippet::*;
        match self {
            Function::ArithmeticRightShift { round: true } => &[RoundingShift],
            Function::Cast | Function::LogicalLeftShift | Function::LogicalRightShift
                if matches!(output, Element::I8 | Element::I16) =>
            {
                &[LowBits]
            }
            Function::IntDiv => &[IntDiv],
            Function::Mul { shifted: true } => &[Scale, Wide],
            Function::Rescale {
                input: Element::I48,
                ..
            } => &[ScaleWide, Wide],
            Function::Rescale {
                output_unsigned: true,
                ..
            } => &[LowBits, Scale, Wide],
            Function::Rescale { .. } => &[Scale, Wide],
            Function::TableI8 => &[TableI8, Lanes],
            Function::TableI16 => &[TableI16, Lanes],
            _ => &[],
        }
    }
}

/// The names of variables of which an expression may make use where it stands.
pub(super) struct Place {
    /// The index of the result's element.
    pub(super) element: &'static str,
    /// Its index along the last axis, if there is a variable that holds it.
    pub(super) channel: Option<&'static str>,
}

/// WGSL functions that expressions call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Snippet {
    IntDiv,
    RoundingShift,
    LowBits,
    TableI8,
    TableI16,
    ScaleWide,
    Scale,
    Wide,
    Lanes,
}

impl Snippet {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Snippet::IntDiv => include_str!("../../chain/int_div.wgsl"),
            Snippet::RoundingShift => include_str!("../../chain/rounding_shift.wgsl"),
            Snippet::LowBits => include_str!("../../chain/low_bits.wgsl"),
            Snippet::TableI8 => include_str!("../../chain/table_i8.wgsl"),
            Snippet::TableI16 => include_str!("../../chain/table_i16.wgsl"),
            Snippet::ScaleWide => include_str!("../../chain/scale_wide.wgsl"),
            Snippet::Scale => include_str!("../../kernels/scale.wgsl"),
            Snippet::Wide => include_str!("../../kernels/wide.wgsl"),
            Snippet::Lanes => include_str!("../../kernels/lanes.wgsl"),
        }
    }
}

/// Bits of an element of at most 32.
const fn bits(element: Element) -> u32 {
    32 >> element.lanes_log2()
}

/// All bits of an element of at most 32.
const fn mask(element: Element) -> u32 {
    u32::MAX >> (32 - bits(element))
}

/// The low bits of an i32 as a signed element.
fn low(element: Element, value: &str) -> String {
    match element {
        Element::I8 => format!("low_8({value})"),
        Element::I16 => format!("low_16({value})"),
        _ => value.to_owned(),
    }
}

/// The nearest number that an element of 8 or 16 bits holds.
fn saturated(element: Element, unsigned: bool, value: &str) -> String {
    let (low, high) = match (element, unsigned) {
        (Element::I8, false) => (i32::from(i8::MIN), i32::from(i8::MAX)),
        (Element::I8, true) => (0, i32::from(u8::MAX)),
        (Element::I16, false) => (i32::from(i16::MIN), i32::from(i16::MAX)),
        (Element::I16, true) => (0, i32::from(u16::MAX)),
        _ => return value.to_owned(),
    };
    format!("min(max({value}, {low}), {high})")
}
