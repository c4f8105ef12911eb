//! This machine's rules for the sections before the code: counts, kinds and types.

use aivm_core::{HostFunction, HostSignature, Limits, ValueType};
use wasmparser::{ElementItems, FuncType, Import, RecGroup, TypeRef, ValType};

use crate::nearest::nearest;
use crate::operator::{NO_EXTENSIONS, refusal_of_type, value_type};
use crate::refusal::{Place, Refusal, RefusalCode, Section};
use crate::validate::{Check, Rules};

/// What is right instead of an import that is no host function.
fn host_function_instead(name: &str, debug: bool) -> String {
    let modules = "host functions are in the modules `vm_hooks` and `aivm`; those of `console` are for debugging only, with `--debug`";
    match nearest(name, debug).map(HostFunction::signature) {
        Some(HostSignature { module, name, .. }) => {
            format!("is `{module}.{name}` meant? {modules}")
        }
        None => modules.to_owned(),
    }
}

/// An import as messages name it; characters that are not shown are escaped.
fn full_name(import: &Import<'_>) -> String {
    let (module, name) = (import.module.escape_debug(), import.name.escape_debug());
    format!("`{module}.{name}`")
}

/// First byte of a function type; every other form belongs to garbage collection.
const FUNCTION_TYPE: u8 = 0x60;

