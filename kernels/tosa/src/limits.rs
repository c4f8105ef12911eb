//! Every size limit of a model, in one place. A model above a limit is refused the same way on every
//! node, before anything runs.

/// What a model may use at most. All limits are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelLimits {
    /// Length of the file, in bytes.
    pub file_bytes: u64,
    /// Tensors and shapes together.
    pub tensors: u32,
    /// Operators, CONST and CONST_SHAPE included.
    pub nodes: u32,
    /// Length of a name (of a tensor, shape, region or variable), in bytes, wherever it stands.
    pub name_bytes: u32,
    /// All constants together, in bytes at the borders ([`crate::DataType::bytes`]).
    pub constant_bytes: u64,
    /// All tensors that are not constants together, in bytes at the borders.
    pub activation_bytes: u64,
    /// All inputs of one case together, and all outputs, in bytes at the borders.
    pub border_bytes: u64,
}

impl ModelLimits {
    /// The limits of models on chain.
    pub const CHAIN: ModelLimits = ModelLimits {
        file_bytes: 256 << 20,
        tensors: 65_536,
        nodes: 65_536,
        name_bytes: 1024,
        constant_bytes: 256 << 20,
        activation_bytes: 1 << 30,
        border_bytes: 64 << 20,
    };
}

impl Default for ModelLimits {
    fn default() -> Self {
        ModelLimits::CHAIN
    }
}
