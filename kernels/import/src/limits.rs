//! Every size limit of the importer, in one place.

/// What an ONNX file may use at most. All limits are inclusive.
///
/// With them an import holds at most `24 · file length + 192 MiB` of heap, whatever the file says; a test counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportLimits {
    /// Length of the file, in bytes. Protobuf ends at 2 GiB; a model on chain at much less.
    pub file_bytes: u64,
    /// Messages and strings in the file: this many, and one for each [`ImportLimits::MESSAGE_BYTES`] of it.
    pub messages: u64,
    /// Nodes of the graph.
    pub nodes: u32,
    /// Inputs of the graph, and outputs.
    pub borders: u32,
    /// Length of a name, in bytes.
    pub name_bytes: u32,
    /// Elements of a tensor.
    pub elements: u64,
    /// Bytes of all constants that are computed or rearranged during an import, beyond 8 for each byte of the file.
    pub computed_bytes: u64,
    /// Tensors and shapes of the TOSA graph.
    pub tosa_tensors: u32,
}

impl ImportLimits {
    /// See [`ImportLimits::messages`].
    pub const MESSAGE_BYTES: u64 = 64;

    /// The limits of the command line tool.
    pub const TOOL: ImportLimits = ImportLimits {
        file_bytes: 256 << 20,
        messages: 65_536,
        nodes: 16_384,
        borders: 1024,
        name_bytes: 512,
        elements: i32::MAX as u64,
        computed_bytes: 16 << 20,
        tosa_tensors: 65_536,
    };
}

impl Default for ImportLimits {
    fn default() -> Self {
        ImportLimits::TOOL
    }
}
