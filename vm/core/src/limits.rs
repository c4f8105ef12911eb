//! Every size limit of contract code, in one place. A module above a limit is refused the same way on
//! every node, before anything is compiled.

/// Bytes of one WebAssembly page.
pub const PAGE_BYTES: u32 = 65_536;

/// What a module and a running frame may use at most. All limits are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Length of the module in bytes.
    pub code_bytes: u32,
    /// Types in the type section.
    pub types: u32,
    /// Imported functions.
    pub imports: u32,
    /// Functions that the module defines.
    pub functions: u32,
    /// Bytes of one function body.
    pub body_bytes: u32,
    /// Parameters of a function.
    pub parameters: u32,
    /// Results of a function or block.
    pub results: u32,
    /// Locals of a function, its parameters included.
    pub locals: u32,
    /// Depth of nested blocks in a function.
    pub nesting: u32,
    /// Targets of one `br_table`, the default not counted.
    pub branch_targets: u32,
    /// Operand stack height of a function, in values.
    pub operand_stack: u32,
    /// Globals.
    pub globals: u32,
    /// Exports.
    pub exports: u32,
    /// Length of an import's or export's name in bytes.
    pub name_bytes: u32,
    /// Tables.
    pub tables: u32,
    /// Entries of all tables together.
    pub table_entries: u32,
    /// Element segments.
    pub element_segments: u32,
    /// Entries of all element segments together.
    pub element_entries: u32,
    /// Data segments.
    pub data_segments: u32,
    /// Pages of linear memory, initial or grown, 64 KiB each.
    pub memory_pages: u32,
    /// Pages of linear memory of all live frames of a transaction together: a frame that would begin above it
    /// fails, and `memory.grow` beyond it answers -1.
    pub memory_pages_total: u32,
    /// Frames of a transaction that are live at once, the first one included; a call beyond it fails.
    pub call_depth: u32,
    /// Stack words of all function frames of one activation of a contract together (locals, operands and a
    /// header each). A sub-call begins with as many again.
    pub stack_words: u32,
    /// Length of call data, in bytes.
    pub call_data_bytes: u32,
    /// Length of a call's output or revert data, in bytes.
    pub output_bytes: u32,
}

impl Limits {
    /// The limits of contracts on chain.
    pub const CONTRACT: Limits = Limits {
        code_bytes: 128 * 1024,
        types: 1024,
        imports: 64,
        functions: 4096,
        body_bytes: 64 * 1024,
        parameters: 64,
        results: 16,
        locals: 348,
        nesting: 256,
        branch_targets: 4096,
        operand_stack: 1024,
        globals: 1024,
        exports: 64,
        name_bytes: 255,
        tables: 1,
        table_entries: 4096,
        element_segments: 128,
        element_entries: 4096,
        data_segments: 128,
        memory_pages: 128,
        memory_pages_total: 1024,
        call_depth: 128,
        stack_words: 32 * 1024,
        call_data_bytes: 128 * 1024,
        output_bytes: 128 * 1024,
    };

    /// The limits under which the specification's test scripts run: wide enough for every module of them.
    /// No node runs a contract under these.
    pub const SPEC: Limits = Limits {
        code_bytes: 1024 * 1024,
        types: 4096,
        imports: 1024,
        functions: 16 * 1024,
        body_bytes: 1024 * 1024,
        parameters: 1000,
        results: 1000,
        locals: 4096,
        nesting: 4096,
        branch_targets: 64 * 1024,
        operand_stack: 4096,
        globals: 4096,
        exports: 16 * 1024,
        name_bytes: 64 * 1024,
        tables: 100,
        table_entries: 1024 * 1024,
        element_segments: 1024,
        element_entries: 1024 * 1024,
        data_segments: 1024,
        memory_pages: 65_536,
        memory_pages_total: 65_536,
        call_depth: 1,
        stack_words: 32 * 1024,
        call_data_bytes: 128 * 1024,
        output_bytes: 128 * 1024,
    };
}
