//! The integer twin of a module: floats and references become integers, what computes with them a call
//! that says so.
//!
//! Scripts about control flow, locals or memory mention floats in passing. This machine has none, so that
//! their integer assertions can run all the same, each module is written anew: `f32` and `f64` become
//! `i32` and `i64` with the same bits, references become `i64`; constants, loads, stores and
//! reinterpretations of floats become those of their integers. Any other instruction on floats or
//! references becomes a call of a marker, an import that notes that it was called and traps, then
//! `unreachable`. So a run that did not call a marker executed only what the script says. `table.size` is such a call once
//! the script wanted the table to grow, which no table does here.

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{BlockType, ConstExpr, Function, HeapType, Instruction, RefType, ValType};
use wasmparser::Operator;

/// What a run met that this machine has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Marker {
    Float,
    Reference,
}

/// Function indices of the markers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Markers {
    pub(crate) float: u32,
    pub(crate) reference: u32,
}

/// Where the items of one module are in the module that is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Indices {
    pub(crate) types: u32,
    pub(crate) functions: Vec<u32>,
    pub(crate) tables: Vec<u32>,
    /// For each table the global that is 1 once the script wanted it to grow: its size is not known since.
    pub(crate) grown: Vec<u32>,
    pub(crate) globals: Vec<u32>,
    pub(crate) elements: u32,
    pub(crate) data: u32,
}

/// Writes a module anew; counts what it changed.
#[derive(Default)]
pub(crate) struct Twin {
    pub(crate) indices: Indices,
    pub(crate) markers: Markers,
    /// Types and instructions that are others now.
    pub(crate) changed: u32,
}

/// A written instruction, or what stands for it.
enum Written<'a> {
    One(Instruction<'a>),
    Nothing,
    Marked(Marker),
}

impl Twin {
    fn written<'a>(&mut self, operator: Operator<'a>) -> Result<Written<'a>, Error> {
        use Instruction as I;
        use Operator as W;
        let name = match operator {
            W::RefNull { .. } | W::RefIsNull | W::RefFunc { .. } => None,
            W::TableGet { .. } | W::TableSet { .. } | W::TableGrow { .. } => None,
            W::TableFill { .. } => None,
            ref other => Some(variant(other)),
        };
        let Some(name) = name else {
            self.changed += 1;
            return Ok(Written::Marked(Marker::Reference));
        };
        if !name.contains("F32") && !name.contains("F64") {
            return Ok(Written::One(utils::instruction(self, operator)?));
        }
        self.changed += 1;
        let one = match operator {
            W::F32Const { value } => I::I32Const(value.bits().cast_signed()),
            W::F64Const { value } => I::I64Const(value.bits().cast_signed()),
            W::F32Load { memarg } => I::I32Load(self.mem_arg(memarg)?),
            W::F64Load { memarg } => I::I64Load(self.mem_arg(memarg)?),
            W::F32Store { memarg } => I::I32Store(self.mem_arg(memarg)?),
            W::F64Store { memarg } => I::I64Store(self.mem_arg(memarg)?),
            W::I32ReinterpretF32
            | W::I64ReinterpretF64
            | W::F32ReinterpretI32
            | W::F64ReinterpretI64 => return Ok(Written::Nothing),
            _ => return Ok(Written::Marked(Marker::Float)),
        };
        Ok(Written::One(one))
    }

    /// A function body's operators.
    fn body(&mut self, function: &mut Function, operator: Operator<'_>) -> Result<(), Error> {
        match operator {
            Operator::TableGrow { table } => {
                function.instruction(&Instruction::I32Const(1));
                let grown = self.indices.grown[table as usize];
                function.instruction(&Instruction::GlobalSet(grown));
            }
            Operator::TableSize { table } => {
                let grown = self.indices.grown[table as usize];
                function.instruction(&Instruction::GlobalGet(grown));
                function.instruction(&Instruction::If(BlockType::Empty));
                self.marked(function, Marker::Reference);
                function.instruction(&Instruction::End);
            }
            _ => {}
        }
        match self.written(operator)? {
            Written::One(instruction) => {
                function.instruction(&instruction);
            }
            Written::Nothing => {}
            Written::Marked(marker) => self.marked(function, marker),
        }
        Ok(())
    }

    /// The call of a marker, which does not return.
    fn marked(&self, function: &mut Function, marker: Marker) {
        let marker = match marker {
            Marker::Float => self.markers.float,
            Marker::Reference => self.markers.reference,
        };
        function.instruction(&Instruction::Call(marker));
        function.instruction(&Instruction::Unreachable);
    }
}

/// The name of an operator, as its enum has it.
fn variant(operator: &Operator<'_>) -> String {
    let mut name = format!("{operator:?}");
    name.truncate(name.find([' ', '{']).unwrap_or(name.len()));
    name
}

impl Reencode for Twin {
    type Error = std::convert::Infallible;

    fn type_index(&mut self, ty: u32) -> Result<u32, Error> {
        Ok(self.indices.types + ty)
    }

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(self.indices.functions[function as usize])
    }

    fn table_index(&mut self, table: u32) -> Result<u32, Error> {
        Ok(self.indices.tables[table as usize])
    }

    fn memory_index(&mut self, _: u32) -> Result<u32, Error> {
        Ok(0)
    }

    fn global_index(&mut self, global: u32) -> Result<u32, Error> {
        Ok(self.indices.globals[global as usize])
    }

    fn element_index(&mut self, element: u32) -> Result<u32, Error> {
        Ok(self.indices.elements + element)
    }

    fn data_index(&mut self, data: u32) -> Result<u32, Error> {
        Ok(self.indices.data + data)
    }

    fn val_type(&mut self, ty: wasmparser::ValType) -> Result<ValType, Error> {
        Ok(match ty {
            wasmparser::ValType::I32 => ValType::I32,
            wasmparser::ValType::I64 => ValType::I64,
            wasmparser::ValType::V128 => ValType::V128,
            wasmparser::ValType::F32 => {
                self.changed += 1;
                ValType::I32
            }
            wasmparser::ValType::F64 | wasmparser::ValType::Ref(_) => {
                self.changed += 1;
                ValType::I64
            }
        })
    }

    /// Tables and element segments of any references become those of functions.
    fn ref_type(&mut self, ty: wasmparser::RefType) -> Result<RefType, Error> {
        self.changed += u32::from(ty != wasmparser::RefType::FUNCREF);
        Ok(RefType::FUNCREF)
    }

    fn parse_function_body(
        &mut self,
        code: &mut wasm_encoder::CodeSection,
        body: wasmparser::FunctionBody<'_>,
    ) -> Result<(), Error> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            self.body(&mut function, operator)?;
        }
        code.function(&function);
        Ok(())
    }
}

/// The constant of `bits` in the twin of `ty`.
pub(crate) fn constant(ty: wasmparser::ValType, bits: u64) -> ConstExpr {
    match ty {
        wasmparser::ValType::I32 | wasmparser::ValType::F32 => {
            ConstExpr::i32_const((bits as u32).cast_signed())
        }
        _ => ConstExpr::i64_const(bits.cast_signed()),
    }
}

/// The element expression of a function or null.
pub(crate) fn entry(function: Option<u32>) -> ConstExpr {
    match function {
        Some(index) => ConstExpr::ref_func(index),
        None => ConstExpr::ref_null(HeapType::FUNC),
    }
}
