//! Why a model is refused: one code per rule, with the place where the rule is broken.

use std::fmt;

macro_rules! refusal_codes {
    ($( $variant:ident = $rule:literal; )*) => {
        /// The rule that a model breaks. Deterministic: every node gives the same code for the same bytes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RefusalCode {
            $( #[doc = $rule] $variant, )*
        }

        impl RefusalCode {
            /// Every code.
            pub const ALL: &'static [RefusalCode] = &[ $( RefusalCode::$variant, )* ];

            /// The rule, as a sentence.
            #[must_use]
            pub const fn rule(self) -> &'static str {
                match self {
                    $( RefusalCode::$variant => $rule, )*
                }
            }
        }
    };
}

refusal_codes! {
    // The file as a FlatBuffer.
    NotTosa = "a model file begins with a root offset and the identifier TOSA";
    OutOfBounds = "every offset and length stays inside the file";
    Misaligned = "every number stands at a multiple of its size";
    Overlap = "every byte belongs to one object only (tables may share a vtable)";
    UnownedBytes = "what no object owns is zero padding of at most 15 bytes in a row";
    UnknownField = "a table has no fields beyond the schema";
    MissingField = "a required field is present";
    BadText = "names are UTF-8 and end with a zero byte";
    // The file as a TOSA model.
    Version = "the file version is 1.0 or 1.1";
    Compatibility = "no forward-compatibility feature is required";
    ExternalData = "constants stand in the file itself";
    BlockScaled = "no tensor is block-scaled";
    MainRegion = "one region is named main";
    DuplicateRegion = "every region has its own name";
    BlockCount = "a region has exactly one block";
    // Tensors and names.
    UnsupportedType = "elements are bool, i4, i8, i16, i32 or i48";
    DynamicShape = "every dimension is known and at least 1";
    ShapeOverflow = "a tensor has at most 2^31 - 1 bytes";
    RankLimit = "the rank is at most 6";
    EmptyName = "every tensor has a name";
    DuplicateName = "every tensor and shape has its own name";
    UndefinedName = "every name that is used is declared";
    WrittenTwice = "every tensor has one source: an input of the graph or one operator";
    NeverWritten = "every tensor has a source: an input of the graph or one operator";
    ReadBeforeWritten = "an operator reads only what stands before it";
    NoOutput = "main has an output";
    // Constants.
    ConstantLength = "constant data has the length of its tensor, or that rounded up to 8 with zeros";
    ConstantValue = "constant data holds values of its type";
    DataWithoutConst = "only the output of CONST or CONST_SHAPE carries data";
    // Operators.
    UnsupportedOperator = "the operator belongs to the supported set";
    AttributeMismatch = "an operator carries the attribute of its own kind";
    AttributeLength = "an attribute list has the length that the operator defines";
    OperandCount = "an operator has the operands that the specification lists";
    OperandKind = "shapes stand where shapes are expected, tensors where tensors are";
    OperandType = "operand types are one of the operator's supported combinations";
    OperandRank = "operand ranks are those of the specification";
    OperandShape = "operand and result shapes fit each other";
    LateFromOutside = "what an operator takes as a constant, or computed by the graph (EXT-DYNAMIC), is not a plain input of the graph";
    AccumulatorType = "the accumulator type is that of the operand types";
    InputZeroPoint = "an input's zero point is 0 unless the input has 8 bits, or is unsigned";
    WeightZeroPoint = "the zero point of weights, or of a second factor, is 0 unless they are i8";
    OutputZeroPoint = "an output's zero point is 0 unless the output has 8 bits, or is unsigned";
    U16InputZeroPoint = "the zero point of an unsigned 16-bit input is 0 or 32768";
    U16OutputZeroPoint = "the zero point of an unsigned 16-bit output is 0 or 32768";
    Kernel = "a kernel side is at least 1";
    Stride = "a stride is at least 1";
    Dilation = "a dilation is at least 1";
    Padding = "padding of a window is not negative";
    PoolPadding = "padding of a pooling operator is smaller than its kernel";
    OutPadding = "TRANSPOSE_CONV2D's out_pad is above minus the side of its kernel";
    BiasLength = "a bias has one element, or one for each output channel";
    KernelLevel = "kernel, dilated kernel and padding are at most 8192 (level 8K)";
    StrideLevel = "a stride is at most 8192 (level 8K)";
    OutputSize = "the output size follows from input, kernel, stride (or scale), dilation and padding";
    OutputRemainder = "steps of a window, or of RESIZE, end where the padded input ends";
    BroadcastRank = "operands and output have equal rank";
    Broadcast = "operands have equal sides or sides of 1";
    BroadcastOutput = "the output takes the larger side of its operands";
    ClampBounds = "CLAMP bounds are values of the type, the lower not above the upper";
    MulShift = "MUL's shift is 0 to 63, and 0 unless the operands are i32";
    ShiftAmount = "a constant shift amount is 0 to the number of bits minus 1";
    TableSlope = "neighbours in an i16 table differ by an i16";
    Axis = "the axis is one of the input's";
    ReducedSide = "a reduction leaves a side of 1 along its axis";
    ShapeLength = "a shape operand has as many numbers as the operator defines";
    ConcatInputs = "CONCAT has an input";
    ConcatRank = "the inputs of CONCAT have one rank";
    ConcatSides = "the inputs of CONCAT have equal sides, except along its axis";
    ConcatSum = "CONCAT's output is as long along its axis as all inputs together";
    PadAmount = "PAD adds no negative number of elements";
    PadShape = "PAD's output is its input and the padding";
    TileShape = "TILE's output is its input times the multiples";
    PermsRange = "TRANSPOSE's perms are axes of the input";
    PermsTwice = "TRANSPOSE's perms name each axis once";
    TransposeShape = "TRANSPOSE's output has the input's sides in the order of perms";
    ReshapeSize = "RESHAPE keeps the number of elements, and its shape operand names the output's shape";
    SliceStart = "SLICE starts at 0 or later";
    SliceBounds = "SLICE ends inside its input";
    SliceSize = "SLICE's sizes are at least 1";
    SliceShape = "SLICE's size operand names the output's shape";
    ScatterRows = "SCATTER writes no more rows than there are";
    ResizeMode = "RESIZE's mode is NEAREST or BILINEAR";
    ResizeSide = "height and width of RESIZE's input and output are below 16384";
    ResizeScale = "the numbers of RESIZE's scale are at least 1";
    ResizeNumerator = "the numerators of RESIZE's scale are at most 2048";
    ResizeDenominator = "the denominators of RESIZE's scale are below 16 times the numerator";
    ResizeLevel = "RESIZE's scale is at most 256 (level 8K)";
    ResizeOffset = "RESIZE's offset is -n to 16n - 1, where n is the scale's numerator";
    ResizeBorder = "RESIZE's border is -16n to n - 1, where n is the scale's numerator";
    RescaleBothUnsigned = "RESCALE does not both read and write unsigned values";
    RescaleU32Input = "RESCALE reads i32 as signed";
    RescaleU48Input = "RESCALE reads i48 as signed";
    RescaleU32Output = "RESCALE writes i32 as signed";
    RescaleUnsignedToI32 = "RESCALE to i32 reads signed values";
    RescaleI32ToUnsigned = "RESCALE of i32 writes signed values";
    RescaleI48ToUnsigned = "RESCALE of i48 writes signed values";
    RescaleMode = "RESCALE rounds SINGLE_ROUND, or DOUBLE_ROUND with scale32";
    RescaleI48 = "RESCALE of i48 has multipliers of i16";
    RescalePerChannel = "RESCALE per channel has an input of rank 1 or more";
    RescaleMultiplier = "a RESCALE multiplier is not negative";
    RescaleShift = "a RESCALE shift is 2 to 62";
    // Variables (EXT-VARIABLE).
    VariableTensor = "a tensor that is marked as a variable names the variable, no other does";
    DuplicateVariable = "a region declares a variable once";
    VariableDeclaration = "all regions declare a variable with the same type, shape and first value";
    VariableMismatch = "what VARIABLE_READ gives and VARIABLE_WRITE takes has the variable's type and shape";
    // Control flow (EXT-CONTROLFLOW).
    UndefinedRegion = "a region that control flow names is in the file";
    UnusedRegion = "every region is main or used by one that runs";
    RecursiveRegion = "no region uses itself, nor through others";
    ConditionType = "COND_IF's condition is a bool";
    ConditionSize = "COND_IF's condition has one element";
    ThenGraphInputs = "COND_IF's inputs have the types and shapes of then_graph's";
    ThenGraphOutputs = "COND_IF's outputs have the types and shapes of then_graph's";
    ElseGraphInputs = "COND_IF's inputs have the types and shapes of else_graph's";
    ElseGraphOutputs = "COND_IF's outputs have the types and shapes of else_graph's";
    LoopOutputs = "WHILE_LOOP's outputs have the types and shapes of its inputs";
    CondGraphInputs = "WHILE_LOOP's inputs have the types and shapes of cond_graph's";
    CondGraphOutputType = "cond_graph gives a bool";
    CondGraphOutputSize = "cond_graph gives one element";
    BodyGraphInputs = "WHILE_LOOP's inputs have the types and shapes of body_graph's";
    BodyGraphOutputs = "WHILE_LOOP's inputs have the types and shapes of body_graph's outputs";
    NestingLevel = "control flow nests at most 6 deep (level 8K)";
    TensorListLevel = "a list of tensors has at most 64 (level 8K)";
    // Limits of this machine (`ModelLimits`).
    FileBytes = "the file is not longer than the limit";
    TensorCount = "the number of tensors and shapes is within the limit";
    NodeCount = "the number of operators is within the limit";
    RegionCount = "the number of regions is within the limit";
    VariableCount = "the number of variables is within the limit";
    NameBytes = "names are not longer than the limit, where they are declared and where they are used";
    ConstantBytes = "constants are not longer than the limit";
    WeightBytes = "the weights of convolutions, counted once for each operator that reads them, are not longer than the limit";
    ActivationBytes = "all computed tensors and variables together are not longer than the limit";
    BorderBytes = "the inputs, and the outputs, are not longer than the limit";
    ResolvedBytes = "constants, first values of variables and the operands resolved from them stay within three times the file's length, plus 64 KiB";
    GasOverflow = "the price fits 64 bits";
}

