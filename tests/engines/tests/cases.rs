//! Hand-written cases: `cases/*.wat`. The comment lines at the top of a file say what must happen, in
//! order, on one instance:
//!
//! ```text
//! ;; call NAME(ARGUMENT, …) => VALUE, …        returns these (nothing: no results)
//! ;; call NAME(ARGUMENT, …) => trap TRAP_CODE | out of ink | fault
//! ;; instance => trap TRAP_CODE                the only line then
//! ;; host NAME(ARGUMENT, …)                    all host calls, in order
//! ;; memory ADDRESS = BYTE …                   at the end, in hex
//! ;; global INDEX = VALUE                      at the end
//! ;; no third opinion: REASON                  `wasmi` is not asked
//! ```
//!
//! Every other comment line is prose. Numbers are decimal, negative too, or hex with `0x`. The host is
//! [`RecordingHost`]; it reports ink where there is no third opinion.

use std::path::Path;
use std::sync::Arc;

use aivm_core::{Exit, HostFunction, Limits, TrapCode, ValueType};
use aivm_wasm::plan::{Import, MeteredModule};
use aivm_wasm::{Rules, meter, validate};

use aivm_lockstep::PRICES;
use aivm_lockstep::engine::ENGINES;
use aivm_lockstep::host::{HostCall, RecordingHost};
use aivm_lockstep::lockstep::{Contenders, Lockstep};
use aivm_lockstep::opinion::{self, Third};

/// A small stack and memory, so that both limits are reached.
const LIMITS: Limits = Limits {
    memory_pages: 4,
    stack_words: 400,
    ..Limits::CONTRACT
};

/// Ink of a whole case: enough for all but those that never end.
const PLENTY: u64 = 200_000;

/// The highest ink limit of a sweep; a case that ends costs less.
const SWEEP_MAX: u64 = 5_000;

/// One file.
struct Case {
    name: String,
    bytes: Vec<u8>,
    plan: Arc<MeteredModule>,
    calls: Vec<Call>,
    instance_trap: Option<TrapCode>,
    host: Vec<String>,
    memory: Vec<(usize, Vec<u8>)>,
    globals: Vec<(usize, i128)>,
    third_opinion: bool,
}

impl Case {
    /// Whether the contract can ask for its ink. Only then is the host's answer not known to `wasmi`.
    fn reads_ink(&self) -> bool {
        !self.third_opinion
            && self
                .plan
                .imports
                .contains(&Import::Host(HostFunction::MsgReentrant))
    }
}

struct Call {
    name: String,
    function: u32,
    arguments: Vec<u64>,
    end: End,
}

#[derive(Debug)]
enum End {
    Return(Vec<u64>),
    Trap(TrapCode),
    OutOfInk,
    Fault,
}

impl End {
    fn is(&self, exit: &Exit) -> bool {
        match (self, exit) {
            (End::Return(expected), Exit::Return(values)) => expected == values,
            (End::Trap(expected), Exit::Trap(trap)) => expected == trap,
            (End::OutOfInk, Exit::OutOfInk) | (End::Fault, Exit::Fault(_)) => true,
            _ => false,
        }
    }
}

#[test]
fn every_case_ends_as_its_file_says() {
    for case in cases() {
        let contenders = Contenders::prepare(&case.plan, ENGINES);
        let Some(mut lockstep) = start(&case, &contenders) else {
            continue;
        };
        let mut ink = PLENTY;
        for (index, call) in case.calls.iter().enumerate() {
            let exit = step(&case, &mut lockstep, index, &mut ink);
            assert!(
                call.end.is(&exit),
                "{}: {} ended with {exit:?}, not {:?}",
                case.name,
                call.name,
                call.end
            );
        }
        check_end_state(&case, &lockstep);
    }
}

