//! A script's text → its directives, with every module read and every import resolved to what it names.
//!
//! Names are resolved before anything runs, since which instance a name means depends only on the order of
//! the directives.

use std::collections::HashMap;
use std::path::Path;

use wasmparser::{ValType, WasmFeatures};
use wast::core::{NanPattern, WastArgCore, WastRetCore};
use wast::{QuoteWat, Wast, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

use crate::group::{Definition, Unit, definition};
use crate::module::{Kind, Module};
use crate::report::Exclusion;

/// What scripts may contain.
const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::TAIL_CALL);

/// What every script can import from `spectest`: the functions print nothing. Memory and table are
/// modules of their own, so that a script's use of one does not join it with users of the other.
const SPECTEST: [&str; 3] = [
    r#"(module
        (func (export "print")) (func (export "print_i32") (param i32))
        (func (export "print_i64") (param i64)) (func (export "print_f32") (param f32))
        (func (export "print_f64") (param f64)) (func (export "print_i32_f32") (param i32 f32))
        (func (export "print_f64_f64") (param f64 f64))
        (global (export "global_i32") i32 (i32.const 666))
        (global (export "global_i64") i64 (i64.const 666))
        (global (export "global_f32") f32 (f32.const 666.6))
        (global (export "global_f64") f64 (f64.const 666.6)))"#,
    r#"(module (table (export "table") 10 20 funcref))"#,
    r#"(module (memory (export "memory") 1 2))"#,
];

/// A value as a script writes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// A number: its type and its bits, a 32-bit value zero-extended.
    Number(ValType, u64),
    /// An f32 that is a canonical (or else any quiet) NaN.
    Nan32 { canonical: bool },
    /// As `Nan32`.
    Nan64 { canonical: bool },
    /// A reference.
    Reference,
    /// A vector.
    Simd,
    /// One of these.
    Either(Vec<Value>),
}

impl Value {
    /// Whether it can be a value of type `ty`.
    pub(crate) fn fits(&self, ty: ValType) -> bool {
        match self {
            Value::Number(own, _) => *own == ty,
            Value::Nan32 { .. } => ty == ValType::F32,
            Value::Nan64 { .. } => ty == ValType::F64,
            Value::Reference => ty.is_reference_type(),
            Value::Simd => ty == ValType::V128,
            Value::Either(values) => values.iter().any(|value| value.fits(ty)),
        }
    }
}

/// A call or a look at a global.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    /// The instance; none if the script never made it.
    pub(crate) unit: Option<usize>,
    pub(crate) export: String,
    /// The arguments of a call.
    pub(crate) call: Option<Vec<Value>>,
}

/// What a directive asks for.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Instantiate(usize),
    /// A module that is only defined.
    Accept(Vec<u8>),
    Invoke(Action),
    Return(Action, Vec<Value>),
    Trap(Action, String),
    TrapInstantiating(usize, String),
    Exhaustion(Action),
    Unlinkable(usize),
    /// Bytes that must be refused, and whether they are malformed rather than invalid.
    Refuse(Vec<u8>, bool),
    /// Text that is refused before it is bytes.
    RefusedText(bool),
    /// A module that cannot be read, or a directive of another kind.
    Unusable(String),
}

/// A script, read.
pub(crate) struct Script {
    /// Directives with their lines.
    pub(crate) steps: Vec<(usize, Step)>,
    pub(crate) units: Vec<Unit>,
    /// Units that cannot run, and why.
    pub(crate) excluded: HashMap<usize, Exclusion>,
    /// Units that are never instantiated, only shown to be impossible to link.
    pub(crate) unlinkable: Vec<usize>,
}

/// Reads a script; `name` is what errors call it.
pub(crate) fn read(name: &str, text: &str) -> Result<Script, String> {
    let lexing = |mut error: wast::Error| {
        error.set_path(Path::new(name));
        error.set_text(text);
        error.to_string()
    };
    let mut lexer = wast::lexer::Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let buffer = wast::parser::ParseBuffer::new_with_lexer(lexer).map_err(lexing)?;
    let wast = wast::parser::parse::<Wast<'_>>(&buffer).map_err(lexing)?;
    let mut reader = Reader::new()?;
    for directive in wast.directives {
        let line = directive.span().linecol_in(text).0 + 1;
        if let Some(step) = reader.directive(directive) {
            reader.script.steps.push((line, step));
        }
    }
    Ok(reader.script)
}

struct Reader {
    script: Script,
    /// Units by the name that imports use.
    registered: HashMap<String, Vec<usize>>,
    /// Units by `$name`.
    named: HashMap<String, usize>,
    /// Modules that are only defined, by `$name`, and the last of them.
    defined: HashMap<Option<String>, Vec<u8>>,
    last: Option<usize>,
}

