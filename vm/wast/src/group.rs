//! Instances that share memory, tables or mutable globals, written as one module.
//!
//! An instance of this machine owns all its state. Where a script links modules that share some, they are
//! joined before anything runs: a *group* is one module with the functions, tables and globals of all its
//! members. Of a group with one member, segments stay as they are; in a larger one each member has a
//! function that does what its instantiation does, by `table.init` and `memory.init`, so that a member that
//! traps half-way leaves what it had written. Functions of other groups are imports, linked at run time.

use std::collections::BTreeMap;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Elements, EntityType,
    Function, FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction,
    MemorySection, MemoryType, RefType, TableSection, TableType, TypeSection, ValType,
};
use wasmparser::{Parser, Payload};

use crate::module::{Init, Kind, Mode, Module, count};
use crate::twin::{Indices, Marker, Markers, Twin, constant, entry};

/// A module of the script that is to be instantiated, its imports resolved.
pub(crate) struct Unit {
    pub(crate) module: Module,
    /// For each import, where it is defined; `None` if nothing has that name.
    pub(crate) imports: Vec<Option<Definition>>,
}

/// An item in the index space of the unit that defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) unit: usize,
    pub(crate) kind: Kind,
    pub(crate) index: u32,
}

/// Where the definition of the item `index` of `kind` in `unit` is.
pub(crate) fn definition(
    units: &[Unit],
    unit: usize,
    kind: Kind,
    index: u32,
) -> Option<Definition> {
    let Unit { module, imports } = &units[unit];
    if index >= module.imported(kind) {
        return Some(Definition { unit, kind, index });
    }
    let mut of_kind = module.imports.iter().zip(imports);
    let import = of_kind
        .by_ref()
        .filter(|(import, _)| import.kind == kind)
        .nth(index as usize);
    *import?.1
}

/// The value with which an immutable global begins.
fn global_value(units: &[Unit], unit: usize, index: u32) -> Option<u64> {
    let at = definition(units, unit, Kind::Global, index)?;
    let module = &units[at.unit].module;
    let own = at.index - module.imported(Kind::Global);
    init_value(units, at.unit, &module.inits[own as usize])
}

fn init_value(units: &[Unit], unit: usize, init: &Init) -> Option<u64> {
    init.value(|index| global_value(units, unit, index))
}

/// What an import of the written module is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Link {
    Marker(Marker),
    /// A function of another group.
    Function(Definition),
}

/// Where a member's items are in the written module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) functions: Vec<u32>,
    pub(crate) globals: Vec<u32>,
    /// What to call instead of what instantiation does by itself.
    pub(crate) init: Option<u32>,
    pub(crate) start: Option<u32>,
}

/// A group, written.
pub(crate) struct Group {
    pub(crate) bytes: Vec<u8>,
    pub(crate) links: Vec<Link>,
    pub(crate) places: BTreeMap<usize, Place>,
}

/// Why a group cannot be written.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Unwritten {
    #[error("instances that share state have several memories")]
    SeveralMemories,
    #[error("a global holds a reference")]
    ReferenceGlobal,
    #[error("an expression that is no constant")]
    Constant,
    #[error("an import that nothing defines")]
    Unresolved,
    #[error("writing the module anew: {0}")]
    Encoding(String),
}

impl From<Error> for Unwritten {
    fn from(error: Error) -> Unwritten {
        Unwritten::Encoding(error.to_string())
    }
}

/// Writes the group of `members`, in the order in which they are instantiated.
pub(crate) fn write(units: &[Unit], members: &[usize]) -> Result<Group, Unwritten> {
    let mut writer = Writer {
        units,
        alone: members.len() == 1,
        ..Writer::new(units)
    };
    writer.count(members)?;
    for &member in members {
        writer.member(member)?;
    }
    writer.finish(members)
}

