//! Bytes → [`ValidatedModule`]: reads a module once, in file order, and refuses it at the first rule it breaks;
//! or, for tools, goes on and lists the rules that it breaks ([`refusals`]).
//!
//! Each section is checked in this order: its count against [`Limits`] before anything of it is kept,
//! then its items by this machine's own rules ([`crate::sections`], [`crate::body`]), then by
//! WebAssembly's validation. What a contract must export is checked last, when the file has ended.

use std::sync::Arc;

use aivm_core::{Limits, ValueType};
use wasmparser::{
    Encoding, ExternalKind, Parser, Payload, TypeRef, ValidPayload, Validator, WasmFeatures,
};

use crate::findings::Findings;
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

/// What is read besides where every refusal is listed: a module that uses a part of WebAssembly that contracts
/// do without may break other rules behind it.
const READ_ON: WasmFeatures = FEATURES
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::GC_TYPES)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::THREADS)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::MEMORY64);

/// The name under which a contract exports the function that a call runs.
pub const ENTRYPOINT: &str = "user_entrypoint";
/// The name under which a contract exports its memory.
pub const MEMORY: &str = "memory";

/// What a contract exports, in words.
const CONTRACT_EXPORTS: &str = "a contract exports a function of its own, \
    `user_entrypoint` of type (i32) -> i32, and its memory as `memory`";

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

impl Rules {
    /// Whether they say what is exported and that nothing runs at the start.
    fn of_contract(self) -> bool {
        matches!(self, Rules::Contract | Rules::Debug)
    }
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
    let mut check = Check::new(bytes, limits, rules, FEATURES, Findings::first());
    check.module(FEATURES)?;
    Ok(ValidatedModule {
        bytes: bytes.into(),
        limits: *limits,
        rules,
        operand_heights: check.operand_heights,
    })
}

/// The rules that `bytes` breaks, in file order: none if [`validate`] accepts it, else its refusal comes first.
///
/// Of a rule that instructions of one function break more than once, the first place is listed. What cannot be
/// read or breaks WebAssembly's own rules ends the list for its function, and outside of functions for the module,
/// because what follows means nothing then.
#[must_use]
pub fn refusals(bytes: &[u8], limits: &Limits, rules: Rules) -> Vec<Refusal> {
    let Err(first) = validate(bytes, limits, rules) else {
        return Vec::new();
    };
    let mut check = Check::new(bytes, limits, rules, READ_ON, Findings::every());
    let last = check.module(READ_ON).err();
    let mut list = check.findings.into_list(last);
    // With more of WebAssembly switched on, a first refusal by WebAssembly's own rules may read otherwise.
    if list.first() != Some(&first) {
        list.insert(0, first);
    }
    list
}

/// The state of one validation.
pub(crate) struct Check<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) limits: &'a Limits,
    pub(crate) rules: Rules,
    pub(crate) findings: Findings,
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

