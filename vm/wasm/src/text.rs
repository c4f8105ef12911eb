//! The text form of a plan, for tools and snapshot tests: one line an item or op, names as in WebAssembly's text format.

use std::fmt::{self, Debug, Display, Formatter};

use aivm_core::ValueType;

use crate::plan::{
    BinaryOp, BlockType, DataSegment, ElementSegment, Export, ExportItem, FuncType, Function,
    Global, Import, LoadKind, MeteredModule, Op, SegmentMode, StoreKind, UnaryOp,
};

impl Display for MeteredModule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "stack {} words", self.stack_words)?;
        let costs = self.dynamic_costs;
        writeln!(
            f,
            "bulk byte {}, table entry {}, memory page {}",
            costs.bulk_byte, costs.table_entry, costs.memory_page
        )?;
        for (index, ty) in self.types.iter().enumerate() {
            writeln!(f, "type {index} {ty}")?;
        }
        for (index, (import, ty)) in self.imports.iter().zip(&self.import_types).enumerate() {
            writeln!(f, "import {index} {import} type {ty}")?;
        }
        for (index, table) in self.tables.iter().enumerate() {
            writeln!(f, "table {index} {} entries", table.entries)?;
        }
        if let Some(memory) = self.memory {
            writeln!(
                f,
                "memory {} to {} pages",
                memory.min_pages, memory.max_pages
            )?;
        }
        for (index, global) in self.globals.iter().enumerate() {
            writeln!(f, "global {index} {global}")?;
        }
        for (index, segment) in self.elements.iter().enumerate() {
            writeln!(f, "element {index} {segment}")?;
        }
        for (index, segment) in self.data.iter().enumerate() {
            writeln!(f, "data {index} {segment}")?;
        }
        for export in &self.exports {
            writeln!(f, "export {export}")?;
        }
        if let Some(start) = self.start {
            writeln!(f, "start {start}")?;
        }
        for (index, function) in (self.imports.len()..).zip(&self.functions) {
            write!(f, "function {index} {function}")?;
        }
        Ok(())
    }
}

impl Display for Import {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Import::Host(function) => {
                let signature = function.signature();
                write!(f, "{}.{}", signature.module, signature.name)
            }
            Import::Linked => f.write_str("linked"),
        }
    }
}

impl Display for Function {
    /// A header line, then the ops, indented by nesting.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let locals = types(&self.locals);
        let (ty, operands, words) = (self.ty, self.max_operands, self.frame_words);
        writeln!(
            f,
            "type {ty} locals ({locals}) operands {operands} frame {words} words"
        )?;
        let mut depth = 1_usize;
        for op in &self.ops {
            if matches!(op, Op::Else | Op::End) {
                depth = depth.saturating_sub(1);
            }
            writeln!(f, "{:indent$}{op}", "", indent = 2 * depth)?;
            if matches!(op, Op::Block(_) | Op::Loop(_) | Op::If(_) | Op::Else) {
                depth += 1;
            }
        }
        Ok(())
    }
}

impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Op::Charge(ink) => write!(f, "charge {ink}"),
            Op::Unreachable => f.write_str("unreachable"),
            Op::Block(ty) => write!(f, "block{ty}"),
            Op::Loop(ty) => write!(f, "loop{ty}"),
            Op::If(ty) => write!(f, "if{ty}"),
            Op::Else => f.write_str("else"),
            Op::End => f.write_str("end"),
            Op::Br(depth) => write!(f, "br {depth}"),
            Op::BrIf(depth) => write!(f, "br_if {depth}"),
            Op::BrTable { targets, default } => {
                f.write_str("br_table")?;
                for depth in targets {
                    write!(f, " {depth}")?;
                }
                write!(f, " {default}")
            }
            Op::Return => f.write_str("return"),
            Op::Call(function) => write!(f, "call {function}"),
            Op::CallIndirect { ty, table } => write!(f, "call_indirect table {table} type {ty}"),
            Op::Drop => f.write_str("drop"),
            Op::Select => f.write_str("select"),
            Op::LocalGet(local) => write!(f, "local.get {local}"),
            Op::LocalSet(local) => write!(f, "local.set {local}"),
            Op::LocalTee(local) => write!(f, "local.tee {local}"),
            Op::GlobalGet(global) => write!(f, "global.get {global}"),
            Op::GlobalSet(global) => write!(f, "global.set {global}"),
            Op::Load { kind, offset } => write!(f, "{kind} offset={offset}"),
            Op::Store { kind, offset } => write!(f, "{kind} offset={offset}"),
            Op::MemorySize => f.write_str("memory.size"),
            Op::MemoryGrow => f.write_str("memory.grow"),
            Op::MemoryCopy => f.write_str("memory.copy"),
            Op::MemoryFill => f.write_str("memory.fill"),
            Op::MemoryInit(segment) => write!(f, "memory.init {segment}"),
            Op::DataDrop(segment) => write!(f, "data.drop {segment}"),
            Op::TableCopy { to, from } => write!(f, "table.copy {to} {from}"),
            Op::TableInit { table, segment } => write!(f, "table.init {table} {segment}"),
            Op::ElemDrop(segment) => write!(f, "elem.drop {segment}"),
            Op::I32Const(value) => write!(f, "i32.const {value}"),
            Op::I64Const(value) => write!(f, "i64.const {value}"),
            Op::Unary(operator) => Display::fmt(operator, f),
            Op::Binary(operator) => Display::fmt(operator, f),
        }
    }
}