struct Writer<'a> {
    units: &'a [Unit],
    alone: bool,
    links: Vec<Link>,
    places: BTreeMap<usize, Place>,
    /// Tables of each member, and the globals that say whether they were to grow.
    tables_of: BTreeMap<usize, Vec<(u32, u32)>>,
    twin: Twin,
    /// Index of the type `() -> ()`, after the types of all members.
    empty_type: u32,
    next_function: u32,
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    globals: GlobalSection,
    elements: ElementSection,
    data: DataSection,
    code: CodeSection,
    /// Instantiation functions, whose code follows that of all members.
    inits: Vec<Function>,
}

impl<'a> Writer<'a> {
    fn new(units: &'a [Unit]) -> Self {
        Writer {
            units,
            alone: false,
            links: Vec::new(),
            places: BTreeMap::new(),
            tables_of: BTreeMap::new(),
            twin: Twin::default(),
            empty_type: 0,
            next_function: 0,
            types: TypeSection::new(),
            imports: ImportSection::new(),
            functions: FunctionSection::new(),
            tables: TableSection::new(),
            memories: MemorySection::new(),
            globals: GlobalSection::new(),
            elements: ElementSection::new(),
            data: DataSection::new(),
            code: CodeSection::new(),
            inits: Vec::new(),
        }
    }

    /// Gives every function its index: imports of other groups, markers, own functions.
    fn count(&mut self, members: &[usize]) -> Result<(), Unwritten> {
        let mut types = 0;
        let mut imported = Vec::new();
        for &member in members {
            let unit = &self.units[member];
            for (import, definition) in unit.module.imports.iter().zip(&unit.imports) {
                let definition = definition.ok_or(Unwritten::Unresolved)?;
                if import.kind == Kind::Function && !members.contains(&definition.unit) {
                    imported.push((member, definition));
                }
            }
            types += unit.module.types;
        }
        self.empty_type = types;
        self.links = imported
            .iter()
            .map(|(_, definition)| Link::Function(*definition))
            .chain([Marker::Float, Marker::Reference].map(Link::Marker))
            .collect();
        let outside = count(&imported);
        self.twin.markers = Markers {
            float: outside,
            reference: outside + 1,
        };
        self.next_function = outside + 2;
        for &member in members {
            let module = &self.units[member].module;
            let place = self.places.entry(member).or_default();
            let own = module.own_functions();
            place.functions = vec![0; module.imported(Kind::Function) as usize];
            place
                .functions
                .extend(self.next_function..self.next_function + own);
            self.next_function += own;
        }
        // Members' imports, now that every own function has its index.
        let mut next_outside = 0;
        for &member in members {
            let unit = &self.units[member];
            let functions = unit.module.imports.iter().zip(&unit.imports);
            let functions = functions.filter(|(import, _)| import.kind == Kind::Function);
            for (index, (_, definition)) in functions.enumerate() {
                let definition = definition.ok_or(Unwritten::Unresolved)?;
                let at = if members.contains(&definition.unit) {
                    self.places[&definition.unit].functions[definition.index as usize]
                } else {
                    next_outside += 1;
                    next_outside - 1
                };
                self.places
                    .get_mut(&member)
                    .expect("entered above")
                    .functions[index] = at;
            }
        }
        Ok(())
    }