/// Text of a file as a refusal shows it: its first characters, escaped.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Quoted<'_> {
    /// Most characters that are shown, so that a refusal is short whatever the file holds.
    const CHARS_MAX: usize = 64;
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(Quoted::CHARS_MAX) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}…", &self.0[..end]),
        }
    }
}

/// A deterministic refusal of a model, found before anything of it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that is broken.
    pub code: RefusalCode,
    /// Index of the operator in its region, CONST included, if one is at fault. The detail names the region unless it
    /// is `main`.
    pub node: Option<u32>,
    /// Offset in the file of what is at fault, if it has one.
    pub offset: Option<u64>,
    /// What stands there (names, values), for people; never part of state.
    pub detail: String,
}

impl Refusal {
    /// A refusal that is not yet tied to a place.
    pub(crate) fn new(code: RefusalCode, detail: impl Into<String>) -> Refusal {
        Refusal {
            code,
            node: None,
            offset: None,
            detail: detail.into(),
        }
    }

    /// A refusal of what stands at `offset`.
    pub(crate) fn at(code: RefusalCode, offset: usize, detail: impl Into<String>) -> Refusal {
        Refusal {
            offset: Some(offset as u64),
            ..Refusal::new(code, detail)
        }
    }

    /// The same refusal, tied to `offset` unless already tied to another.
    pub(crate) fn or_at(mut self, offset: usize) -> Refusal {
        self.offset.get_or_insert(offset as u64);
        self
    }

    /// The same refusal, tied to operator `node` (named `name`) at `offset` unless already tied.
    pub(crate) fn in_node(mut self, node: usize, name: &str, offset: usize) -> Refusal {
        if self.node.is_none() {
            self.node = u32::try_from(node).ok();
            self.detail = format!("{name}: {}", self.detail);
        }
        self.or_at(offset)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.code)?;
        if let Some(node) = self.node {
            write!(f, " in operator {node}")?;
        }
        if let Some(offset) = self.offset {
            write!(f, " at byte {offset}")?;
        }
        write!(f, ": {}; the rule: {}", self.detail, self.code.rule())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_after_64_characters() {
        let fits = "é".repeat(64);
        assert_eq!(Quoted(&fits).to_string(), format!("\"{fits}\""));
        let long = format!("{fits}é");
        assert_eq!(Quoted(&long).to_string(), format!("\"{fits}\"…"));
        assert_eq!(Quoted("\u{1}").to_string(), "\"\\u{1}\"");
    }
}
