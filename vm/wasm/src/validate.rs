//! Bytes → [`ValidatedModule`]: reads a module once, in file order, and refuses it at the first rule it breaks.
//!
//! Each section is checked in this order: its count against [`Limits`] before anything of it is kept,
//! then its items by this machine's own rules ([`crate::sections`], [`crate::body`]), then by
//! WebAssembly's validation. What a contract must export is checked last, when the file has ended.

use std::sync::Arc;

use aivm_core::{Limits, ValueType};
use wasmparser::{Encoding, ExternalKind, Parser, Payload, ValidPayload, Validator, WasmFeatures};

use crate::operator::{NO_EXTENSIONS, value_type};
use crate::refusal::{Place, Refusal, RefusalCode, Section};
use crate::{body, sections};

/// The parts of WebAssembly that are accepted. `REFERENCE_TYPES` is on for its encodings only (element
/// expressions, table indices, typed `select`); reference values are refused by rules of our own.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::REFERENCE_TYPES);

/// The name under which a contract exports the function that a call runs.
pub const ENTRYPOINT: &str = "user_entrypoint";
/// The name under which a contract exports its memory.
pub const MEMORY: &str = "memory";

/// What a module is accepted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// A contract: exports `user_entrypoint: (i32) -> i32`, a function of its own, and its memory as
    /// `memory`; has no start function.
    Contract,
    /// As `Contract`, and the functions of [`aivm_core::host_function::DEBUG_MODULE`] may be imported: for tools.
    Debug,
    /// Any module, for tests and tools: no rule about exports or the start function. Imports must be
    /// host functions all the same.
    Generic,
    /// As `Generic`, but imports are functions of any module and name, with one result at most, which the
    /// host links: for the specification's own test scripts.
    Spec,
}

/// A module that satisfies every rule: its bytes, and what metering needs besides them.
#[derive(Clone, Debug)]
pub struct ValidatedModule {
    bytes: Arc<[u8]>,
    limits: Limits,
    rules: Rules,
    /// Highest operand stack of each of its own functions.
    operand_heights: Vec<u32>,
}

impl ValidatedModule {
    /// The file, unchanged.
    #[must_use]
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The limits it was checked against.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The rules it was checked against.
    #[must_use]
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Highest operand stack of each of its own functions, in values, dead code not counted.
    pub(crate) fn operand_heights(&self) -> &[u32] {
        &self.operand_heights
    }
}

/// Checks `bytes` against WebAssembly, `limits` and `rules`.
///
/// Heap use is at most four times the file's length and 1 MiB; time is linear in the length.
///
/// # Errors
/// The first rule the module breaks, in file order.
pub fn validate(bytes: &[u8], limits: &Limits, rules: Rules) -> Result<ValidatedModule, Refusal> {
    Place::new(Section::Module, 0).limit(
        RefusalCode::CodeBytes,
        "bytes of code",
        bytes.len() as u64,
        limits.code_bytes,
    )?;
    let mut check = Check {
        bytes,
        limits,
        rules,
        validator: Validator::new_with_features(FEATURES),
        exports: ContractExports::default(),
        operand_heights: Vec::new(),
    };
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(|error| Place::new(Section::Module, 0).malformed(&error))?;
        check.payload(&payload)?;
    }
    Ok(ValidatedModule {
        bytes: bytes.into(),
        limits: *limits,
        rules,
        operand_heights: check.operand_heights,
    })
}

/// The state of one validation.
pub(crate) struct Check<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) limits: &'a Limits,
    pub(crate) rules: Rules,
    validator: Validator,
    exports: ContractExports,
    operand_heights: Vec<u32>,
}

/// Which of the exports that a contract needs were seen.
#[derive(Default)]
struct ContractExports {
    /// Function index of the entry point.
    entrypoint: Option<u32>,
    memory: bool,
}

