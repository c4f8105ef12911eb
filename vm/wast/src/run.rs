//! Carries out a script's directives and says how each ended.

use aivm_core::{Exit, Limits, TrapCode};
use aivm_jit::Traps;
use aivm_wasm::{RefusalCode, Rules};
use wasmparser::ValType;

use crate::group::{self, Unit, Unwritten};
use crate::module::{Extern, Kind as Item};
use crate::report::{Exclusion, Failed, Kind, Report};
use crate::script::{self, Action, Script, Step, Value};
use crate::twin::Marker;
use crate::world::{Engine, NotPrepared, Outcome, Prepared, World, prepare};

/// Which engine runs a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The interpreter.
    Interpret,
    /// The JIT.
    Jit,
    /// The interpreter and the JIT in both forms of traps; after each directive results, ink, memory and
    /// globals must be the same.
    Compare,
}

/// Runs the script `text`; `name` is what failures and errors call it.
///
/// # Errors
/// The text is no script.
pub fn run(name: &str, text: &str, mode: Mode) -> Result<Report, String> {
    let script = script::read(name, text)?;
    let groups = script.groups();
    let mut group_of = vec![0; script.units.len()];
    for (index, group) in groups.iter().enumerate() {
        for unit in group {
            group_of[*unit] = index;
        }
    }
    let prepared: Vec<_> = groups
        .iter()
        .map(|members| prepare_group(&script, members))
        .collect();
    let engines: Vec<Engine> = match mode {
        Mode::Interpret => vec![Engine::Interpreter],
        Mode::Jit => vec![Engine::Jit(Traps::best())],
        Mode::Compare => vec![
            Engine::Interpreter,
            Engine::Jit(Traps::best()),
            Engine::Jit(Traps::Explicit),
        ],
    };
    let worlds = engines
        .iter()
        .map(|engine| World::new(*engine, &prepared, &group_of))
        .collect();
    let mut runner = Runner {
        script: &script,
        prepared: &prepared,
        group_of: &group_of,
        worlds,
        tainted: vec![false; groups.len()],
        report: Report::default(),
    };
    for (line, step) in &script.steps {
        let (kind, verdict) = runner.step(step);
        // The modules that every script can import from are not its own.
        if *line == 0 && verdict == Verdict::Passed {
            continue;
        }
        match verdict {
            Verdict::Passed => *runner.report.passed.entry(kind).or_default() += 1,
            Verdict::Excluded(why) => {
                *runner.report.excluded.entry((why, kind)).or_default() += 1;
            }
            Verdict::Failed(what) => runner.report.failed.push(Failed {
                script: name.to_owned(),
                line: *line,
                kind,
                what,
            }),
        }
    }
    Ok(runner.report)
}

/// The plan of a group, or why there is none.
fn prepare_group(script: &Script, members: &[usize]) -> Result<Prepared, NotPrepared> {
    let runs =
        |unit: &usize| !script.excluded.contains_key(unit) && !script.unlinkable.contains(unit);
    if !members.iter().all(runs) {
        return Err(NotPrepared::Excluded);
    }
    let group = group::write(&script.units, members).map_err(|why| match why {
        Unwritten::ReferenceGlobal => NotPrepared::Excluded,
        other => NotPrepared::Failed(other.to_string()),
    })?;
    prepare(group).map_err(|refusal| NotPrepared::Failed(refusal.to_string()))
}

/// How a directive ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Excluded(Exclusion),
    Failed(String),
}

struct Runner<'a> {
    script: &'a Script,
    prepared: &'a [Result<Prepared, NotPrepared>],
    group_of: &'a [usize],
    /// One world an engine.
    worlds: Vec<World<'a>>,
    /// Groups on which an excluded action left a state that is not the script's.
    tainted: Vec<bool>,
    report: Report,
}

