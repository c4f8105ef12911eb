//! `aivm run --trace`: every call that a call of a contract made, with the names that its file gives them.

use std::collections::BTreeMap;

use aivm_wasm::function_names;
use serde::Serialize;
use synergy_aivm::{B256, Callee, State, Trace, TracedCall};

use super::hex;
use super::names::readable;

/// Calls inside of more others are indented no further.
const INDENTS: u32 = 64;

/// Names of the functions of every code that came up.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<B256, BTreeMap<u32, String>>);

impl Names {
    /// The name of a callee; functions are those of the code with this hash.
    pub(crate) fn of(&mut self, callee: Callee, code: B256, state: &State) -> String {
        match callee {
            Callee::Contract { contract, .. } => format!("contract {}", hex(&contract.0.0)),
            Callee::Host(function) => {
                let signature = function.signature();
                format!("{}.{}", signature.module, signature.name)
            }
            Callee::Function(index) => {
                let names = self.0.entry(code).or_insert_with(|| {
                    let code = state.code(code);
                    code.map(|code| function_names(code)).unwrap_or_default()
                });
                let name = names.get(&index).filter(|name| !name.is_empty());
                name.map_or_else(|| format!("function {index}"), |name| readable(name))
            }
        }
    }
}

/// A trace as `--json` prints it.
#[derive(Serialize)]
pub(crate) struct TraceReport {
    calls: Vec<CallReport>,
    /// How many more there were.
    calls_left_out: u64,
}

#[derive(Serialize)]
struct CallReport {
    /// How many calls it is inside of.
    depth: u32,
    /// `contract`, `function` or `host`.
    kind: &'static str,
    name: String,
    /// Of a function: its index, imports first.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    /// Of a contract: the hash of its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    arguments: Vec<u64>,
    /// Spent, with what it called; 10,000 are a gas.
    ink: u64,
    returned: bool,
}

impl TraceReport {
    pub(crate) fn new(trace: &Trace, names: &mut Names, state: &State) -> TraceReport {
        // The code of each contract that the call at hand is inside of.
        let mut codes: Vec<(u32, B256)> = Vec::new();
        let mut report = |call: &TracedCall| {
            while codes.last().is_some_and(|(depth, _)| *depth >= call.depth) {
                codes.pop();
            }
            if let Callee::Contract { code, .. } = call.callee {
                codes.push((call.depth, code));
            }
            let code = codes.last().map_or(B256::ZERO, |(_, code)| *code);
            CallReport::new(call, names.of(call.callee, code, state))
        };
        TraceReport {
            calls: trace.calls.iter().map(&mut report).collect(),
            calls_left_out: trace.calls_left_out,
        }
    }

    /// A line for each call, indented by its depth.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.calls.iter().map(CallReport::line).collect();
        if self.calls_left_out > 0 {
            lines.push(format!("  … and {} more calls", self.calls_left_out));
        }
        lines
    }
}

impl CallReport {
    fn new(call: &TracedCall, name: String) -> CallReport {
        let (kind, index, code) = match call.callee {
            Callee::Contract { code, .. } => ("contract", None, Some(hex(&code.0))),
            Callee::Function(index) => ("function", Some(index), None),
            Callee::Host(_) => ("host", None, None),
        };
        CallReport {
            depth: call.depth,
            kind,
            name,
            index,
            code,
            arguments: call.arguments.clone(),
            ink: call.ink,
            returned: call.returned,
        }
    }

    fn line(&self) -> String {
        let indent = "  ".repeat(self.depth.min(INDENTS) as usize + 1);
        let arguments: Vec<String> = self.arguments.iter().map(u64::to_string).collect();
        let arguments = arguments.join(", ");
        let (gas, ink) = (self.ink / 10_000, self.ink % 10_000);
        let ended = if self.returned { "" } else { ", ended here" };
        format!(
            "{indent}{}({arguments}): {gas}.{ink:04} gas{ended}",
            self.name
        )
    }
}
