//! `aivm model inspect`: a model as the machine sees it.

use std::path::PathBuf;

use aivm_tosa::{NodeId, Operator, TensorId};
use clap::Args;
use serde::Serialize;
use synergy_aivm::Priced;

use super::failure::Failure;
use super::{files, hex, print_json, print_text};

/// Arguments of `aivm model inspect`.
#[derive(Args)]
pub(crate) struct InspectArguments {
    /// The model, a .tosa file.
    model: PathBuf,
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
    inputs: Vec<TensorReport>,
    outputs: Vec<TensorReport>,
    macs: u64,
    bytes: u64,
    milligas: u64,
}

impl Report {
    fn new(model: &Priced) -> Report {
        let graph = model.graph();
        let tensors = |ids: &[TensorId]| ids.iter().map(|&id| tensor(model, id)).collect();
        let nodes = (0..).zip(graph.nodes()).map(|(index, node)| {
            let (work, milligas) = model.cost(NodeId(index));
            NodeReport {
                index,
                op: Operator::name(&node.operator),
                inputs: tensors(&node.inputs),
                outputs: tensors(&node.outputs),
                macs: work.macs,
                bytes: work.bytes,
                milligas,
            }
        });
        Report {
            hash: hex(&model.hash()),
            gas: model.gas(),
            macs: model.macs(),
            parameter_bytes: model.constant_bytes(),
            input_bytes: graph.input_bytes(),
            output_bytes: graph.output_bytes(),
            inputs: tensors(graph.inputs()),
            outputs: tensors(graph.outputs()),
            nodes: nodes.collect(),
        }
    }

    fn text(&self) -> String {
        let mut lines = vec![
            format!("hash         {}", self.hash),
            format!("gas          {}", self.gas),
            format!("MACs         {}", self.macs),
            format!("parameters   {} bytes", self.parameter_bytes),
        ];
        for (kind, tensors) in [("input", &self.inputs), ("output", &self.outputs)] {
            lines.extend(tensors.iter().map(|tensor| {
                format!(
                    "{kind:<12} {} {}, {} bytes",
                    tensor.name,
                    tensor.text(),
                    tensor.bytes
                )
            }));
        }
        lines.push(String::new());
        lines.push(format!(
            "{:>4}  {:<24}{:>12}{:>12}{:>12}  tensors",
            "node", "operator", "MACs", "bytes", "milligas"
        ));
        for node in &self.nodes {
            let list = |tensors: &[TensorReport]| {
                let words: Vec<String> = tensors.iter().map(TensorReport::text).collect();
                words.join(", ")
            };
            lines.push(format!(
                "{:>4}  {:<24}{:>12}{:>12}{:>12}  {} → {}",
                node.index,
                node.op,
                node.macs,
                node.bytes,
                node.milligas,
                list(&node.inputs),
                list(&node.outputs)
            ));
        }
        lines.join("\n")
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

fn tensor(model: &Priced, id: TensorId) -> TensorReport {
    let tensor = model.graph().tensor(id);
    TensorReport {
        name: tensor.name.clone(),
        data_type: tensor.data_type.to_string(),
        shape: tensor.shape.dimensions().to_vec(),
        bytes: tensor.bytes(),
        constant: tensor.constant.is_some(),
    }
}

pub(crate) fn inspect(arguments: &InspectArguments, json: bool) -> Result<(), Failure> {
    let report = Report::new(files::read_model(&arguments.model)?.as_ref());
    if json {
        print_json(&report)
    } else {
        print_text(&report.text())
    }
}