#[test]
fn every_case_ends_as_wasmi_says() {
    let mut asked = 0;
    for case in cases().into_iter().filter(|case| case.third_opinion) {
        let third = Third::new(&case.bytes, &case.plan, LIMITS).expect("wasmi accepts the case");
        let mut third = match third.instantiate() {
            Ok(third) => third,
            Err(theirs) => {
                assert_eq!(
                    Some(theirs),
                    case.instance_trap.map(opinion::Opinion::Trap),
                    "{}",
                    case.name
                );
                continue;
            }
        };
        let contenders = Contenders::prepare(&case.plan, ENGINES);
        let Some(mut lockstep) = start(&case, &contenders) else {
            continue;
        };
        let mut ink = PLENTY;
        for (index, call) in case.calls.iter().enumerate() {
            let exit = step(&case, &mut lockstep, index, &mut ink);
            let theirs = third.invoke(&call.name, &call.arguments, PLENTY);
            let compared = opinion::compare(&case.plan, &exit, &lockstep, &theirs, &third)
                .unwrap_or_else(|difference| {
                    panic!("{}: {}: {}", case.name, call.name, difference.0)
                });
            assert!(
                compared,
                "{}: {} has no third opinion",
                case.name, call.name
            );
            asked += 1;
        }
    }
    assert!(asked >= 200, "wasmi was asked about {asked} calls only");
}

/// Out of ink at each boundary: with every ink limit from nothing to the full cost, the engines agree in
/// exit, ink left, memory, globals and host calls.
#[test]
fn engines_agree_at_every_ink_limit() {
    let mut runs = 0;
    for case in cases() {
        let contenders = Contenders::prepare(&case.plan, ENGINES);
        let Some(cost) = play(&case, &contenders, PLENTY) else {
            continue;
        };
        let ends = case
            .calls
            .iter()
            .all(|call| !matches!(call.end, End::OutOfInk));
        assert!(
            !ends || cost <= SWEEP_MAX,
            "{} costs {cost} ink: too much for a sweep",
            case.name
        );
        for limit in 0..cost.min(SWEEP_MAX) {
            let taken = play(&case, &contenders, limit);
            // A contract that sees its ink may stop before it is out of it.
            let is_all_taken = taken == Some(limit) || case.reads_ink();
            assert!(
                is_all_taken,
                "{} costs {cost} ink, but with {limit} {taken:?}",
                case.name
            );
            runs += 1;
        }
        let taken = play(&case, &contenders, cost);
        assert!(
            taken == Some(cost) || case.reads_ink(),
            "{}: {taken:?} of {cost} ink",
            case.name
        );
    }
    println!("{runs} runs that ended out of ink");
    assert!(runs > 5_000, "only {runs} runs");
}

#[test]
fn the_cases_cover_every_trap_and_are_many() {
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    // The host's refusal to write in a frame that may not is tested where there are frames, in vm/engine.
    let traps = TrapCode::ALL.into_iter();
    for trap in traps.filter(|trap| *trap != TrapCode::ReadOnly) {
        let covered = cases
            .iter()
            .flat_map(|case| &case.calls)
            .any(|call| matches!(call.end, End::Trap(other) if other == trap));
        assert!(covered, "no case traps with {trap:?}");
    }
}

/// Plays a case with one ink limit for all its calls, until one ends out of ink; the ink taken.
fn play(case: &Case, contenders: &Contenders, limit: u64) -> Option<u64> {
    let mut lockstep = start(case, contenders)?;
    let mut ink = limit;
    for index in 0..case.calls.len() {
        if step(case, &mut lockstep, index, &mut ink) == Exit::OutOfInk {
            assert_eq!(ink, 0, "{}: ink is left after running out of it", case.name);
            break;
        }
    }
    Some(limit - ink)
}

/// Instances of all engines; none if the case expects a trap there.
fn start(case: &Case, contenders: &Contenders) -> Option<Lockstep> {
    let host = RecordingHost {
        reports_ink: case.reads_ink(),
        ..RecordingHost::default()
    };
    match contenders.instantiate(&host) {
        Err(difference) => panic!("{}: {}", case.name, difference.0),
        Ok(Err(trap)) => {
            assert_eq!(Some(trap), case.instance_trap, "{}: instance", case.name);
            None
        }
        Ok(Ok(lockstep)) => {
            assert_eq!(None, case.instance_trap, "{}: instance", case.name);
            Some(lockstep)
        }
    }
}

fn step(case: &Case, lockstep: &mut Lockstep, index: usize, ink: &mut u64) -> Exit {
    let call = &case.calls[index];
    let before = *ink;
    lockstep
        .invoke(call.function, &call.arguments, ink)
        .unwrap_or_else(|difference| {
            panic!(
                "{}: {} with {before} ink: {}",
                case.name, call.name, difference.0
            )
        })
}

