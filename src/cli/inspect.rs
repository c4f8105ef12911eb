//! `aivm model inspect`: a model as the machine sees it.

use std::path::PathBuf;

use aivm_coprocessor::CheckPolicy;
use aivm_coprocessor::check::CheckCost;
use aivm_tosa::{Class, Graph, NodeId, Operator, RegionId, TensorId, Work};
use clap::Args;
use serde::Serialize;
use synergy_aivm::Priced;

use super::failure::Failure;
use super::names::readable;
use super::{files, hex, print_json, print_text};

/// Arguments of `aivm model inspect`.
#[derive(Args)]
pub(crate) struct InspectArguments {
    /// The model, a .tosa file.
    model: PathBuf,
    /// Of a thousand steps on accelerators, how many are checked; by default as many as a node checks.
    #[arg(long, allow_negative_numbers = true, value_name = "PER_MILLE", value_parser = clap::value_parser!(u32).range(0..=1000))]
    checks: Option<u32>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    hash: String,
    gas: u64,
    macs: u64,
    parameter_bytes: u64,
    input_bytes: u64,
    output_bytes: u64,
    inputs: Vec<TensorReport>,
    outputs: Vec<TensorReport>,
    /// `P` if no accumulator and no result can wrap, whatever the input is; else `W`.
    class: &'static str,
    /// What of a model of class `W` may wrap first.
    wraps_at: Option<String>,
    variables: Vec<TensorReport>,
    self_check: CheckReport,
    /// The nodes of the graph `main`.
    nodes: Vec<NodeReport>,
    /// What control flow runs.
    regions: Vec<RegionReport>,
}

/// What self-checks of runs on accelerators cost and find (`docs/self-check.md`).
#[derive(Serialize)]
struct CheckReport {
    /// Of a thousand steps, how many are checked: the chance in a thousand that a wrong step of a case is found.
    share_per_mille: u32,
    /// What is checked alone: a step, or a whole case of a model with control flow, variables or late values.
    unit: &'static str,
    /// Nodes whose sums are checked by Freivalds, and nodes that are recomputed.
    nodes_by_sums: u64,
    nodes_recomputed: u64,
    /// Multiply-accumulates, and elements of other operators, of checking a whole case.
    case_cost: u64,
    /// Of checking that share of it, on average, rounded up.
    share_cost: u64,
    /// The chance in a million that a step that is wrong in every run is found within so many runs.
    found_within_100_runs_ppm: u32,
    found_within_1000_runs_ppm: u32,
}

impl CheckReport {
    fn new(model: &Priced, policy: CheckPolicy) -> CheckReport {
        let cost = CheckCost::of(model);
        CheckReport {
            share_per_mille: policy.share(),
            unit: if cost.by_steps { "step" } else { "case" },
            nodes_by_sums: cost.by_sums,
            nodes_recomputed: cost.recomputed,
            case_cost: cost.at(CheckPolicy::ALL),
            share_cost: cost.at(policy),
            found_within_100_runs_ppm: policy.found_within(100),
            found_within_1000_runs_ppm: policy.found_within(1000),
        }
    }

    fn text(&self, macs: u64) -> [String; 2] {
        let percent = |ppm: u32| format!("{}.{:02} %", ppm / 10_000, ppm % 10_000 / 100);
        [
            format!(
                "self-check   {} ‰ of {}s; {} nodes by their sums, {} recomputed; {} products a case beside {macs} MACs ({} if \
                 all is checked)",
                self.share_per_mille,
                self.unit,
                self.nodes_by_sums,
                self.nodes_recomputed,
                self.share_cost,
                self.case_cost,
            ),
            format!(
                "detection    a wrong {} with {} ‰; one that is always wrong within 100 runs with {}, within 1000 with {}",
                self.unit,
                self.share_per_mille,
                percent(self.found_within_100_runs_ppm),
                percent(self.found_within_1000_runs_ppm),
            ),
        ]
    }
}

#[derive(Serialize)]
struct RegionReport {
    index: u32,
    /// Price of one run, in thousandths of a gas.
    milligas: u64,
    inputs: Vec<TensorReport>,
    outputs: Vec<TensorReport>,
    nodes: Vec<NodeReport>,
}

#[derive(Serialize)]
struct TensorReport {
    name: String,
    #[serde(rename = "type")]
    data_type: String,
    shape: Vec<u32>,
    bytes: u64,
    constant: bool,
}

#[derive(Serialize)]
struct NodeReport {
    index: u32,
    op: &'static str,
    /// The regions that it may run.
    regions: Vec<u32>,
    /// The variable that it reads or writes.
    variable: Option<u32>,
    inputs: Vec<TensorReport>,
    /// Values of the operator that are computed in the run.
    late: Vec<TensorReport>,
    outputs: Vec<TensorReport>,
    macs: u64,
    bytes: u64,
    milligas: u64,
}

impl Report {
    fn new(model: &Priced, policy: CheckPolicy) -> Report {
        let graph = model.graph();
        let program = model.program();
        let regions = (0..).zip(program.regions()).map(|(index, region)| {
            let id = RegionId(index);
            RegionReport {
                index,
                milligas: model.region_cost(id).1,
                inputs: tensors(region, region.inputs()),
                outputs: tensors(region, region.outputs()),
                nodes: nodes(region, |node| model.cost_in(id, node)),
            }
        });
        let variables = program.variables().iter().map(|variable| TensorReport {
            name: variable.name.clone(),
            data_type: variable.data_type.to_string(),
            shape: variable.shape.dimensions().to_vec(),
            bytes: variable.bytes(),
            constant: false,
        });
        let (class, wraps_at) = match model.class() {
            Class::P => ("P", None),
            Class::W { region, node } => {
                let graph = region.map_or(graph, |id| program.region(id));
                let operator = graph.nodes()[node.0 as usize].operator.name();
                let place = region.map_or(String::new(), |id| format!(" of region {}", id.0));
                ("W", Some(format!("{operator}, node {}{place}", node.0)))
            }
        };
        Report {
            hash: hex(&model.hash()),
            gas: model.gas(),
            macs: model.macs(),
            parameter_bytes: model.constant_bytes(),
            input_bytes: graph.input_bytes(),
            output_bytes: graph.output_bytes(),
            inputs: tensors(graph, graph.inputs()),
            outputs: tensors(graph, graph.outputs()),
            class,
            wraps_at,
            variables: variables.collect(),
            self_check: CheckReport::new(model, policy),
            nodes: nodes(graph, |node| model.cost(node)),
            regions: regions.collect(),
        }
    }

