//! `aivm model compare`: where two models, run on the same input, first differ.

use std::path::PathBuf;
use std::sync::Arc;

use aivm_reference::{Elements, ReferencePlan};
use aivm_tosa::{Graph, NodeId, Plan, RunError, TensorId, bytes};
use clap::Args;
use serde::Serialize;
use synergy_aivm::{Priced, npy};

use super::failure::Failure;
use super::infer::assign;
use super::names::readable;
use super::{files, hex, print_json, print_text, type_and_shape};

/// Arguments of `aivm model compare`.
#[derive(Args)]
pub(crate) struct CompareArguments {
    /// A model, a .tosa file.
    a: PathBuf,
    /// Another, whose inputs have the same types and shapes in the same order.
    b: PathBuf,
    /// A .npy file for the input of both models, or NAME=FILE for the input that has this name in the first. Repeat
    /// for every input.
    #[arg(long = "input", required = true, value_name = "[NAME=]FILE")]
    inputs: Vec<PathBuf>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    a: String,
    b: String,
    /// Whether all compared nodes and all outputs agree.
    equal: bool,
    /// Nodes at the beginning that have the same operator and write the same types and shapes.
    alike_nodes: usize,
    /// The first of these whose output differs.
    first_difference: Option<NodeDifference>,
    /// Where the graphs part: the first node that is another in the other model.
    graphs_part: Option<Parting>,
    outputs: Vec<OutputReport>,
}

#[derive(Serialize)]
struct NodeDifference {
    node: u32,
    operator: &'static str,
    /// Name of the tensor in the first model and in the second.
    tensors: [String; 2],
    difference: Difference,
}

#[derive(Serialize)]
struct Parting {
    node: usize,
    /// What stands there in the first model and in the second.
    nodes: [String; 2],
}

/// An output of both models, or of one.
#[derive(Serialize)]
struct OutputReport {
    names: [Option<String>; 2],
    /// Whether types and shapes are the same; only then values are compared.
    same_shape: bool,
    difference: Option<Difference>,
}

/// How two tensors of one type and shape differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Difference {
    elements: usize,
    differing: usize,
    max_difference: u64,
    /// The first that differs.
    first: usize,
    /// Its values.
    values: [i64; 2],
}

/// Fails with [`Failure::Disagreement`] if the models differ.
pub(crate) fn compare(arguments: &CompareArguments, json: bool) -> Result<(), Failure> {
    let a = files::read_model(&arguments.a)?;
    let b = files::read_model(&arguments.b)?;
    same_inputs(arguments, a.graph(), b.graph())?;
    let input = read_inputs(&a, &arguments.inputs)?;
    let report = run(&a, &b, &input)?;
    if json {
        print_json(&report)?;
    } else {
        print_text(&report.text())?;
    }
    if report.equal {
        Ok(())
    } else {
        Err(Failure::Disagreement("the models differ".to_owned()))
    }
}

fn same_inputs(arguments: &CompareArguments, a: &Graph, b: &Graph) -> Result<(), Failure> {
    let borders = |graph: &Graph| {
        let ids = graph.inputs().iter();
        ids.map(|&id| type_and_shape(graph.tensor(id)))
            .collect::<Vec<_>>()
    };
    let (a, b) = (borders(a), borders(b));
    if a == b {
        return Ok(());
    }
    let why = format!(
        "its inputs are {}; those of {} are {}",
        b.join(", "),
        arguments.a.display(),
        a.join(", ")
    );
    Err(Failure::refused(&arguments.b, why))
}

