//! Why a module is refused: one code a rule, the place, and what would be right.
//!
//! A refusal is the same on every node for the same bytes, limits and rules: checks run in file order,
//! and the first one that fails decides. Only [`RefusalCode`] is meant for programs; the sentence is for
//! people and never enters state.

use std::borrow::Cow;
use std::fmt;

/// A module was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}, at byte {offset}, in {section}: {right}", InFunction(*.function))]
pub struct Refusal {
    /// The rule that the module breaks.
    pub code: RefusalCode,
    /// Bytes from the start of the file to the offending item.
    pub offset: u64,
    /// The section that holds it.
    pub section: Section,
    /// The function that holds it, in the function index space, for code.
    pub function: Option<u32>,
    /// What was found.
    pub what: String,
    /// What would be right.
    pub right: Cow<'static, str>,
}

/// Writes ` in function N`, or nothing.
struct InFunction(Option<u32>);

impl fmt::Display for InFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(index) => write!(f, " in function {index}"),
            None => Ok(()),
        }
    }
}

macro_rules! refusal_codes {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $name:literal; )*) => {
        /// The rules a module can break, one code each. Names are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RefusalCode {
            $( $(#[doc = $doc])+ $variant, )*
        }

        impl RefusalCode {
            /// Every code.
            pub const ALL: &'static [RefusalCode] = &[ $( RefusalCode::$variant, )* ];

            /// The stable name that tools print.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $( RefusalCode::$variant => $name, )*
                }
            }
        }
    };
}

refusal_codes! {
    /// The bytes are no WebAssembly module: truncated, an unknown opcode, a section out of order ….
    Malformed = "malformed";
    /// A module that can be read but breaks WebAssembly's validation rules.
    Invalid = "invalid";
    /// A section id that WebAssembly does not define.
    UnknownSection = "unknown_section";
    /// A float type or instruction.
    Float = "float";
    /// A reference as a value: a type of a local, parameter, result or global, or an instruction on one.
    Reference = "reference";
    /// Another part of WebAssembly that contracts do without: SIMD, threads, 64-bit memory ….
    Feature = "feature";
    /// A second memory.
    SecondMemory = "second_memory";
    /// Above `Limits::tables`: in a contract, a second table.
    SecondTable = "second_table";
    /// A table or element segment of anything but functions.
    TableType = "table_type";
    /// An import that is no function.
    ImportKind = "import_kind";
    /// An import that is no host function.
    UnknownImport = "unknown_import";
    /// A host function imported with other types than its own.
    ImportType = "import_type";
    /// A start function in a contract.
    StartFunction = "start_function";
    /// A contract that has no function `user_entrypoint` of its own as an export.
    EntrypointMissing = "entrypoint_missing";
    /// A contract whose `user_entrypoint` has another type than `(i32) -> i32`.
    EntrypointType = "entrypoint_type";
    /// A contract that does not export its memory as `memory`.
    MemoryNotExported = "memory_not_exported";
    /// Above `Limits::code_bytes`.
    CodeBytes = "code_bytes";
    /// Above `Limits::types`.
    Types = "types";
    /// Above `Limits::imports`.
    Imports = "imports";
    /// Above `Limits::functions`.
    Functions = "functions";
    /// Above `Limits::body_bytes`.
    BodyBytes = "body_bytes";
    /// Above `Limits::parameters`.
    Parameters = "parameters";
    /// Above `Limits::results`.
    Results = "results";
    /// Above `Limits::locals`.
    Locals = "locals";
    /// Above `Limits::nesting`.
    Nesting = "nesting";
    /// Above `Limits::branch_targets`.
    BranchTargets = "branch_targets";
    /// Above `Limits::operand_stack`.
    OperandStack = "operand_stack";
    /// Above `Limits::globals`.
    Globals = "globals";
    /// Above `Limits::exports`.
    Exports = "exports";
    /// Above `Limits::name_bytes`.
    NameBytes = "name_bytes";
    /// Above `Limits::table_entries`.
    TableEntries = "table_entries";
    /// Above `Limits::element_segments`.
    ElementSegments = "element_segments";
    /// Above `Limits::element_entries`.
    ElementEntries = "element_entries";
    /// Above `Limits::data_segments`.
    DataSegments = "data_segments";
    /// Above `Limits::memory_pages`.
    MemoryPages = "memory_pages";
}

/// Where in a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // Named as the WebAssembly sections.
pub enum Section {
    /// The module as a whole, or between sections.
    Module,
    Type,
    Import,
    Function,
    Table,
    Memory,
    Global,
    Export,
    Start,
    Element,
    DataCount,
    Code,
    Data,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Section::Module => "the module",
            Section::Type => "the type section",
            Section::Import => "the import section",
            Section::Function => "the function section",
            Section::Table => "the table section",
            Section::Memory => "the memory section",
            Section::Global => "the global section",
            Section::Export => "the export section",
            Section::Start => "the start section",
            Section::Element => "the element section",
            Section::DataCount => "the data count section",
            Section::Code => "the code section",
            Section::Data => "the data section",
        })
    }
}

/// A place in a module: from it, refusals are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) section: Section,
    pub(crate) function: Option<u32>,
    pub(crate) offset: u64,
}

impl Place {
    /// A place outside function bodies.
    pub(crate) const fn new(section: Section, offset: u64) -> Place {
        Place {
            section,
            function: None,
            offset,
        }
    }

    /// The same, at another offset.
    pub(crate) const fn at(self, offset: u64) -> Place {
        Place { offset, ..self }
    }

    /// A refusal here.
    pub(crate) fn refuse(
        self,
        code: RefusalCode,
        what: impl Into<String>,
        right: impl Into<Cow<'static, str>>,
    ) -> Refusal {
        Refusal {
            code,
            offset: self.offset,
            section: self.section,
            function: self.function,
            what: what.into(),
            right: right.into(),
        }
    }

    /// Refuses a `count` of `things` above `limit`.
    #[inline]
    pub(crate) fn limit(
        self,
        code: RefusalCode,
        things: &str,
        count: u64,
        limit: u32,
    ) -> Result<(), Refusal> {
        if count <= u64::from(limit) {
            return Ok(());
        }
        Err(self.refuse(
            code,
            format!("{count} {things}"),
            format!("at most {limit} are allowed"),
        ))
    }

    /// The refusal for bytes that cannot be read.
    pub(crate) fn malformed(self, error: &wasmparser::Error) -> Refusal {
        self.foreign(RefusalCode::Malformed, error)
    }

    /// The refusal for a module that can be read but is not valid.
    pub(crate) fn invalid(self, error: &wasmparser::Error) -> Refusal {
        self.foreign(RefusalCode::Invalid, error)
    }

    fn foreign(self, code: RefusalCode, error: &wasmparser::Error) -> Refusal {
        let (code, right) = if error.missing_wasm_feature().is_some() {
            (
                RefusalCode::Feature,
                "contracts do without this part of WebAssembly",
            )
        } else if code == RefusalCode::Malformed {
            (code, "a WebAssembly binary module, version 1, is expected")
        } else {
            (code, "a module must satisfy WebAssembly's validation rules")
        };
        self.at(error.offset())
            .refuse(code, error.message().to_owned(), right)
    }
}