    fn text(&self) -> String {
        let mut lines = vec![
            format!("hash         {}", self.hash),
            format!("gas          {}", self.gas),
            format!("MACs         {}", self.macs),
            format!("parameters   {} bytes", self.parameter_bytes),
            match &self.wraps_at {
                None => format!("class        {}: nothing can wrap", self.class),
                Some(place) => format!("class        {}: {place} may wrap", self.class),
            },
        ];
        lines.extend(self.self_check.text(self.macs));
        lines.extend(borders(&self.inputs, &self.outputs));
        lines.extend(border("variable", &self.variables));
        lines.push(String::new());
        lines.push(format!(
            "{:>4}  {:<24}{:>12}{:>12}{:>12}  tensors",
            "node", "operator", "MACs", "bytes", "milligas"
        ));
        lines.extend(self.nodes.iter().map(NodeReport::text));
        for region in &self.regions {
            lines.push(String::new());
            lines.push(format!(
                "region {}, {} milligas a run",
                region.index, region.milligas
            ));
            lines.extend(borders(&region.inputs, &region.outputs));
            lines.extend(region.nodes.iter().map(NodeReport::text));
        }
        lines.join("\n")
    }
}

fn borders(inputs: &[TensorReport], outputs: &[TensorReport]) -> Vec<String> {
    [border("input", inputs), border("output", outputs)].concat()
}

/// A line for each tensor.
fn border(kind: &str, tensors: &[TensorReport]) -> Vec<String> {
    let lines = tensors.iter().map(|tensor| {
        let TensorReport { name, bytes, .. } = tensor;
        let name = readable(name);
        format!("{kind:<12} {name} {}, {bytes} bytes", tensor.text())
    });
    lines.collect()
}

/// The nodes of `graph`, whose work and price `cost` gives.
fn nodes(graph: &Graph, cost: impl Fn(NodeId) -> (Work, u64)) -> Vec<NodeReport> {
    let nodes = (0..).zip(graph.nodes()).map(|(index, node)| {
        let (work, milligas) = cost(NodeId(index));
        let late: Vec<TensorId> = node.late.iter().map(|late| late.tensor).collect();
        NodeReport {
            index,
            op: node.operator.name(),
            regions: match node.operator {
                Operator::CondIf {
                    then_region,
                    else_region,
                } => vec![then_region.0, else_region.0],
                Operator::WhileLoop {
                    cond_region,
                    body_region,
                } => vec![cond_region.0, body_region.0],
                _ => Vec::new(),
            },
            variable: match node.operator {
                Operator::VariableRead(id) | Operator::VariableWrite(id) => Some(id.0),
                _ => None,
            },
            inputs: tensors(graph, &node.inputs),
            late: tensors(graph, &late),
            outputs: tensors(graph, &node.outputs),
            macs: work.macs,
            bytes: work.bytes,
            milligas,
        }
    });
    nodes.collect()
}

impl NodeReport {
    fn text(&self) -> String {
        let list = |tensors: &[TensorReport]| {
            let words: Vec<String> = tensors.iter().map(TensorReport::text).collect();
            words.join(", ")
        };
        let mut text = format!(
            "{:>4}  {:<24}{:>12}{:>12}{:>12}  {}",
            self.index,
            self.op,
            self.macs,
            self.bytes,
            self.milligas,
            list(&self.inputs)
        );
        if !self.late.is_empty() {
            text.push_str(&format!("; late {}", list(&self.late)));
        }
        text.push_str(&format!(" → {}", list(&self.outputs)));
        if let [first, second] = self.regions[..] {
            text.push_str(&format!("; regions {first} and {second}"));
        }
        if let Some(variable) = self.variable {
            text.push_str(&format!("; variable {variable}"));
        }
        text
    }
}

impl TensorReport {
    /// Type and shape, and whether it is a constant.
    fn text(&self) -> String {
        let shape: Vec<String> = self.shape.iter().map(u32::to_string).collect();
        let constant = if self.constant { " const" } else { "" };
        format!("{}[{}]{constant}", self.data_type, shape.join("×"))
    }
}

fn tensors(graph: &Graph, ids: &[TensorId]) -> Vec<TensorReport> {
    let tensors = ids.iter().map(|&id| {
        let tensor = graph.tensor(id);
        TensorReport {
            name: tensor.name.clone(),
            data_type: tensor.data_type.to_string(),
            shape: tensor.shape.dimensions().to_vec(),
            bytes: tensor.bytes(),
            constant: tensor.constant.is_some(),
        }
    });
    tensors.collect()
}

pub(crate) fn inspect(arguments: &InspectArguments, json: bool) -> Result<(), Failure> {
    let policy = arguments
        .checks
        .map_or_else(CheckPolicy::default, CheckPolicy::per_mille);
    let report = Report::new(files::read_model(&arguments.model)?.as_ref(), policy);
    if json {
        print_json(&report)
    } else {
        print_text(&report.text())
    }
}
