//! Every size limit of a model, in one place. A model above a limit is refused the same way on every
//! node, before anything runs.

/// What a model may use at most. All limits are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelLimits {
    /// Length of the file, in bytes.
    pub file_bytes: u64,
    /// Tensors and shapes together, of all regions.
    pub tensors: u32,
    /// Operators of all regions, CONST and CONST_SHAPE included.
    pub nodes: u32,
    /// Length of a name (of a tensor, shape, region or variable), in bytes, wherever it stands.
    pub name_bytes: u32,
    /// All constants together, in bytes at the borders ([`crate::DataType::bytes`]).
    pub constant_bytes: u64,
    /// The weights of all convolutions together, in bytes at the borders, counted once for each operator that reads
    /// them: executors keep a layout of their own for each.
    pub weight_bytes: u64,
    /// All tensors that are not constants, and all variables, together, in bytes at the borders.
    pub activation_bytes: u64,
    /// All inputs of `main` in one case together, and all outputs, in bytes at the borders.
    pub border_bytes: u64,
    /// Regions besides `main`.
    pub regions: u32,
    /// Regions inside regions: how deep COND_IF and WHILE_LOOP nest below `main`. Executors may recurse as deep.
    pub nesting: u32,
    /// Variables.
    pub variables: u32,
    /// How often one run of a WHILE_LOOP may run its body. The price counts that many.
    pub loop_iterations: u32,
    /// Whether values of operators (EXT-DYNAMIC) may come straight from inputs of the graph.
    pub late_from_outside: bool,
}

impl ModelLimits {
    /// The limits of models on chain.
    pub const CHAIN: ModelLimits = ModelLimits {
        file_bytes: 256 << 20,
        tensors: 65_536,
        nodes: 65_536,
        name_bytes: 1024,
        constant_bytes: 256 << 20,
        weight_bytes: 256 << 20,
        activation_bytes: 1 << 30,
        border_bytes: 64 << 20,
        regions: 256,
        // Level 8K: MAX_NESTING.
        nesting: 6,
        variables: 1024,
        loop_iterations: 1024,
        late_from_outside: false,
    };

    /// The limits of models that a user runs with the tool: those of the chain, and late values from outside.
    pub const TOOL: ModelLimits = ModelLimits {
        late_from_outside: true,
        ..ModelLimits::CHAIN
    };
}

impl Default for ModelLimits {
    fn default() -> Self {
        ModelLimits::CHAIN
    }
}