impl Reader {
    fn new() -> Result<Reader, String> {
        let mut reader = Reader {
            script: Script {
                steps: Vec::new(),
                units: Vec::new(),
                excluded: HashMap::new(),
                unlinkable: Vec::new(),
            },
            registered: HashMap::new(),
            named: HashMap::new(),
            defined: HashMap::new(),
            last: None,
        };
        let mut units = Vec::new();
        for text in SPECTEST {
            let buffer = wast::parser::ParseBuffer::new(text).map_err(|e| e.to_string())?;
            let mut wat = wast::parser::parse::<Wat<'_>>(&buffer).map_err(|e| e.to_string())?;
            let bytes = wat.encode().map_err(|error| error.to_string())?;
            let unit = reader.unit(&bytes)?;
            reader.script.steps.push((0, Step::Instantiate(unit)));
            units.push(unit);
        }
        reader.registered.insert("spectest".into(), units);
        Ok(reader)
    }

    fn directive(&mut self, directive: WastDirective<'_>) -> Option<Step> {
        Some(match directive {
            WastDirective::Module(mut module) => {
                let name = module.name().map(|id| id.name().to_owned());
                match module.encode() {
                    Ok(bytes) => self.instantiate(&bytes, name),
                    Err(error) => self.unusable(error.to_string()),
                }
            }
            WastDirective::ModuleDefinition(mut module) => {
                let name = module.name().map(|id| id.name().to_owned());
                match module.encode() {
                    Ok(bytes) => {
                        self.defined.insert(name, bytes.clone());
                        self.defined.insert(None, bytes.clone());
                        Step::Accept(bytes)
                    }
                    Err(error) => Step::Unusable(error.to_string()),
                }
            }
            WastDirective::ModuleInstance {
                instance, module, ..
            } => {
                let module = module.map(|id| id.name().to_owned());
                let name = instance.map(|id| id.name().to_owned());
                match self.defined.get(&module).cloned() {
                    Some(bytes) => self.instantiate(&bytes, name),
                    None => self.unusable("no such module".into()),
                }
            }
            WastDirective::Register { name, module, .. } => {
                let unit = match module {
                    Some(id) => self.named.get(id.name()).copied(),
                    None => self.last,
                };
                self.registered
                    .insert(name.to_owned(), unit.into_iter().collect());
                return None;
            }
            WastDirective::Invoke(invoke) => Step::Invoke(self.invoke(invoke)),
            WastDirective::AssertReturn { exec, results, .. } => {
                let results = results.into_iter().map(expected).collect();
                match self.execute(exec) {
                    Ok(action) => Step::Return(action, results),
                    Err(_) => Step::Unusable("a module that returns".into()),
                }
            }
            WastDirective::AssertTrap { exec, message, .. } => match self.execute(exec) {
                Ok(action) => Step::Trap(action, message.to_owned()),
                Err(wat) => match self.aside(wat) {
                    Ok(unit) => Step::TrapInstantiating(unit, message.to_owned()),
                    Err(error) => Step::Unusable(error),
                },
            },
            WastDirective::AssertExhaustion { call, .. } => Step::Exhaustion(self.invoke(call)),
            WastDirective::AssertUnlinkable { module, .. } => match self.aside(module) {
                Ok(unit) => {
                    self.script.unlinkable.push(unit);
                    Step::Unlinkable(unit)
                }
                Err(error) => Step::Unusable(error),
            },
            WastDirective::AssertInvalid { module, .. } => refuse(module, false),
            WastDirective::AssertMalformed { module, .. } => refuse(module, true),
            _ => Step::Unusable("a directive beyond WebAssembly 2.0".into()),
        })
    }

    /// A module that becomes the current instance.
    fn instantiate(&mut self, bytes: &[u8], name: Option<String>) -> Step {
        match self.unit(bytes) {
            Ok(unit) => {
                self.last = Some(unit);
                if let Some(name) = name {
                    self.named.insert(name, unit);
                }
                Step::Instantiate(unit)
            }
            Err(error) => self.unusable(error),
        }
    }

    fn unusable(&mut self, why: String) -> Step {
        self.last = None;
        Step::Unusable(why)
    }

    /// A module that never becomes the current instance.
    fn aside(&mut self, mut wat: Wat<'_>) -> Result<usize, String> {
        let bytes = wat.encode().map_err(|error| error.to_string())?;
        self.unit(&bytes)
    }

    /// Reads a module and resolves its imports by the names registered now.
    fn unit(&mut self, bytes: &[u8]) -> Result<usize, String> {
        let module = Module::read(bytes, FEATURES).map_err(|error| error.to_string())?;
        let unit = self.script.units.len();
        if Module::read(bytes, FEATURES.difference(WasmFeatures::SIMD)).is_err() {
            self.script.excluded.insert(unit, Exclusion::Simd);
        }
        let mut imports = Vec::new();
        for import in &module.imports {
            let units = self.registered.get(&import.module);
            let exports = units.into_iter().flatten().filter_map(|&exporter| {
                let (kind, index) = self.script.units[exporter].module.export(&import.name)?;
                definition(&self.script.units, exporter, kind, index)
            });
            let found: Option<Definition> = exports.into_iter().next();
            if found.is_some_and(|at| self.script.excluded.contains_key(&at.unit)) {
                self.script.excluded.insert(unit, Exclusion::Depends);
            }
            imports.push(found);
        }
        self.script.units.push(Unit { module, imports });
        Ok(unit)
    }