fn read_inputs(model: &Priced, arguments: &[PathBuf]) -> Result<Vec<u8>, Failure> {
    let graph = model.graph();
    let paths = assign("input", model, graph.inputs(), arguments)?;
    let mut input = Vec::new();
    for (&id, path) in graph.inputs().iter().zip(paths) {
        let tensor = graph.tensor(id);
        let path = path.ok_or_else(|| {
            let name = &tensor.name;
            Failure::Usage(format!(
                "the input {name:?} has no file; add --input {name}=FILE"
            ))
        })?;
        let contents = files::read_npy(&path, tensor, false, false)?;
        let read = npy::read(&contents, tensor.data_type, &tensor.shape, false)
            .map_err(|error| Failure::refused(&path, error))?;
        input.extend_from_slice(read.data);
    }
    Ok(input)
}

/// Runs both models on the reference and compares what they compute.
fn run(a: &Arc<Priced>, b: &Arc<Priced>, input: &[u8]) -> Result<Report, Failure> {
    let alike_nodes = alike_nodes(a.graph(), b.graph());
    let plans = [ReferencePlan::new(a), ReferencePlan::new(b)];
    let mut computed: Vec<Vec<Elements>> = Vec::new();
    let keep = |node: NodeId| (node.0 as usize) < alike_nodes;
    plans[0]
        .trace(input, &mut |node, outputs| {
            if keep(node) {
                computed.push(outputs.to_vec());
            }
        })
        .map_err(failure)?;
    let mut first_difference = None;
    plans[1]
        .trace(input, &mut |node, outputs| {
            if keep(node) && first_difference.is_none() {
                let expected = &computed[node.0 as usize];
                first_difference = node_difference([a.graph(), b.graph()], node, expected, outputs);
            }
        })
        .map_err(failure)?;
    let outputs = compare_outputs([a.graph(), b.graph()], &plans, input)?;
    Ok(Report {
        a: hex(&a.hash()),
        b: hex(&b.hash()),
        equal: first_difference.is_none() && outputs.iter().all(OutputReport::equal),
        alike_nodes,
        first_difference,
        graphs_part: parting(a.graph(), b.graph(), alike_nodes),
        outputs,
    })
}

fn failure(error: RunError) -> Failure {
    match error {
        RunError::Status(status) => Failure::Refused(format!("input: {status}")),
        RunError::Fault(fault) => Failure::Machine(fault.to_string()),
    }
}

/// How many nodes from the first on are alike.
fn alike_nodes(a: &Graph, b: &Graph) -> usize {
    let pairs = a.nodes().iter().zip(b.nodes());
    (0..)
        .zip(pairs)
        .take_while(|(index, _)| describe(a, *index) == describe(b, *index))
        .count()
}

/// Operator, and types and shapes of what the node writes; nothing behind the last node.
fn describe(graph: &Graph, index: usize) -> Option<String> {
    let node = graph.nodes().get(index)?;
    let outputs = node.outputs.iter();
    let outputs: Vec<String> = outputs
        .map(|&id| type_and_shape(graph.tensor(id)))
        .collect();
    Some(format!("{} → {}", node.operator.name(), outputs.join(", ")))
}

fn parting(a: &Graph, b: &Graph, node: usize) -> Option<Parting> {
    let there = [describe(a, node), describe(b, node)];
    there.iter().any(Option::is_some).then(|| Parting {
        node,
        nodes: there.map(|text| text.unwrap_or_else(|| "the end".to_owned())),
    })
}

fn node_difference(
    graphs: [&Graph; 2],
    node: NodeId,
    a: &[Elements],
    b: &[Elements],
) -> Option<NodeDifference> {
    let nodes = graphs.map(|graph| &graph.nodes()[node.0 as usize]);
    let mut differences = a.iter().zip(b).map(|(a, b)| difference(a, b));
    let place = differences.position(|difference| difference.is_some())?;
    let name = |which: usize| {
        let id = nodes[which].outputs[place];
        graphs[which].tensor(id).name.clone()
    };
    Some(NodeDifference {
        node: node.0,
        operator: nodes[0].operator.name(),
        tensors: [name(0), name(1)],
        difference: difference(&a[place], &b[place])?,
    })
}

