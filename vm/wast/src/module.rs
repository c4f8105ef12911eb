//! One module of a script: what it imports, defines and exports, read from its bytes.

use wasmparser::{
    ConstExpr, Element, ElementItems, ElementKind, ExternalKind, FuncType, GlobalType, MemoryType,
    Operator, Parser, Payload, RefType, TableType, TypeRef, ValType, Validator, WasmFeatures,
};

/// The kinds of what modules share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Function,
    Table,
    Memory,
    Global,
}

impl Kind {
    fn of(kind: ExternalKind) -> Option<Kind> {
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => Some(Kind::Function),
            ExternalKind::Table => Some(Kind::Table),
            ExternalKind::Memory => Some(Kind::Memory),
            ExternalKind::Global => Some(Kind::Global),
            ExternalKind::Tag => None,
        }
    }
}

/// What an import asks for.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) module: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// A constant expression: a global's first value, or a segment's offset.
#[derive(Clone, Debug)]
pub(crate) enum Init {
    /// Its terms, in order.
    Terms(Vec<Term>),
    /// A reference.
    Reference,
}

/// One instruction of a constant expression.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Term {
    /// Its bits.
    Bits(u64),
    /// The value of a global.
    Global(u32),
    /// Sum, difference or product of the two values before it.
    Binary(Arithmetic, ValType),
}

/// What extended constant expressions compute.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arithmetic {
    Add,
    Sub,
    Mul,
}

impl Init {
    /// Its value, with those of globals; none for a reference.
    pub(crate) fn value(&self, global: impl Fn(u32) -> Option<u64>) -> Option<u64> {
        let Init::Terms(terms) = self else {
            return None;
        };
        let mut values = Vec::new();
        for term in terms {
            let value = match *term {
                Term::Bits(bits) => bits,
                Term::Global(index) => global(index)?,
                Term::Binary(arithmetic, ty) => {
                    let (right, left): (u64, u64) = (values.pop()?, values.pop()?);
                    let value = match arithmetic {
                        Arithmetic::Add => left.wrapping_add(right),
                        Arithmetic::Sub => left.wrapping_sub(right),
                        Arithmetic::Mul => left.wrapping_mul(right),
                    };
                    match ty {
                        ValType::I32 => value & u64::from(u32::MAX),
                        _ => value,
                    }
                }
            };
            values.push(value);
        }
        values.pop()
    }
}

/// An element segment, functions by index.
#[derive(Clone, Debug)]
pub(crate) struct Elements {
    pub(crate) mode: Mode,
    pub(crate) entries: Vec<Option<u32>>,
}

/// How a segment is applied.
#[derive(Clone, Debug)]
pub(crate) enum Mode {
    Active { index: u32, offset: Init },
    Passive,
    Declared,
}

/// A module, read.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    pub(crate) bytes: Vec<u8>,
    pub(crate) imports: Vec<Import>,
    /// Types of all functions, imports first; so with the next three.
    pub(crate) functions: Vec<FuncType>,
    pub(crate) tables: Vec<TableType>,
    pub(crate) memories: Vec<MemoryType>,
    pub(crate) globals: Vec<GlobalType>,
    /// First values of the module's own globals.
    pub(crate) inits: Vec<Init>,
    pub(crate) exports: Vec<(String, Kind, u32)>,
    pub(crate) start: Option<u32>,
    pub(crate) elements: Vec<Elements>,
    /// Mode and bytes of each data segment.
    pub(crate) data: Vec<(Mode, Vec<u8>)>,
    pub(crate) types: u32,
}

