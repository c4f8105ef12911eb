//! [`ValidatedModule`] → [`MeteredModule`]: decodes the sections and gives every metering block its price.
//!
//! A metering block is a run of ops that control enters only at its first and leaves only after its last
//! (a trap or the end of ink aside). Its price is the exact sum of [`cost`](crate::cost) over its ops,
//! taken by one [`Op::Charge`] at its beginning; a block of price 0 has none.

use std::collections::HashMap;

use aivm_core::{GasSchedule, HostFunction, Limits, ValueType};
use wasmparser::{
    ConstExpr, Data, DataKind, Element, ElementItems, ElementKind, ExternalKind, FunctionBody,
    Operator, Parser, Payload, TypeRef, ValType,
};

use crate::operator::value_type;
use crate::plan::{
    DataSegment, DynamicCosts, ElementSegment, Export, ExportItem, FuncType, Function, Global,
    Import, Memory, MeteredModule, SegmentMode, Table,
};
use crate::segments;
use crate::validate::{FEATURES, Rules, ValidatedModule};

/// Stack words of an activation besides its locals and operands: room for the return place, the
/// caller's frame and what an engine saves around calls.
pub const FRAME_HEADER_WORDS: u32 = 4;

/// Builds the plan of a validated module at the prices of `schedule`. Work is linear in the module.
#[must_use]
pub fn meter(module: &ValidatedModule, schedule: &GasSchedule) -> MeteredModule {
    let mut builder = Builder::new(module, schedule);
    builder
        .read()
        .expect("bytes that were validated can be read again");
    builder.plan
}

struct Builder<'a> {
    module: &'a ValidatedModule,
    limits: &'a Limits,
    schedule: &'a GasSchedule,
    plan: MeteredModule,
    /// Plan type of each type of the file.
    type_map: Vec<u32>,
    /// Plan type of each function of the module's own, bodies read or not.
    function_types: Vec<u32>,
}

impl<'a> Builder<'a> {
    fn new(module: &'a ValidatedModule, schedule: &'a GasSchedule) -> Self {
        Builder {
            module,
            limits: module.limits(),
            schedule,
            plan: MeteredModule {
                types: Vec::new(),
                imports: Vec::new(),
                import_types: Vec::new(),
                functions: Vec::new(),
                tables: Vec::new(),
                memory: None,
                globals: Vec::new(),
                elements: Vec::new(),
                data: Vec::new(),
                exports: Vec::new(),
                start: None,
                dynamic_costs: DynamicCosts {
                    bulk_byte: schedule.bulk_byte,
                    table_entry: schedule.table_entry,
                    memory_page: schedule.memory_page,
                },
                stack_words: module.limits().stack_words,
                bytes: narrow(module.bytes().len() as u64),
            },
            type_map: Vec::new(),
            function_types: Vec::new(),
        }
    }