impl Check<'_> {
    fn payload(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        let section = match payload {
            Payload::Version { encoding, .. } => {
                if *encoding != Encoding::Module {
                    let place = Place::new(Section::Module, 0);
                    return Err(place.refuse(
                        RefusalCode::Feature,
                        "a component",
                        "a core module is expected",
                    ));
                }
                Section::Module
            }
            Payload::TypeSection(reader) => self.types(reader)?,
            Payload::ImportSection(reader) => self.imports(reader)?,
            Payload::FunctionSection(reader) => self.functions(reader)?,
            Payload::TableSection(reader) => self.tables(reader)?,
            Payload::MemorySection(reader) => self.memories(reader)?,
            Payload::GlobalSection(reader) => self.globals(reader)?,
            Payload::ExportSection(reader) => self.exports(reader)?,
            Payload::StartSection { range, .. } => self.start(range.start)?,
            Payload::ElementSection(reader) => self.elements(reader)?,
            Payload::DataCountSection { count, range } => {
                self.data_count(*count, range.start, Section::DataCount)?
            }
            Payload::DataSection(reader) => {
                self.data_count(reader.count(), reader.range().start, Section::Data)?
            }
            Payload::CodeSectionStart { .. } => Section::Code,
            Payload::CodeSectionEntry(code) => {
                self.body_bytes(code)?;
                Section::Code
            }
            // Custom sections may say anything; nothing of them is used.
            Payload::CustomSection(_) => return Ok(()),
            Payload::TagSection(reader) => {
                let place = Place::new(Section::Module, reader.range().start);
                return Err(place.refuse(RefusalCode::Feature, "a tag section", NO_EXTENSIONS));
            }
            Payload::UnknownSection { id, range, .. } => {
                return Err(Place::new(Section::Module, range.start).refuse(
                    RefusalCode::UnknownSection,
                    format!("a section with the unknown id {id}"),
                    "ids 0 to 12 are defined",
                ));
            }
            Payload::End(offset) => {
                self.contract_exports(*offset)?;
                Section::Module
            }
            _ => {
                return Err(Place::new(Section::Module, 0).refuse(
                    RefusalCode::Feature,
                    "a part of a component",
                    "a core module is expected",
                ));
            }
        };
        let place = Place::new(section, 0);
        let valid = self
            .validator
            .payload(payload)
            .map_err(|error| place.invalid(&error))?;
        if let ValidPayload::Func(function, code) = valid {
            let height = body::check(self.bytes, self.limits, function, &code)?;
            self.operand_heights.push(height);
        }
        if let Payload::ImportSection(reader) = payload {
            self.import_types(reader)?;
        }
        Ok(())
    }

    fn functions(
        &mut self,
        reader: &wasmparser::FunctionSectionReader<'_>,
    ) -> Result<Section, Refusal> {
        let place = Place::new(Section::Function, reader.range().start);
        let (count, limit) = (reader.count(), self.limits.functions);
        place.limit(RefusalCode::Functions, "functions", count.into(), limit)?;
        Ok(Section::Function)
    }

    /// After WebAssembly's validation of the import section: every type index is known to exist.
    fn import_types(&self, reader: &wasmparser::ImportSectionReader<'_>) -> Result<(), Refusal> {
        let Some(types) = self.validator.types(0) else {
            return Ok(());
        };
        let imports = reader.clone().into_imports_with_offsets();
        for (index, import) in (0..).zip(imports) {
            let place = Place::new(Section::Import, 0);
            let (offset, import) = import.map_err(|error| place.malformed(&error))?;
            let ty = types[types.core_function_at(index)].unwrap_func();
            let place = place.at(offset);
            match self.rules {
                Rules::Contract | Rules::Debug | Rules::Generic => {
                    sections::import_type(place, &import, ty)?
                }
                Rules::Spec => sections::linked_type(place, &import, ty)?,
            }
        }
        Ok(())
    }

    fn exports(
        &mut self,
        reader: &wasmparser::ExportSectionReader<'_>,
    ) -> Result<Section, Refusal> {
        let place = Place::new(Section::Export, reader.range().start);
        let (count, limit) = (reader.count(), self.limits.exports);
        place.limit(RefusalCode::Exports, "exports", count.into(), limit)?;
        for export in reader.clone().into_iter_with_offsets() {
            let (offset, export) = export.map_err(|error| place.malformed(&error))?;
            sections::name(place.at(offset), self.limits, export.name)?;
            match (export.kind, export.name) {
                (ExternalKind::Func, ENTRYPOINT) => self.exports.entrypoint = Some(export.index),
                (ExternalKind::Memory, MEMORY) => self.exports.memory = true,
                _ => {}
            }
        }
        Ok(Section::Export)
    }

    fn start(&self, offset: u64) -> Result<Section, Refusal> {
        match self.rules {
            Rules::Generic | Rules::Spec => Ok(Section::Start),
            Rules::Contract | Rules::Debug => Err(Place::new(Section::Start, offset).refuse(
                RefusalCode::StartFunction,
                "a start function",
                "a contract runs only through its exported function `user_entrypoint`",
            )),
        }
    }

    fn body_bytes(&self, code: &wasmparser::FunctionBody<'_>) -> Result<(), Refusal> {
        let range = code.range();
        let place = Place::new(Section::Code, range.start);
        let length = range.end.saturating_sub(range.start);
        place.limit(
            RefusalCode::BodyBytes,
            "bytes in a function body",
            length,
            self.limits.body_bytes,
        )
    }

    fn contract_exports(&self, end: u64) -> Result<(), Refusal> {
        if !matches!(self.rules, Rules::Contract | Rules::Debug) {
            return Ok(());
        }
        const RIGHT: &str = "a contract exports a function of its own, \
            `user_entrypoint` of type (i32) -> i32, and its memory as `memory`";
        let place = Place::new(Section::Module, end);
        let types = self.validator.types(0);
        let (Some(index), Some(types)) = (self.exports.entrypoint, types) else {
            let what = "no exported function `user_entrypoint`";
            return Err(place.refuse(RefusalCode::EntrypointMissing, what, RIGHT));
        };
        let imports = types.function_count().saturating_sub(self.own_functions());
        if index < imports {
            let what = "`user_entrypoint` names an import";
            return Err(place.refuse(RefusalCode::EntrypointMissing, what, RIGHT));
        }
        let ty = types[types.core_function_at(index)].unwrap_func();
        let one_i32 = |types: &[wasmparser::ValType]| matches!(types, [ty] if value_type(*ty) == Some(ValueType::I32));
        if !one_i32(ty.params()) || !one_i32(ty.results()) {
            let what = "`user_entrypoint` has another type";
            return Err(place.refuse(RefusalCode::EntrypointType, what, RIGHT));
        }
        if !self.exports.memory {
            let what = "no exported memory `memory`";
            return Err(place.refuse(RefusalCode::MemoryNotExported, what, RIGHT));
        }
        Ok(())
    }

    /// How many functions of the module's own had their bodies checked: all, at the end.
    fn own_functions(&self) -> u32 {
        u32::try_from(self.operand_heights.len()).unwrap_or(u32::MAX)
    }
}