    fn member(&mut self, member: usize) -> Result<(), Unwritten> {
        let units = self.units;
        let module = &units[member].module;
        let mut tables = Vec::new();
        for (index, _) in module.imports_of(Kind::Table) {
            let at = definition(units, member, Kind::Table, index).ok_or(Unwritten::Unresolved)?;
            tables.push(self.tables_of[&at.unit][at.index as usize]);
        }
        for table in &module.tables[tables.len()..] {
            tables.push((self.tables.len(), self.globals.len()));
            let grown = GlobalType {
                val_type: ValType::I32,
                mutable: true,
                shared: false,
            };
            self.globals.global(grown, &ConstExpr::i32_const(0));
            self.tables.table(TableType {
                element_type: self.twin.ref_type(table.element_type)?,
                table64: table.table64,
                minimum: table.initial,
                maximum: table.maximum,
                shared: table.shared,
            });
        }
        self.tables_of.insert(member, tables.clone());
        for memory in &module.memories[module.imported(Kind::Memory) as usize..] {
            if !self.memories.is_empty() {
                return Err(Unwritten::SeveralMemories);
            }
            self.memories.memory(MemoryType {
                minimum: memory.initial,
                maximum: memory.maximum,
                memory64: memory.memory64,
                shared: memory.shared,
                page_size_log2: memory.page_size_log2,
            });
        }
        let globals = self.globals(member, module)?;
        let place = self.places.get_mut(&member).expect("counted");
        place.globals = globals.clone();
        place.start = module.start.map(|start| place.functions[start as usize]);
        self.twin.indices = Indices {
            types: self.twin.indices.types,
            functions: place.functions.clone(),
            tables: tables.iter().map(|(table, _)| *table).collect(),
            grown: tables.iter().map(|(_, grown)| *grown).collect(),
            globals,
            elements: self.elements.len(),
            data: self.data.len(),
        };
        self.segments(member, module)?;
        self.sections(module)?;
        self.twin.indices.types += module.types;
        Ok(())
    }

    fn globals(&mut self, member: usize, module: &Module) -> Result<Vec<u32>, Unwritten> {
        let mut indices = Vec::new();
        let imported = module.imported(Kind::Global);
        for (index, ty) in (0..).zip(&module.globals) {
            if index < imported && ty.mutable {
                let at = definition(self.units, member, Kind::Global, index)
                    .ok_or(Unwritten::Unresolved)?;
                indices.push(self.places[&at.unit].globals[at.index as usize]);
                continue;
            }
            let bits = match index.checked_sub(imported) {
                None => global_value(self.units, member, index),
                Some(own) => match &module.inits[own as usize] {
                    Init::Reference if ty.content_type.is_reference_type() => Some(0),
                    init => init_value(self.units, member, init),
                },
            };
            let bits = bits.ok_or(match ty.content_type.is_reference_type() {
                true => Unwritten::ReferenceGlobal,
                false => Unwritten::Constant,
            })?;
            indices.push(self.globals.len());
            let twin = GlobalType {
                val_type: self.twin.val_type(ty.content_type)?,
                mutable: ty.mutable,
                shared: ty.shared,
            };
            self.globals.global(twin, &constant(ty.content_type, bits));
        }
        Ok(indices)
    }

    /// Segments, and the function that applies them if the member is not alone.
    fn segments(&mut self, member: usize, module: &Module) -> Result<(), Unwritten> {
        let mut init = Function::new([]);
        let place = &self.places[&member];
        for segment in &module.elements {
            let written = self.elements.len();
            let expressions: Vec<_> = segment
                .entries
                .iter()
                .map(|function| entry(function.map(|index| place.functions[index as usize])))
                .collect();
            let expressions = Elements::Expressions(RefType::FUNCREF, expressions.into());
            match &segment.mode {
                Mode::Active { index, offset } => {
                    let table = self.twin.indices.tables[*index as usize];
                    let offset = self.offset(member, offset)?;
                    if self.alone {
                        let offset = constant(wasmparser::ValType::I32, offset);
                        self.elements.active(Some(table), &offset, expressions);
                    } else {
                        self.elements.passive(expressions);
                        operands(&mut init, offset, segment.entries.len());
                        init.instruction(&Instruction::TableInit {
                            elem_index: written,
                            table,
                        });
                        init.instruction(&Instruction::ElemDrop(written));
                    }
                }
                Mode::Passive => {
                    self.elements.passive(expressions);
                }
                Mode::Declared => {
                    self.elements.declared(expressions);
                }
            }
        }
        for (mode, bytes) in &module.data {
            let written = self.data.len();
            match mode {
                Mode::Active { offset, .. } => {
                    let offset = self.offset(member, offset)?;
                    if self.alone {
                        let offset = constant(wasmparser::ValType::I32, offset);
                        self.data.active(0, &offset, bytes.iter().copied());
                    } else {
                        self.data.passive(bytes.iter().copied());
                        operands(&mut init, offset, bytes.len());
                        init.instruction(&Instruction::MemoryInit {
                            mem: 0,
                            data_index: written,
                        });
                        init.instruction(&Instruction::DataDrop(written));
                    }
                }
                Mode::Passive | Mode::Declared => {
                    self.data.passive(bytes.iter().copied());
                }
            }
        }
        if !self.alone {
            init.instruction(&Instruction::End);
            self.inits.push(init);
            let place = self.places.get_mut(&member).expect("counted");
            place.init = Some(self.next_function);
            self.next_function += 1;
        }
        Ok(())
    }