impl Runner<'_> {
    fn step(&mut self, step: &Step) -> (Kind, Verdict) {
        match step {
            Step::Instantiate(unit) => (Kind::Module, self.instantiate(*unit)),
            Step::Accept(bytes) => (Kind::Module, accept(bytes)),
            Step::Invoke(action) => {
                let verdict = self.action(action, |exit| match exit {
                    Exit::Return(_) => Ok(()),
                    other => Err(format!("{other:?}")),
                });
                (Kind::Invoke, verdict)
            }
            Step::Return(action, results) => (Kind::Return, self.returns(action, results)),
            Step::Trap(action, message) => {
                let verdict = self.action(action, |exit| traps(exit, message));
                (Kind::Trap, verdict)
            }
            Step::TrapInstantiating(unit, message) => {
                let verdict = self.start(*unit).map_or_else(
                    |verdict| verdict,
                    |outcome| self.judge(*unit, outcome, |exit| traps(exit, message)),
                );
                (Kind::Trap, verdict)
            }
            Step::Exhaustion(action) => {
                let overflow = Exit::Trap(TrapCode::StackOverflow);
                let verdict = self.action(action, |exit| match *exit == overflow {
                    true => Ok(()),
                    false => Err(format!("{exit:?}, a stack overflow was expected")),
                });
                (Kind::Exhaustion, verdict)
            }
            Step::Unlinkable(unit) => {
                let verdict = match (self.script.excluded.get(unit), self.link(*unit)) {
                    (Some(why), _) => Verdict::Excluded(*why),
                    (None, Err(_)) => Verdict::Passed,
                    (None, Ok(())) => Verdict::Failed("every import can be linked".into()),
                };
                (Kind::Unlinkable, verdict)
            }
            Step::Refuse(bytes, malformed) => {
                let kind = if *malformed {
                    Kind::Malformed
                } else {
                    Kind::Invalid
                };
                (kind, self.refuses(bytes))
            }
            Step::RefusedText(malformed) => {
                let kind = if *malformed {
                    Kind::Malformed
                } else {
                    Kind::Invalid
                };
                (kind, Verdict::Excluded(Exclusion::Text))
            }
            Step::Unusable(why) => (Kind::Module, Verdict::Failed(why.clone())),
        }
    }

    fn refuses(&mut self, bytes: &[u8]) -> Verdict {
        match aivm_wasm::validate(bytes, &Limits::SPEC, Rules::Spec) {
            Ok(_) => Verdict::Failed("was accepted".into()),
            Err(refusal) => {
                let own = matches!(refusal.code, RefusalCode::Malformed | RefusalCode::Invalid);
                self.report.refused_otherwise += u64::from(!own);
                Verdict::Passed
            }
        }
    }

    fn instantiate(&mut self, unit: usize) -> Verdict {
        match self.start(unit) {
            Err(verdict) => verdict,
            Ok(outcome) => self.judge(unit, outcome, |exit| match exit {
                Exit::Return(_) => Ok(()),
                other => Err(format!("instantiation ended in {other:?}")),
            }),
        }
    }

    /// Links and instantiates a unit.
    fn start(&mut self, unit: usize) -> Result<Outcome, Verdict> {
        self.runs(unit)?;
        if let Err(what) = self.link(unit) {
            let imports = self.script.units[unit].imports.iter().flatten();
            let tainted = imports
                .into_iter()
                .any(|at| self.tainted[self.group_of[at.unit]]);
            // Every assertion on the instance is excluded with it.
            self.tainted[self.group_of[unit]] |= tainted;
            return Err(match tainted {
                true => Verdict::Excluded(Exclusion::AfterExcluded),
                false => Verdict::Failed(what),
            });
        }
        self.everywhere(unit, |world| world.instantiate(unit))
            .map_err(Verdict::Failed)
    }

    /// Whether a unit can run at all.
    fn runs(&self, unit: usize) -> Result<(), Verdict> {
        if let Some(why) = self.script.excluded.get(&unit) {
            return Err(Verdict::Excluded(*why));
        }
        match &self.prepared[self.group_of[unit]] {
            Ok(_) => Ok(()),
            Err(NotPrepared::Excluded) => Err(Verdict::Excluded(Exclusion::Depends)),
            Err(NotPrepared::Failed(why)) => Err(Verdict::Failed(why.clone())),
        }
    }

    /// Whether everything that a unit imports exists and has the right type and size.
    fn link(&self, unit: usize) -> Result<(), String> {
        let Unit { module, imports } = &self.script.units[unit];
        let mut indices = [0_u32; 4];
        for (import, definition) in module.imports.iter().zip(imports) {
            let index = &mut indices[import.kind as usize];
            let wanted = Extern::of(module, import.kind, *index);
            *index += 1;
            let name = format!("{}.{}", import.module, import.name);
            let at = definition.ok_or_else(|| format!("nothing is named {name}"))?;
            let exporter = &self.script.units[at.unit].module;
            let mut has = Extern::of(exporter, at.kind, at.index);
            if let (Extern::Memory(pages, _), Item::Memory) = (&mut has, at.kind) {
                *pages = self.worlds[0].pages(at.unit).unwrap_or(*pages);
            }
            if !has.satisfies(&wanted) {
                return Err(format!("{name} is {has:?}, {wanted:?} is wanted"));
            }
        }
        Ok(())
    }

    /// The types of what an action takes and gives, if it names an export of its kind.
    fn types(&self, action: &Action) -> Option<(Vec<ValType>, Vec<ValType>)> {
        let module = &self.script.units[action.unit?].module;
        let (kind, index) = module.export(&action.export)?;
        match Extern::of(module, kind, index) {
            Extern::Function(ty) => Some((ty.params().to_vec(), ty.results().to_vec())),
            Extern::Global(ty, _) => Some((Vec::new(), vec![ty])),
            Extern::Table(..) | Extern::Memory(..) => None,
        }
    }

    fn returns(&mut self, action: &Action, results: &[Value]) -> Verdict {
        // Here and not by what comes back: that is the twin's, which has lost what was a float.
        if let Some((_, types)) = self.types(action)
            && !fit(results, &types)
        {
            return Verdict::Failed(format!("returns {types:?}, {results:x?} was expected"));
        }
        if results.contains(&Value::Simd) {
            return Verdict::Excluded(Exclusion::Simd);
        }
        if results.contains(&Value::Reference) {
            // Run all the same: the script's instance must be as the script wants it.
            let verdict = self.action(action, |_| Ok(()));
            return match verdict {
                Verdict::Passed => Verdict::Excluded(Exclusion::ReferenceValue),
                other => other,
            };
        }
        self.action(action, |exit| match exit {
            Exit::Return(values) if values.len() == results.len() => {
                let all = values
                    .iter()
                    .zip(results)
                    .all(|(has, wants)| is(*has, wants));
                match all {
                    true => Ok(()),
                    false => Err(format!("returned {values:x?}, {results:x?} was expected")),
                }
            }
            other => Err(format!("{other:?}, {results:x?} was expected")),
        })
    }

    /// Carries out an action on every engine; `right` judges how it ended.
    fn action(&mut self, action: &Action, right: impl Fn(&Exit) -> Result<(), String>) -> Verdict {
        let Some(unit) = action.unit else {
            return Verdict::Failed("no such instance".into());
        };
        if let Err(verdict) = self.runs(unit) {
            return verdict;
        }
        if let Some(((takes, _), given)) = self.types(action).zip(action.call.as_ref())
            && !fit(given, &takes)
        {
            return Verdict::Failed(format!("takes {takes:?}, {given:x?} was given"));
        }
        let export = self.script.units[unit].module.export(&action.export);
        let outcome = match (&action.call, export) {
            (Some(arguments), Some((Item::Function, index))) => {
                let mut words = Vec::new();
                for argument in arguments {
                    match argument {
                        Value::Number(_, bits) => words.push(*bits),
                        Value::Simd => return Verdict::Excluded(Exclusion::Simd),
                        _ => {
                            self.tainted[self.group_of[unit]] = true;
                            return Verdict::Excluded(Exclusion::ReferenceValue);
                        }
                    }
                }
                self.everywhere(unit, |world| world.invoke(unit, index, &words))
            }
            (None, Some((Item::Global, index))) => {
                self.everywhere(unit, |world| world.global(unit, index))
            }
            _ => Err(format!("no export {:?} of this kind", action.export)),
        };
        match outcome {
            Ok(outcome) => self.judge(unit, outcome, right),
            Err(what) => Verdict::Failed(what),
        }
    }

    fn judge(
        &mut self,
        unit: usize,
        outcome: Outcome,
        right: impl Fn(&Exit) -> Result<(), String>,
    ) -> Verdict {
        let tainted = &mut self.tainted[self.group_of[unit]];
        if let Some(marker) = outcome.marker {
            *tainted = true;
            return Verdict::Excluded(match marker {
                Marker::Float => Exclusion::FloatArithmetic,
                Marker::Reference => Exclusion::ReferenceInstruction,
            });
        }
        match right(&outcome.exit) {
            Ok(()) => Verdict::Passed,
            Err(_) if *tainted => Verdict::Excluded(Exclusion::AfterExcluded),
            Err(_) if self.mistyped(unit, &outcome.exit, right) => {
                Verdict::Excluded(Exclusion::FloatType)
            }
            Err(what) => Verdict::Failed(what),
        }
    }

    /// Whether a call went through where `BadSignature` is expected, since the type of the callee and the
    /// one that was asked for have the same twin.
    fn mistyped(
        &self,
        unit: usize,
        exit: &Exit,
        right: impl Fn(&Exit) -> Result<(), String>,
    ) -> bool {
        let bad_signature = Exit::Trap(TrapCode::BadSignature);
        matches!(exit, Exit::Return(_))
            && right(&bad_signature).is_ok()
            && self.script.units[unit].module.types_collapse()
    }

    /// The same on every engine; a difference is an error.
    fn everywhere(
        &self,
        unit: usize,
        act: impl Fn(&World<'_>) -> Outcome,
    ) -> Result<Outcome, String> {
        let first = act(&self.worlds[0]);
        for world in &self.worlds[1..] {
            let other = act(world);
            if other != first {
                return Err(format!("the engines differ: {first:?}, {other:?}"));
            }
            if !world.same_state(&self.worlds[0], unit) {
                return Err("the engines differ in memory or globals".into());
            }
        }
        Ok(first)
    }
}