fn check_end_state(case: &Case, lockstep: &Lockstep) {
    let calls: Vec<String> = lockstep.host_calls().iter().map(written).collect();
    assert_eq!(calls, case.host, "{}: host calls", case.name);
    for (address, bytes) in &case.memory {
        let found = lockstep.memory().get(*address..address + bytes.len());
        assert_eq!(
            found,
            Some(&bytes[..]),
            "{}: memory at {address:#x}",
            case.name
        );
    }
    for (index, value) in &case.globals {
        let ty = case.plan.globals[*index].ty;
        assert_eq!(
            lockstep.globals()[*index],
            slot(*value, ty),
            "{}: global {index}",
            case.name
        );
    }
}

/// A host call as a case file writes it.
fn written(call: &HostCall) -> String {
    let arguments: Vec<String> = call.arguments.iter().map(u64::to_string).collect();
    format!(
        "{}({})",
        call.function.signature().name,
        arguments.join(", ")
    )
}

/// All cases, by name.
fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of cases can be read")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wat"))
        .collect();
    files.sort();
    files.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Case {
    let name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let text = std::fs::read_to_string(path).expect("a case can be read");
    let bytes = wat::parse_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let module = validate(&bytes, &LIMITS, Rules::Generic)
        .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
    let plan = Arc::new(meter(&module, &PRICES));
    let mut case = Case {
        name,
        bytes,
        plan,
        calls: Vec::new(),
        instance_trap: None,
        host: Vec::new(),
        memory: Vec::new(),
        globals: Vec::new(),
        third_opinion: true,
    };
    for line in text.lines().map_while(|line| line.strip_prefix(";;")) {
        directive(&mut case, line.trim())
            .unwrap_or_else(|| panic!("{}: cannot read `{line}`", case.name));
    }
    assert!(
        !case.calls.is_empty() || case.instance_trap.is_some(),
        "{}: nothing is expected",
        case.name
    );
    case
}

/// Reads one comment line into the case; none if it begins like a directive and is not one.
fn directive(case: &mut Case, line: &str) -> Option<()> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "call" => {
            let (call, end) = rest.split_once("=>")?;
            let (name, arguments) = call.trim().strip_suffix(')')?.split_once('(')?;
            let function = case.plan.exported_function(name)?;
            let ty = &case.plan.types[case.plan.function_type(function) as usize];
            let call = Call {
                name: name.to_owned(),
                function,
                arguments: values(arguments, &ty.parameters)?,
                end: end_of(end.trim(), &ty.results)?,
            };
            case.calls.push(call);
        }
        "instance" => {
            let trap = rest.strip_prefix("=> trap ")?;
            case.instance_trap = Some(trap_code(trap)?);
        }
        "host" => case.host.push(rest.to_owned()),
        "memory" => {
            let (address, bytes) = rest.split_once(" = ")?;
            let bytes: Result<Vec<u8>, _> = bytes
                .split(' ')
                .map(|byte| u8::from_str_radix(byte, 16))
                .collect();
            case.memory.push((number(address)? as usize, bytes.ok()?));
        }
        "global" => {
            let (index, value) = rest.split_once(" = ")?;
            case.globals.push((number(index)? as usize, number(value)?));
        }
        "no" => case.third_opinion = !rest.starts_with("third opinion: "),
        _ => {}
    }
    Some(())
}

fn end_of(text: &str, results: &[ValueType]) -> Option<End> {
    Some(match text {
        "out of ink" => End::OutOfInk,
        "fault" => End::Fault,
        _ => match text.strip_prefix("trap ") {
            Some(trap) => End::Trap(trap_code(trap)?),
            None => End::Return(values(text, results)?),
        },
    })
}

fn trap_code(name: &str) -> Option<TrapCode> {
    TrapCode::ALL
        .into_iter()
        .find(|trap| format!("{trap:?}") == name)
}

/// Numbers separated by commas, one a type.
fn values(text: &str, types: &[ValueType]) -> Option<Vec<u64>> {
    let texts: Vec<&str> = text
        .split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .collect();
    if texts.len() != types.len() {
        return None;
    }
    texts
        .iter()
        .zip(types)
        .map(|(text, &ty)| Some(slot(number(text)?, ty)))
        .collect()
}

fn number(text: &str) -> Option<i128> {
    match text.strip_prefix("0x") {
        Some(hex) => i128::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A number as engines pass it: an i32 zero-extended.
fn slot(value: i128, ty: ValueType) -> u64 {
    match ty {
        ValueType::I32 => u64::from(value as u32),
        ValueType::I64 => value as u64,
    }
}