impl Check<'_> {
    pub(crate) fn types(
        &self,
        reader: &wasmparser::TypeSectionReader<'_>,
    ) -> Result<Section, Refusal> {
        let place = Place::new(Section::Type, reader.range().start);
        let (count, limit) = (reader.count(), self.limits.types);
        self.findings
            .note(place.limit(RefusalCode::Types, "types", count.into(), limit))?;
        let mut groups = reader.clone().into_iter();
        for index in 0..u64::from(count) {
            let place = place.at(groups.original_position());
            // A recursion group claims its length up front, so it is refused before it is read.
            let form = byte_at(self.bytes, place.offset);
            if form.is_some_and(|form| form != FUNCTION_TYPE) {
                return Err(place.refuse(
                    RefusalCode::Feature,
                    format!("type {index} is no function type"),
                    "types of functions only",
                ));
            }
            let Some(group) = groups.next() else { break };
            let group = group.map_err(|error| place.malformed(&error))?;
            self.function_type(place, index, &group)?;
        }
        drained(place, groups)?;
        Ok(Section::Type)
    }

    fn function_type(&self, place: Place, index: u64, group: &RecGroup) -> Result<(), Refusal> {
        for ty in group.types() {
            let ty = ty.unwrap_func();
            let (parameters, results) = (ty.params(), ty.results());
            self.findings.note(place.limit(
                RefusalCode::Parameters,
                "parameters of a function type",
                parameters.len() as u64,
                self.limits.parameters,
            ))?;
            self.findings.note(place.limit(
                RefusalCode::Results,
                "results of a function type",
                results.len() as u64,
                self.limits.results,
            ))?;
            for ty in parameters {
                self.findings.note(value(place, *ty, || {
                    format!("as a parameter of type {index}")
                }))?;
            }
            for ty in results {
                self.findings
                    .note(value(place, *ty, || format!("as a result of type {index}")))?;
            }
        }
        Ok(())
    }

    pub(crate) fn imports(
        &self,
        reader: &wasmparser::ImportSectionReader<'_>,
    ) -> Result<Section, Refusal> {
        let place = Place::new(Section::Import, reader.range().start);
        let (count, limit) = (reader.count(), self.limits.imports);
        self.findings
            .note(place.limit(RefusalCode::Imports, "imports", count.into(), limit))?;
        for import in reader.clone().into_imports_with_offsets() {
            let (offset, import) = import.map_err(|error| place.malformed(&error))?;
            let place = place.at(offset);
            self.findings
                .note(name(place, self.limits, import.module))?;
            self.findings.note(name(place, self.limits, import.name))?;
            let full = full_name(&import);
            if !matches!(import.ty, TypeRef::Func(_)) {
                self.findings.note(Err(place.refuse(
                    RefusalCode::ImportKind,
                    format!("import {full} is no function"),
                    "only host functions can be imported",
                )))?;
                continue;
            }
            let function = HostFunction::find(import.module, import.name);
            let debug = self.rules != Rules::Contract;
            let known = function.is_some_and(|function| debug || !function.is_debug());
            if !known && self.rules != Rules::Spec {
                self.findings.note(Err(place.refuse(
                    RefusalCode::UnknownImport,
                    format!("import {full} is no host function"),
                    host_function_instead(import.name, debug),
                )))?;
            }
        }
        Ok(Section::Import)
    }

    pub(crate) fn tables(
        &self,
        reader: &wasmparser::TableSectionReader<'_>,
    ) -> Result<Section, Refusal> {
        let place = Place::new(Section::Table, reader.range().start);
        let (count, limit) = (reader.count(), self.limits.tables);
        self.findings
            .note(place.limit(RefusalCode::SecondTable, "tables", count.into(), limit))?;
        let mut entries = 0_u64;
        for table in reader.clone().into_iter_with_offsets() {
            let (offset, table) = table.map_err(|error| place.malformed(&error))?;
            let place = place.at(offset);
            if table.ty.element_type != wasmparser::RefType::FUNCREF {
                self.findings.note(Err(place.refuse(
                    RefusalCode::TableType,
                    format!("a table of `{}`", table.ty.element_type),
                    FUNCREF_ONLY,
                )))?;
            }
            if table.ty.table64 || table.ty.shared {
                let what = "a 64-bit or shared table";
                self.findings
                    .note(Err(place.refuse(RefusalCode::Feature, what, NO_EXTENSIONS)))?;
            }
            entries = entries.saturating_add(table.ty.initial);
            self.findings.note(place.limit(
                RefusalCode::TableEntries,
                "table entries",
                entries,
                self.limits.table_entries,
            ))?;
        }
        Ok(Section::Table)
    }

    pub(crate) fn memories(
        &self,
        reader: &wasmparser::MemorySectionReader<'_>,
    ) -> Result<Section, Refusal> {
        let place = Place::new(Section::Memory, reader.range().start);
        self.findings.note(place.limit(
            RefusalCode::SecondMemory,
            "memories",
            reader.count().into(),
            1,
        ))?;
        for memory in reader.clone().into_iter_with_offsets() {
            let (offset, memory) = memory.map_err(|error| place.malformed(&error))?;
            let place = place.at(offset);
            if memory.memory64 || memory.shared || memory.page_size_log2.is_some() {
                let what = "a 64-bit or shared memory, or one with its own page size";
                self.findings
                    .note(Err(place.refuse(RefusalCode::Feature, what, NO_EXTENSIONS)))?;
            }
            self.findings.note(place.limit(
                RefusalCode::MemoryPages,
                "initial pages of memory",
                memory.initial,
                self.limits.memory_pages,
            ))?;
        }
        Ok(Section::Memory)
    }

    pub(crate) fn globals(
        &self,
        reader: &wasmparser::GlobalSectionReader<'_>,
    ) -> Result<Section, Refusal> {
        let place = Place::new(Section::Global, reader.range().start);
        let (count, limit) = (reader.count(), self.limits.globals);
        self.findings
            .note(place.limit(RefusalCode::Globals, "globals", count.into(), limit))?;
        for (index, global) in reader.clone().into_iter_with_offsets().enumerate() {
            let (offset, global) = global.map_err(|error| place.malformed(&error))?;
            self.findings
                .note(value(place.at(offset), global.ty.content_type, || {
                    format!("of global {index}")
                }))?;
        }
        Ok(Section::Global)
    }

    pub(crate) fn elements(
        &self,
        reader: &wasmparser::ElementSectionReader<'_>,
    ) -> Result<Section, Refusal> {
        let place = Place::new(Section::Element, reader.range().start);
        let (count, limit) = (reader.count(), self.limits.element_segments);
        self.findings.note(place.limit(
            RefusalCode::ElementSegments,
            "element segments",
            count.into(),
            limit,
        ))?;
        let mut entries = 0_u64;
        for element in reader.clone().into_iter_with_offsets() {
            let (offset, element) = element.map_err(|error| place.malformed(&error))?;
            let place = place.at(offset);
            let count = match &element.items {
                ElementItems::Functions(functions) => functions.count(),
                ElementItems::Expressions(ty, expressions) => {
                    if *ty != wasmparser::RefType::FUNCREF {
                        self.findings.note(Err(place.refuse(
                            RefusalCode::TableType,
                            format!("an element segment of `{ty}`"),
                            FUNCREF_ONLY,
                        )))?;
                    }
                    expressions.count()
                }
            };
            entries = entries.saturating_add(count.into());
            self.findings.note(place.limit(
                RefusalCode::ElementEntries,
                "entries of element segments",
                entries,
                self.limits.element_entries,
            ))?;
        }
        Ok(Section::Element)
    }

    pub(crate) fn data_count(
        &self,
        count: u32,
        offset: u64,
        section: Section,
    ) -> Result<Section, Refusal> {
        self.findings.note(Place::new(section, offset).limit(
            RefusalCode::DataSegments,
            "data segments",
            count.into(),
            self.limits.data_segments,
        ))?;
        Ok(section)
    }
}