/// A module that is only defined must be accepted.
fn accept(bytes: &[u8]) -> Verdict {
    match aivm_wasm::validate(bytes, &Limits::SPEC, Rules::Spec) {
        Ok(_) => Verdict::Passed,
        Err(refusal) => Verdict::Failed(refusal.to_string()),
    }
}

/// Whether a call ended in the trap that a script's message names.
fn traps(exit: &Exit, message: &str) -> Result<(), String> {
    let expected = match message {
        "unreachable" => TrapCode::Unreachable,
        "integer divide by zero" => TrapCode::IntegerDivisionByZero,
        "integer overflow" => TrapCode::IntegerOverflow,
        "indirect call type mismatch" => TrapCode::BadSignature,
        _ if message.starts_with("out of bounds memory access") => TrapCode::MemoryOutOfBounds,
        _ if message.starts_with("out of bounds table access") => TrapCode::TableOutOfBounds,
        _ if message.starts_with("undefined element") => TrapCode::TableOutOfBounds,
        _ if message.starts_with("uninitialized element") => TrapCode::IndirectCallToNull,
        _ => return Err(format!("{exit:?}, and an unknown trap {message:?}")),
    };
    match *exit == Exit::Trap(expected) {
        true => Ok(()),
        false => Err(format!("{exit:?}, {expected:?} was expected")),
    }
}

/// Whether there is a value of its type for each of `types`.
fn fit(values: &[Value], types: &[ValType]) -> bool {
    let mut pairs = values.iter().zip(types);
    values.len() == types.len() && pairs.all(|(value, ty)| value.fits(*ty))
}

/// Whether a result is the value that a script expects, whose type is known to be right.
fn is(has: u64, wants: &Value) -> bool {
    match wants {
        Value::Number(_, bits) => has == *bits,
        Value::Nan32 { canonical: true } => has & 0x7fff_ffff == 0x7fc0_0000,
        Value::Nan32 { canonical: false } => has & 0x7fc0_0000 == 0x7fc0_0000,
        Value::Nan64 { canonical: true } => has & !(1 << 63) == 0x7ff8 << 48,
        Value::Nan64 { canonical: false } => has & (0x7ff8 << 48) == 0x7ff8 << 48,
        Value::Either(values) => values.iter().any(|value| is(has, value)),
        Value::Reference | Value::Simd => false,
    }
}
