//! What a module can be refused for: one variant a rule, and the error that names place and reason.

/// One rule of the lint. Each variant says what goes wrong, and where, when it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A character outside printable ASCII in code, or an unusual line break anywhere: two WGSL front ends
    /// could disagree about where a comment ends, so the text read by the lint might not be the text compiled.
    SourceText,
    /// A floating-point literal. naga folds constants in f32 or f64 with the host's rules, Tint with its own.
    FloatLiteral,
    /// A floating-point type (matrices and float vectors included): rounding, contraction and denormals differ
    /// between all drivers.
    FloatType,
    /// A builtin that computes in floating point; with constant arguments it disappears from the IR, so the
    /// text is searched.
    FloatBuiltin,
    /// A builtin or operation outside the integer whitelist: unknown to the lint, or defined differently by drivers
    /// (`abs` of the smallest i32 is undefined in SPIR-V's GLSL.std.450, `firstLeadingBit` of i32 in HLSL).
    Builtin,
    /// A directive other than `requires packed_4x8_integer_dot_product;`: `enable` brings optional features that
    /// exist on some devices only, `diagnostic` can switch off the uniformity analysis of browsers.
    Directive,
    /// `override`: the value is known only when a pipeline is made, so nothing about it is proved here.
    Override,
    /// The text is not WGSL.
    Syntax,
    /// naga's validator refuses the module, all checks on and no optional capability.
    Validation,
    /// A type other than i32, u32, bool, their vectors, arrays and structs: textures, samplers, 64-bit integers.
    Type,
    /// An atomic. Old values, exchanges and loads depend on the order of invocations, which no driver fixes.
    Atomic,
    /// A variable in an address space other than uniform, storage, workgroup and function: private and immediate data
    /// are initialised differently and are not tracked.
    AddressSpace,
    /// An entry point that is not a compute shader, or reads something other than the invocation's and workgroup's
    /// ids: subgroup sizes differ between devices.
    EntryPoint,
    /// A pointer as function argument: two pointers may alias, which Metal and HLSL compile by copying in and out.
    PointerArgument,
    /// A divisor that is not proved to be at least 1. x / 0 and MIN / -1 trap on CPU drivers and give garbage on GPUs
    /// wherever a back end does not guard them (GLSL does not).
    Divisor,
    /// A shift amount not proved to be below 32: back ends emit it raw; x86 takes it modulo 32, AVX2 gives 0.
    Shift,
    /// `clamp` with limits not proved ordered: undefined in Metal, min-of-max in WGSL.
    ClampOrder,
    /// `extractBits` or `insertBits` with offset + count not proved at most 32: undefined in SPIR-V.
    BitRange,
    /// A loop without the canonical test at its head: it may never end, and a hung GPU loses the device.
    LoopForm,
    /// The loop's counter is stored to in the body, so that the number of iterations is not that of the test.
    LoopCounter,
    /// The loop's step is not a positive constant, or the last step may overflow past the bound and start again.
    LoopStep,
    /// The loop's bound changes inside the loop, or is loaded tensor data without a small constant cap: the time a
    /// kernel takes would be chosen by whoever chose the data.
    LoopBound,
    /// An index not proved in range. lavapipe reads 0 and drops the write, SwiftShader clamps to the last element and
    /// overwrites it.
    IndexOutOfBounds,
    /// A storage buffer both read and written by one entry point: another invocation's write is seen or not.
    ReadWriteStorage,
    /// A store to shared memory whose index does not depend on which invocation makes it: the last one wins.
    SharedStore,
    /// A barrier where control flow may differ inside a workgroup: undefined everywhere, a hang on some GPUs.
    Barrier,
    /// Workgroup memory read and written without a barrier between.
    WorkgroupRace,
    /// Workgroup memory read before any store to it: zero on wgpu, leftovers where zeroing is switched off.
    WorkgroupUnwritten,
    /// The module is too large to be walked: nothing is accepted unproved.
    TooComplex,
}

impl Rule {
    /// Every rule, in the order of the checks.
    pub const ALL: &'static [Rule] = &[
        Rule::SourceText,
        Rule::FloatLiteral,
        Rule::FloatType,
        Rule::FloatBuiltin,
        Rule::Builtin,
        Rule::Directive,
        Rule::Override,
        Rule::Syntax,
        Rule::Validation,
        Rule::Type,
        Rule::Atomic,
        Rule::AddressSpace,
        Rule::EntryPoint,
        Rule::PointerArgument,
        Rule::Divisor,
        Rule::Shift,
        Rule::ClampOrder,
        Rule::BitRange,
        Rule::LoopForm,
        Rule::LoopCounter,
        Rule::LoopStep,
        Rule::LoopBound,
        Rule::IndexOutOfBounds,
        Rule::ReadWriteStorage,
        Rule::SharedStore,
        Rule::Barrier,
        Rule::WorkgroupRace,
        Rule::WorkgroupUnwritten,
        Rule::TooComplex,
    ];
}

/// Why a module was refused, and where. Displays as `line:column: rule: detail`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {rule:?}: {detail}")]
pub struct LintError {
    /// The rule broken.
    pub rule: Rule,
    /// Line, from 1; 0 when the place is not known.
    pub line: u32,
    /// Column in bytes, from 1; 0 when the place is not known.
    pub column: u32,
    /// What was found, and what would be right.
    pub detail: String,
}

impl LintError {
    pub(crate) fn at(rule: Rule, source: &str, offset: usize, detail: impl Into<String>) -> Self {
        let before = &source[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        LintError {
            rule,
            line: before.matches('\n').count() as u32 + 1,
            column: (offset - line_start) as u32 + 1,
            detail: detail.into(),
        }
    }
}