    fn offset(&self, member: usize, offset: &Init) -> Result<u64, Unwritten> {
        init_value(self.units, member, offset).ok_or(Unwritten::Constant)
    }

    /// Types, functions and code.
    fn sections(&mut self, module: &Module) -> Result<(), Unwritten> {
        let parsing = |error: wasmparser::Error| Unwritten::Encoding(error.to_string());
        for payload in Parser::new(0).parse_all(&module.bytes) {
            match payload.map_err(parsing)? {
                Payload::TypeSection(reader) => {
                    self.twin.parse_type_section(&mut self.types, reader)?;
                }
                Payload::FunctionSection(reader) => {
                    self.twin
                        .parse_function_section(&mut self.functions, reader)?;
                }
                Payload::CodeSectionEntry(body) => {
                    self.twin.parse_function_body(&mut self.code, body)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn finish(mut self, members: &[usize]) -> Result<Group, Unwritten> {
        let only_functions = |unit: &Unit| {
            let mut imports = unit.module.imports.iter();
            imports.all(|import| import.kind == Kind::Function)
        };
        if let [member] = members
            && self.twin.changed == 0
            && only_functions(&self.units[*member])
        {
            return Ok(self.verbatim(*member));
        }
        self.types.ty().function([], []);
        for link in &self.links {
            let ty = match link {
                Link::Marker(_) => self.empty_type,
                Link::Function(at) => {
                    let ty = &self.units[at.unit].module.functions[at.index as usize];
                    let ty = self.twin.func_type(ty.clone())?;
                    let index = self.types.len();
                    self.types.ty().func_type(&ty);
                    index
                }
            };
            self.imports.import("", "", EntityType::Function(ty));
        }
        for init in &self.inits {
            self.functions.function(self.empty_type);
            self.code.function(init);
        }
        let mut module = wasm_encoder::Module::new();
        module.section(&self.types).section(&self.imports);
        module.section(&self.functions).section(&self.tables);
        module.section(&self.memories).section(&self.globals);
        module.section(&self.elements);
        let count = self.data.len();
        module.section(&DataCountSection { count });
        module.section(&self.code).section(&self.data);
        Ok(Group {
            bytes: module.finish(),
            links: self.links,
            places: self.places,
        })
    }

    /// A lone module without floats runs as it is, byte for byte.
    fn verbatim(mut self, member: usize) -> Group {
        let module = &self.units[member].module;
        self.links.retain(|link| matches!(link, Link::Function(_)));
        let place = Place {
            functions: (0..count(&module.functions)).collect(),
            globals: (0..count(&module.globals)).collect(),
            init: None,
            start: module.start,
        };
        Group {
            bytes: module.bytes.clone(),
            links: self.links,
            places: BTreeMap::from([(member, place)]),
        }
    }
}

/// Pushes destination, source 0 and length of a bulk operation.
fn operands(init: &mut Function, offset: u64, length: usize) {
    let length = u32::try_from(length).expect("a segment's length");
    init.instruction(&Instruction::I32Const((offset as u32).cast_signed()));
    init.instruction(&Instruction::I32Const(0));
    init.instruction(&Instruction::I32Const(length.cast_signed()));
}