fn difference(a: &[i64], b: &[i64]) -> Option<Difference> {
    let pairs = a.iter().zip(b).enumerate();
    let mut differing = pairs.filter(|(_, (a, b))| a != b).peekable();
    let &(first, (&value_a, &value_b)) = differing.peek()?;
    let (count, max_difference) = differing.fold((0, 0), |(count, max), (_, (a, b))| {
        (count + 1, a.abs_diff(*b).max(max))
    });
    Some(Difference {
        elements: a.len(),
        differing: count,
        max_difference,
        first,
        values: [value_a, value_b],
    })
}

fn compare_outputs(
    graphs: [&Graph; 2],
    plans: &[ReferencePlan; 2],
    input: &[u8],
) -> Result<Vec<OutputReport>, Failure> {
    let mut values = [Vec::new(), Vec::new()];
    for ((values, plan), graph) in values.iter_mut().zip(plans).zip(graphs) {
        let output = plan.run(input).map_err(failure)?;
        let mut rest = output.as_slice();
        for &id in graph.outputs() {
            let tensor = graph.tensor(id);
            let (own, behind) = rest.split_at(tensor.bytes() as usize);
            rest = behind;
            values.push(bytes::decode(tensor.data_type, own));
        }
    }
    let count = values[0].len().max(values[1].len());
    let reports = (0..count).map(|index| {
        let ids: [Option<TensorId>; 2] = graphs.map(|graph| graph.outputs().get(index).copied());
        let tensor = |which: usize| ids[which].map(|id| graphs[which].tensor(id));
        let shapes = [tensor(0), tensor(1)].map(|tensor| tensor.map(type_and_shape));
        let same_shape = shapes[0] == shapes[1];
        OutputReport {
            names: [tensor(0), tensor(1)].map(|tensor| tensor.map(|tensor| tensor.name.clone())),
            same_shape,
            difference: same_shape
                .then(|| difference(&values[0][index], &values[1][index]))
                .flatten(),
        }
    });
    Ok(reports.collect())
}

impl OutputReport {
    fn equal(&self) -> bool {
        self.same_shape && self.difference.is_none()
    }
}

impl Difference {
    fn text(&self) -> String {
        let Difference {
            elements,
            differing,
            max_difference,
            first,
            values: [a, b],
        } = self;
        format!(
            "{differing} of {elements} elements differ, by {max_difference} at most; \
             first element {first}: {a} and {b}"
        )
    }
}

impl Report {
    fn text(&self) -> String {
        let mut lines = vec![format!("{} and {}", self.a, self.b)];
        match &self.first_difference {
            Some(found) => {
                let NodeDifference {
                    node,
                    operator,
                    tensors: [a, b],
                    difference,
                } = found;
                let names = if a == b {
                    readable(a)
                } else {
                    format!("{} and {}", readable(a), readable(b))
                };
                lines.push(format!(
                    "first difference: node {node}, {operator}, {names}: {}",
                    difference.text()
                ));
            }
            None => lines.push(format!("the first {} nodes agree", self.alike_nodes)),
        }
        if let Some(Parting {
            node,
            nodes: [a, b],
        }) = &self.graphs_part
        {
            lines.push(format!("the graphs part at node {node}: {a}; {b}"));
        }
        for (index, output) in self.outputs.iter().enumerate() {
            let verdict = match (&output.difference, output.same_shape) {
                (Some(difference), _) => difference.text(),
                (None, true) => "equal".to_owned(),
                (None, false) => "not the same type and shape".to_owned(),
            };
            lines.push(format!("output {index}: {verdict}"));
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_counted_and_the_first_is_named() {
        assert_eq!(difference(&[1, 2, 3], &[1, 2, 3]), None);
        let found = Difference {
            elements: 4,
            differing: 2,
            max_difference: u64::MAX,
            first: 1,
            values: [2, -2],
        };
        let (a, b) = ([1, 2, 3, i64::MAX], [1, -2, 3, i64::MIN]);
        assert_eq!(difference(&a, &b), Some(found));
    }
}