const FUNCREF_ONLY: &str = "tables and element segments hold functions (funcref)";

/// Checks the length of an import's or export's name.
pub(crate) fn name(place: Place, limits: &Limits, name: &str) -> Result<(), Refusal> {
    place.limit(
        RefusalCode::NameBytes,
        "bytes in a name",
        name.len() as u64,
        limits.name_bytes,
    )
}

/// Checks that a value type is an integer; `role` completes the sentence.
pub(crate) fn value(
    place: Place,
    ty: ValType,
    role: impl FnOnce() -> String,
) -> Result<(), Refusal> {
    if value_type(ty).is_some() {
        return Ok(());
    }
    let (code, what, right) = refusal_of_type(ty);
    Err(place.refuse(code, format!("{what} {}", role()), right))
}

/// Checks that an import of a host function has its types.
pub(crate) fn import_type(place: Place, import: &Import<'_>, ty: &FuncType) -> Result<(), Refusal> {
    let Some(function) = HostFunction::find(import.module, import.name) else {
        return Ok(());
    };
    let signature = function.signature();
    let equal = |found: &[ValType], right: &[ValueType]| {
        found.len() == right.len()
            && found
                .iter()
                .zip(right)
                .all(|(found, right)| value_type(*found) == Some(*right))
    };
    if equal(ty.params(), signature.parameters) && equal(ty.results(), signature.result.as_slice())
    {
        return Ok(());
    }
    Err(place.refuse(
        RefusalCode::ImportType,
        format!("import {} of another type", full_name(import)),
        format!("its type is {}", Signature(signature)),
    ))
}

/// Checks that an import that the host links has one result at most: what a host call can return.
pub(crate) fn linked_type(place: Place, import: &Import<'_>, ty: &FuncType) -> Result<(), Refusal> {
    if ty.results().len() <= 1 {
        return Ok(());
    }
    Err(place.refuse(
        RefusalCode::ImportType,
        format!(
            "import {} with {} results",
            full_name(import),
            ty.results().len()
        ),
        "one result at most",
    ))
}

/// Writes a host function's type as `(i32, i32) -> i32`.
struct Signature(&'static HostSignature);

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |ty: ValueType| match ty {
            ValueType::I32 => "i32",
            ValueType::I64 => "i64",
        };
        let parameters: Vec<_> = self.0.parameters.iter().map(|ty| name(*ty)).collect();
        write!(f, "({})", parameters.join(", "))?;
        match self.0.result {
            Some(ty) => write!(f, " -> {}", name(ty)),
            None => Ok(()),
        }
    }
}

/// The byte of the file at `offset`, if it has one.
pub(crate) fn byte_at(bytes: &[u8], offset: u64) -> Option<u8> {
    bytes.get(usize::try_from(offset).ok()?).copied()
}

/// Refuses what is left of a section after its last item.
fn drained<T>(
    place: Place,
    mut items: impl Iterator<Item = wasmparser::Result<T>>,
) -> Result<(), Refusal> {
    match items.next() {
        Some(Err(error)) => Err(place.malformed(&error)),
        _ => Ok(()),
    }
}