impl<'a> Check<'a> {
    fn new(
        bytes: &'a [u8],
        limits: &'a Limits,
        rules: Rules,
        features: WasmFeatures,
        findings: Findings,
    ) -> Check<'a> {
        Check {
            bytes,
            limits,
            rules,
            findings,
            validator: Validator::new_with_features(features),
            exports: ContractExports::default(),
            operand_heights: Vec::new(),
        }
    }

    fn module(&mut self, features: WasmFeatures) -> Result<(), Refusal> {
        let place = Place::new(Section::Module, 0);
        let (length, limit) = (self.bytes.len() as u64, self.limits.code_bytes);
        // Nothing of a file that is too long is read, so that a refusal costs no more than an acceptance.
        place.limit(RefusalCode::CodeBytes, "bytes of code", length, limit)?;
        let mut parser = Parser::new(0);
        parser.set_features(features);
        for payload in parser.parse_all(self.bytes) {
            let payload = payload.map_err(|error| place.malformed(&error))?;
            self.payload(&payload)?;
        }
        Ok(())
    }

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
                self.findings.note(self.body_bytes(code))?;
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
                if self.rules.of_contract() {
                    let place = Place::new(Section::Module, *offset);
                    self.findings.note(self.entrypoint(place))?;
                    self.findings.note(self.memory_export(place))?;
                }
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
            let body = body::check(self.bytes, self.limits, &self.findings, function, &code);
            // A body that cannot be read on says nothing of the next.
            let height = match body {
                Ok(height) => height,
                Err(refusal) => self.findings.note(Err(refusal)).map(|()| 0)?,
            };
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
        self.findings.note(place.limit(
            RefusalCode::Functions,
            "functions",
            count.into(),
            limit,
        ))?;
        Ok(Section::Function)
    }

    /// After WebAssembly's validation of the import section: every type index is known to exist.
    fn import_types(&self, reader: &wasmparser::ImportSectionReader<'_>) -> Result<(), Refusal> {
        let Some(types) = self.validator.types(0) else {
            return Ok(());
        };
        let mut functions = 0_u32..;
        for import in reader.clone().into_imports_with_offsets() {
            let place = Place::new(Section::Import, 0);
            let (offset, import) = import.map_err(|error| place.malformed(&error))?;
            // Others were refused, and are here only where every refusal is listed.
            if !matches!(import.ty, TypeRef::Func(_)) {
                continue;
            }
            let Some(index) = functions.next() else { break };
            let ty = types[types.core_function_at(index)].unwrap_func();
            let place = place.at(offset);
            match self.rules {
                Rules::Contract | Rules::Debug | Rules::Generic => {
                    self.findings
                        .note(sections::import_type(place, &import, ty))?;
                }
                Rules::Spec => {
                    self.findings
                        .note(sections::linked_type(place, &import, ty))?;
                }
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
        self.findings
            .note(place.limit(RefusalCode::Exports, "exports", count.into(), limit))?;
        for export in reader.clone().into_iter_with_offsets() {
            let (offset, export) = export.map_err(|error| place.malformed(&error))?;
            self.findings
                .note(sections::name(place.at(offset), self.limits, export.name))?;
            match (export.kind, export.name) {
                (ExternalKind::Func, ENTRYPOINT) => self.exports.entrypoint = Some(export.index),
                (ExternalKind::Memory, MEMORY) => self.exports.memory = true,
                _ => {}
            }
        }
        Ok(Section::Export)
    }

    fn start(&self, offset: u64) -> Result<Section, Refusal> {
        if self.rules.of_contract() {
            self.findings
                .note(Err(Place::new(Section::Start, offset).refuse(
                    RefusalCode::StartFunction,
                    "a start function",
                    "a contract runs only through its exported function `user_entrypoint`",
                )))?;
        }
        Ok(Section::Start)
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

    fn entrypoint(&self, place: Place) -> Result<(), Refusal> {
        let types = self.validator.types(0);
        let (Some(index), Some(types)) = (self.exports.entrypoint, types) else {
            let what = "no exported function `user_entrypoint`";
            return Err(place.refuse(RefusalCode::EntrypointMissing, what, CONTRACT_EXPORTS));
        };
        let imports = types.function_count().saturating_sub(self.own_functions());
        if index < imports {
            let what = "`user_entrypoint` names an import";
            return Err(place.refuse(RefusalCode::EntrypointMissing, what, CONTRACT_EXPORTS));
        }
        let ty = types[types.core_function_at(index)].unwrap_func();
        let one_i32 = |types: &[wasmparser::ValType]| matches!(types, [ty] if value_type(*ty) == Some(ValueType::I32));
        if !one_i32(ty.params()) || !one_i32(ty.results()) {
            let what = "`user_entrypoint` has another type";
            return Err(place.refuse(RefusalCode::EntrypointType, what, CONTRACT_EXPORTS));
        }
        Ok(())
    }

    fn memory_export(&self, place: Place) -> Result<(), Refusal> {
        if !self.exports.memory {
            let what = "no exported memory `memory`";
            return Err(place.refuse(RefusalCode::MemoryNotExported, what, CONTRACT_EXPORTS));
        }
        Ok(())
    }

    /// How many functions of the module's own had their bodies checked: all, at the end.
    fn own_functions(&self) -> u32 {
        u32::try_from(self.operand_heights.len()).unwrap_or(u32::MAX)
    }
}