    fn named_or_last(&self, module: Option<wast::token::Id<'_>>) -> Option<usize> {
        match module {
            Some(id) => self.named.get(id.name()).copied(),
            None => self.last,
        }
    }

    fn invoke(&self, invoke: WastInvoke<'_>) -> Action {
        Action {
            unit: self.named_or_last(invoke.module),
            export: invoke.name.to_owned(),
            call: Some(invoke.args.iter().map(argument).collect()),
        }
    }

    fn execute<'a>(&self, execute: WastExecute<'a>) -> Result<Action, Wat<'a>> {
        match execute {
            WastExecute::Invoke(invoke) => Ok(self.invoke(invoke)),
            WastExecute::Get { module, global, .. } => Ok(Action {
                unit: self.named_or_last(module),
                export: global.to_owned(),
                call: None,
            }),
            WastExecute::Wat(wat) => Err(wat),
        }
    }
}

fn refuse(mut module: QuoteWat<'_>, malformed: bool) -> Step {
    match module.encode() {
        Ok(bytes) => Step::Refuse(bytes, malformed),
        Err(_) => Step::RefusedText(malformed),
    }
}

fn argument(argument: &WastArg<'_>) -> Value {
    let WastArg::Core(argument) = argument else {
        return Value::Reference;
    };
    match argument {
        WastArgCore::I32(value) => Value::Number(ValType::I32, u64::from(value.cast_unsigned())),
        WastArgCore::I64(value) => Value::Number(ValType::I64, value.cast_unsigned()),
        WastArgCore::F32(value) => Value::Number(ValType::F32, u64::from(value.bits)),
        WastArgCore::F64(value) => Value::Number(ValType::F64, value.bits),
        WastArgCore::V128(_) => Value::Simd,
        WastArgCore::RefNull(_) | WastArgCore::RefExtern(_) | WastArgCore::RefHost(_) => {
            Value::Reference
        }
    }
}

fn expected(result: WastRet<'_>) -> Value {
    match result {
        WastRet::Core(result) => expected_core(result),
        _ => Value::Reference,
    }
}

fn expected_core(result: WastRetCore<'_>) -> Value {
    match result {
        WastRetCore::I32(value) => Value::Number(ValType::I32, u64::from(value.cast_unsigned())),
        WastRetCore::I64(value) => Value::Number(ValType::I64, value.cast_unsigned()),
        WastRetCore::F32(NanPattern::Value(value)) => {
            Value::Number(ValType::F32, u64::from(value.bits))
        }
        WastRetCore::F32(pattern) => Value::Nan32 {
            canonical: matches!(pattern, NanPattern::CanonicalNan),
        },
        WastRetCore::F64(NanPattern::Value(value)) => Value::Number(ValType::F64, value.bits),
        WastRetCore::F64(pattern) => Value::Nan64 {
            canonical: matches!(pattern, NanPattern::CanonicalNan),
        },
        WastRetCore::V128(_) => Value::Simd,
        WastRetCore::Either(results) => {
            Value::Either(results.into_iter().map(expected_core).collect())
        }
        _ => Value::Reference,
    }
}

impl Script {
    /// Which units form groups: instances that share memory, a table or a mutable global. Each group lists
    /// its units in the order in which they are made.
    pub(crate) fn groups(&self) -> Vec<Vec<usize>> {
        // The first unit of each unit's group.
        let mut first: Vec<usize> = (0..self.units.len()).collect();
        for (index, unit) in self.units.iter().enumerate() {
            if self.unlinkable.contains(&index) || self.excluded.contains_key(&index) {
                continue;
            }
            let mut globals = 0;
            for (import, definition) in unit.module.imports.iter().zip(&unit.imports) {
                let shares = match import.kind {
                    Kind::Function => false,
                    Kind::Table | Kind::Memory => true,
                    Kind::Global => {
                        globals += 1;
                        unit.module.globals[globals - 1].mutable
                    }
                };
                if let Some(at) = definition.filter(|_| shares) {
                    let (one, other) = (first[index], first[at.unit]);
                    let (low, high) = (one.min(other), one.max(other));
                    for entry in first.iter_mut().filter(|entry| **entry == high) {
                        *entry = low;
                    }
                }
            }
        }
        let mut groups: Vec<Vec<usize>> = vec![Vec::new(); self.units.len()];
        for (index, first) in first.iter().enumerate() {
            groups[*first].push(index);
        }
        groups.retain(|group| !group.is_empty());
        groups
    }
}