impl Display for UnaryOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        instruction(f, self)
    }
}

impl Display for BinaryOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        instruction(f, self)
    }
}

/// Writes a variant that is named as its instruction: `I64ExtendI32S` as `i64.extend_i32_s`.
fn instruction(f: &mut Formatter<'_>, variant: &impl Debug) -> fmt::Result {
    let variant = format!("{variant:?}");
    let (ty, name) = variant.split_at(3);
    write!(f, "{}.", ty.to_lowercase())?;
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            f.write_str("_")?;
        }
        write!(f, "{}", letter.to_ascii_lowercase())?;
    }
    Ok(())
}

impl Display for LoadKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LoadKind::I32 => "i32.load",
            LoadKind::I32From8S => "i32.load8_s",
            LoadKind::I32From8U => "i32.load8_u",
            LoadKind::I32From16S => "i32.load16_s",
            LoadKind::I32From16U => "i32.load16_u",
            LoadKind::I64 => "i64.load",
            LoadKind::I64From8S => "i64.load8_s",
            LoadKind::I64From8U => "i64.load8_u",
            LoadKind::I64From16S => "i64.load16_s",
            LoadKind::I64From16U => "i64.load16_u",
            LoadKind::I64From32S => "i64.load32_s",
            LoadKind::I64From32U => "i64.load32_u",
        })
    }
}

impl Display for StoreKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StoreKind::I32 => "i32.store",
            StoreKind::I32To8 => "i32.store8",
            StoreKind::I32To16 => "i32.store16",
            StoreKind::I64 => "i64.store",
            StoreKind::I64To8 => "i64.store8",
            StoreKind::I64To16 => "i64.store16",
            StoreKind::I64To32 => "i64.store32",
        })
    }
}

impl Display for BlockType {
    /// Empty, or the type after a space.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            BlockType::Empty => Ok(()),
            BlockType::Value(ty) => write!(f, " {}", name(*ty)),
            BlockType::Func(index) => write!(f, " type {index}"),
        }
    }
}

impl Display for FuncType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "({}) -> ({})",
            types(&self.parameters),
            types(&self.results)
        )
    }
}

impl Display for Global {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mutable = if self.mutable { "mut " } else { "" };
        write!(f, "{mutable}{} = {}", name(self.ty), self.init)
    }
}

impl Display for SegmentMode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            SegmentMode::Active { offset } => write!(f, "at {offset}"),
            SegmentMode::Passive => f.write_str("passive"),
            SegmentMode::Declared => f.write_str("declared"),
        }
    }
}

impl Display for ElementSegment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let SegmentMode::Active { .. } = self.mode {
            write!(f, "table {} ", self.table)?;
        }
        write!(f, "{}:", self.mode)?;
        for entry in &self.entries {
            match entry {
                Some(function) => write!(f, " {function}")?,
                None => f.write_str(" null")?,
            }
        }
        Ok(())
    }
}

impl Display for DataSegment {
    /// The bytes in hexadecimal.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.mode)?;
        self.bytes
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Display for Export {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ", self.name)?;
        match self.item {
            ExportItem::Function(index) => write!(f, "function {index}"),
            ExportItem::Memory => f.write_str("memory"),
            ExportItem::Table(index) => write!(f, "table {index}"),
            ExportItem::Global(index) => write!(f, "global {index}"),
        }
    }
}

fn name(ty: ValueType) -> &'static str {
    match ty {
        ValueType::I32 => "i32",
        ValueType::I64 => "i64",
    }
}

fn types(types: &[ValueType]) -> String {
    types
        .iter()
        .map(|ty| name(*ty))
        .collect::<Vec<_>>()
        .join(" ")
}