impl Module {
    /// Reads `bytes` if they are a valid module of WebAssembly 2.0 under `features`.
    pub(crate) fn read(bytes: &[u8], features: WasmFeatures) -> wasmparser::Result<Module> {
        let types = Validator::new_with_features(features).validate_all(bytes)?;
        let types = types.as_ref();
        let function = |index| types[types.core_function_at(index)].unwrap_func().clone();
        let mut module = Module {
            bytes: bytes.to_vec(),
            imports: Vec::new(),
            functions: (0..types.function_count()).map(function).collect(),
            tables: (0..types.table_count())
                .map(|index| types.table_at(index))
                .collect(),
            memories: (0..types.memory_count())
                .map(|index| types.memory_at(index))
                .collect(),
            globals: (0..types.global_count())
                .map(|index| types.global_at(index))
                .collect(),
            inits: Vec::new(),
            exports: Vec::new(),
            start: None,
            elements: Vec::new(),
            data: Vec::new(),
            types: types.core_type_count_in_module(),
        };
        for payload in Parser::new(0).parse_all(bytes) {
            module.payload(payload?)?;
        }
        Ok(module)
    }

    fn payload(&mut self, payload: Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::ImportSection(reader) => {
                for import in reader.into_imports() {
                    let import = import?;
                    let kind = match import.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => Kind::Function,
                        TypeRef::Table(_) => Kind::Table,
                        TypeRef::Memory(_) => Kind::Memory,
                        TypeRef::Global(_) => Kind::Global,
                        TypeRef::Tag(_) => continue,
                    };
                    self.imports.push(Import {
                        module: import.module.to_owned(),
                        name: import.name.to_owned(),
                        kind,
                    });
                }
            }
            Payload::GlobalSection(reader) => {
                for global in reader {
                    self.inits.push(init(&global?.init_expr)?);
                }
            }
            Payload::ExportSection(reader) => {
                for export in reader {
                    let export = export?;
                    if let Some(kind) = Kind::of(export.kind) {
                        self.exports
                            .push((export.name.to_owned(), kind, export.index));
                    }
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(reader) => {
                for element in reader {
                    self.elements.push(elements(element?)?);
                }
            }
            Payload::DataSection(reader) => {
                for data in reader {
                    let data = data?;
                    let mode = match data.kind {
                        wasmparser::DataKind::Passive => Mode::Passive,
                        wasmparser::DataKind::Active {
                            memory_index,
                            offset_expr,
                        } => Mode::Active {
                            index: memory_index,
                            offset: init(&offset_expr)?,
                        },
                    };
                    self.data.push((mode, data.data.to_vec()));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// How many imports of this kind there are.
    pub(crate) fn imported(&self, kind: Kind) -> u32 {
        let count = self.imports.iter().filter(|import| import.kind == kind);
        u32::try_from(count.count()).expect("an index")
    }

    /// The imports of this kind, by their index among the items of the kind.
    pub(crate) fn imports_of(&self, kind: Kind) -> impl Iterator<Item = (u32, &Import)> {
        (0..).zip(
            self.imports
                .iter()
                .filter(move |import| import.kind == kind),
        )
    }

    /// What is exported under `name`.
    pub(crate) fn export(&self, name: &str) -> Option<(Kind, u32)> {
        let found = self.exports.iter().find(|(export, ..)| export == name)?;
        Some((found.1, found.2))
    }

    /// Whether two types of its functions become one when floats and references become integers.
    pub(crate) fn types_collapse(&self) -> bool {
        let twin = |ty: &ValType| match ty {
            ValType::F32 => ValType::I32,
            ValType::F64 | ValType::Ref(_) => ValType::I64,
            other => *other,
        };
        let twins: Vec<FuncType> = self
            .functions
            .iter()
            .map(|ty| {
                let [parameters, results] = [ty.params(), ty.results()];
                FuncType::new(parameters.iter().map(twin), results.iter().map(twin))
            })
            .collect();
        let mut pairs = (0..twins.len()).flat_map(|left| (0..left).map(move |right| (left, right)));
        pairs.any(|(left, right)| {
            twins[left] == twins[right] && self.functions[left] != self.functions[right]
        })
    }

    /// The module's own functions.
    pub(crate) fn own_functions(&self) -> u32 {
        count(&self.functions) - self.imported(Kind::Function)
    }
}

/// A length as an index of WebAssembly.
pub(crate) fn count<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).expect("an index of a validated module")
}

fn elements(element: Element<'_>) -> wasmparser::Result<Elements> {
    let mode = match element.kind {
        ElementKind::Passive => Mode::Passive,
        ElementKind::Declared => Mode::Declared,
        ElementKind::Active {
            table_index,
            offset_expr,
        } => Mode::Active {
            index: table_index.unwrap_or(0),
            offset: init(&offset_expr)?,
        },
    };
    let entries = match element.items {
        ElementItems::Functions(functions) => functions
            .into_iter()
            .map(|function| function.map(Some))
            .collect::<wasmparser::Result<_>>()?,
        ElementItems::Expressions(_, expressions) => expressions
            .into_iter()
            .map(|expression| {
                Ok(match expression?.get_operators_reader().read()? {
                    Operator::RefFunc { function_index } => Some(function_index),
                    _ => None,
                })
            })
            .collect::<wasmparser::Result<_>>()?,
    };
    Ok(Elements { mode, entries })
}

fn init(expression: &ConstExpr<'_>) -> wasmparser::Result<Init> {
    use Arithmetic::{Add, Mul, Sub};
    let mut terms = Vec::new();
    for operator in expression.get_operators_reader() {
        terms.push(match operator? {
            Operator::I32Const { value } => Term::Bits(u64::from(value.cast_unsigned())),
            Operator::I64Const { value } => Term::Bits(value.cast_unsigned()),
            Operator::F32Const { value } => Term::Bits(u64::from(value.bits())),
            Operator::F64Const { value } => Term::Bits(value.bits()),
            Operator::GlobalGet { global_index } => Term::Global(global_index),
            Operator::I32Add => Term::Binary(Add, ValType::I32),
            Operator::I32Sub => Term::Binary(Sub, ValType::I32),
            Operator::I32Mul => Term::Binary(Mul, ValType::I32),
            Operator::I64Add => Term::Binary(Add, ValType::I64),
            Operator::I64Sub => Term::Binary(Sub, ValType::I64),
            Operator::I64Mul => Term::Binary(Mul, ValType::I64),
            Operator::End => break,
            _ => return Ok(Init::Reference),
        });
    }
    Ok(Init::Terms(terms))
}

/// Whether an export satisfies an import. Sizes of tables and memories are those they have now.
#[derive(Clone, Debug)]
pub(crate) enum Extern {
    Function(FuncType),
    Table(RefType, u64, Option<u64>),
    Memory(u64, Option<u64>),
    Global(ValType, bool),
}

impl Extern {
    /// The item `index` of `kind` as its module declares it.
    pub(crate) fn of(module: &Module, kind: Kind, index: u32) -> Extern {
        let index = index as usize;
        match kind {
            Kind::Function => Extern::Function(module.functions[index].clone()),
            Kind::Table => {
                let ty = module.tables[index];
                Extern::Table(ty.element_type, ty.initial, ty.maximum)
            }
            Kind::Memory => {
                let ty = module.memories[index];
                Extern::Memory(ty.initial, ty.maximum)
            }
            Kind::Global => {
                let ty = module.globals[index];
                Extern::Global(ty.content_type, ty.mutable)
            }
        }
    }

    /// Whether `self`, exported, may be imported as `wanted`.
    pub(crate) fn satisfies(&self, wanted: &Extern) -> bool {
        match (self, wanted) {
            (Extern::Function(has), Extern::Function(wants)) => has == wants,
            (Extern::Global(has, mutable), Extern::Global(wants, writes)) => {
                has == wants && mutable == writes
            }
            (Extern::Table(has, min, max), Extern::Table(wants, least, most)) => {
                has == wants && within(*min, *max, *least, *most)
            }
            (Extern::Memory(min, max), Extern::Memory(least, most)) => {
                within(*min, *max, *least, *most)
            }
            _ => false,
        }
    }
}

fn within(min: u64, max: Option<u64>, least: u64, most: Option<u64>) -> bool {
    min >= least && most.is_none_or(|most| max.is_some_and(|max| max <= most))
}