    fn read(&mut self) -> wasmparser::Result<()> {
        let mut parser = Parser::new(0);
        parser.set_features(FEATURES);
        for payload in parser.parse_all(self.module.bytes()) {
            match payload? {
                Payload::TypeSection(reader) => self.types(reader)?,
                Payload::ImportSection(reader) => self.imports(reader)?,
                Payload::FunctionSection(reader) => {
                    for ty in reader {
                        self.function_types.push(self.type_map[ty? as usize]);
                    }
                }
                Payload::TableSection(reader) => {
                    for table in reader {
                        let first = self.plan.table_entries();
                        let entries = narrow(table?.ty.initial);
                        self.plan.tables.push(Table { first, entries });
                    }
                }
                Payload::MemorySection(reader) => {
                    for memory in reader {
                        self.plan.memory = Some(self.memory(memory?));
                    }
                }
                Payload::GlobalSection(reader) => {
                    for global in reader {
                        let global = global?;
                        self.plan.globals.push(Global {
                            ty: integer(global.ty.content_type),
                            mutable: global.ty.mutable,
                            init: constant(&global.init_expr)?,
                        });
                    }
                }
                Payload::ExportSection(reader) => {
                    for export in reader {
                        self.plan.exports.push(self::export(&export?));
                    }
                }
                Payload::StartSection { func, .. } => self.plan.start = Some(func),
                Payload::ElementSection(reader) => {
                    for element in reader {
                        self.plan.elements.push(element_segment(&element?)?);
                    }
                }
                Payload::DataSection(reader) => {
                    for data in reader {
                        self.plan.data.push(data_segment(&data?)?);
                    }
                }
                Payload::CodeSectionEntry(code) => self.function(&code)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn types(&mut self, reader: wasmparser::TypeSectionReader<'_>) -> wasmparser::Result<()> {
        let mut known = HashMap::new();
        for ty in reader.into_iter_err_on_gc_types() {
            let ty = ty?;
            let ty = FuncType {
                parameters: ty.params().iter().copied().map(integer).collect(),
                results: ty.results().iter().copied().map(integer).collect(),
            };
            let next = narrow(self.plan.types.len() as u64);
            let index = *known.entry(ty.clone()).or_insert(next);
            if index == next {
                self.plan.types.push(ty);
            }
            self.type_map.push(index);
        }
        Ok(())
    }

    fn imports(&mut self, reader: wasmparser::ImportSectionReader<'_>) -> wasmparser::Result<()> {
        for import in reader.into_imports() {
            let import = import?;
            if let TypeRef::Func(ty) = import.ty {
                let host = HostFunction::find(import.module, import.name);
                let host = host.filter(|_| self.module.rules() != Rules::Spec);
                self.plan
                    .imports
                    .push(host.map_or(Import::Linked, Import::Host));
                self.plan.import_types.push(self.type_map[ty as usize]);
            }
        }
        Ok(())
    }

    fn memory(&self, memory: wasmparser::MemoryType) -> Memory {
        let limit = u64::from(self.limits.memory_pages);
        Memory {
            min_pages: narrow(memory.initial),
            max_pages: narrow(memory.maximum.map_or(limit, |maximum| maximum.min(limit))),
        }
    }

    fn function(&mut self, code: &FunctionBody<'_>) -> wasmparser::Result<()> {
        let index = self.plan.functions.len();
        let ty = self.function_types[index];
        let max_operands = self.module.operand_heights()[index];
        let mut locals = self.plan.types[ty as usize].parameters.clone();
        let parameters = locals.len();
        for group in code.get_locals_reader()? {
            let (count, ty) = group?;
            locals.extend((0..count).map(|_| integer(ty)));
        }
        let declared = narrow((locals.len() - parameters) as u64);
        let ops = segments::ops(
            code.get_operators_reader()?,
            &self.type_map,
            &self.plan.tables,
            declared,
            self.schedule,
        )?;
        let frame_words = narrow(locals.len() as u64)
            .saturating_add(max_operands)
            .saturating_add(FRAME_HEADER_WORDS);
        self.plan.functions.push(Function {
            ty,
            locals,
            max_operands,
            frame_words,
            ops,
        });
        Ok(())
    }
}

fn export(export: &wasmparser::Export<'_>) -> Export {
    Export {
        name: export.name.to_owned(),
        item: match export.kind {
            ExternalKind::Func | ExternalKind::FuncExact => ExportItem::Function(export.index),
            ExternalKind::Table => ExportItem::Table(export.index),
            ExternalKind::Memory => ExportItem::Memory,
            ExternalKind::Global => ExportItem::Global(export.index),
            ExternalKind::Tag => unreachable!("validation refuses tags"),
        },
    }
}

fn element_segment(element: &Element<'_>) -> wasmparser::Result<ElementSegment> {
    let (mode, table) = match &element.kind {
        ElementKind::Passive => (SegmentMode::Passive, 0),
        ElementKind::Declared => (SegmentMode::Declared, 0),
        ElementKind::Active {
            table_index,
            offset_expr,
        } => {
            let offset = narrow(constant(offset_expr)?);
            (SegmentMode::Active { offset }, table_index.unwrap_or(0))
        }
    };
    let entries = match element.items.clone() {
        ElementItems::Functions(functions) => functions
            .into_iter()
            .map(|function| function.map(Some))
            .collect::<wasmparser::Result<_>>()?,
        ElementItems::Expressions(_, expressions) => expressions
            .into_iter()
            .map(|expression| entry(&expression?))
            .collect::<wasmparser::Result<_>>()?,
    };
    Ok(ElementSegment {
        mode,
        table,
        entries,
    })
}

/// The function of an element expression: `ref.func` or `ref.null`.
fn entry(expression: &ConstExpr<'_>) -> wasmparser::Result<Option<u32>> {
    Ok(match expression.get_operators_reader().read()? {
        Operator::RefFunc { function_index } => Some(function_index),
        _ => None,
    })
}

fn data_segment(data: &Data<'_>) -> wasmparser::Result<DataSegment> {
    let mode = match &data.kind {
        DataKind::Passive => SegmentMode::Passive,
        DataKind::Active { offset_expr, .. } => SegmentMode::Active {
            offset: narrow(constant(offset_expr)?),
        },
    };
    Ok(DataSegment {
        mode,
        bytes: data.data.to_vec(),
    })
}

/// The value of a constant expression: integer constants, their sums, differences and products. An i32 is
/// zero-extended.
fn constant(expression: &ConstExpr<'_>) -> wasmparser::Result<u64> {
    let mut values: Vec<u64> = Vec::new();
    for operator in expression.get_operators_reader() {
        let mut pop_two = || {
            let right = values.pop().expect("validation knows the stack");
            (values.pop().expect("validation knows the stack"), right)
        };
        let value = match operator? {
            Operator::I32Const { value } => low(value.cast_unsigned().into()),
            Operator::I64Const { value } => value.cast_unsigned(),
            Operator::I32Add => {
                let (left, right) = pop_two();
                low(left.wrapping_add(right))
            }
            Operator::I32Sub => {
                let (left, right) = pop_two();
                low(left.wrapping_sub(right))
            }
            Operator::I32Mul => {
                let (left, right) = pop_two();
                low(left.wrapping_mul(right))
            }
            Operator::I64Add => {
                let (left, right) = pop_two();
                left.wrapping_add(right)
            }
            Operator::I64Sub => {
                let (left, right) = pop_two();
                left.wrapping_sub(right)
            }
            Operator::I64Mul => {
                let (left, right) = pop_two();
                left.wrapping_mul(right)
            }
            Operator::End => break,
            _ => unreachable!("validation accepts integer constants only"),
        };
        values.push(value);
    }
    Ok(values.pop().expect("validation knows the stack"))
}

/// The low half: an i32, zero-extended.
fn low(value: u64) -> u64 {
    value & u64::from(u32::MAX)
}

fn integer(ty: ValType) -> ValueType {
    value_type(ty).expect("validation accepts integer types only")
}

fn narrow(value: u64) -> u32 {
    u32::try_from(value).expect("validation accepts 32-bit sizes only")
}
