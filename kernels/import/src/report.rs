//! What became of each node.

use std::fmt;

use serde::Serialize;

use crate::lower::NodeView;

/// The report of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Version of ONNX's operators that the model imports.
    pub opset: i64,
    /// The side that replaced a dynamic batch.
    pub batch: u32,
    /// Every node in the file's order, then the outputs of the graph.
    pub nodes: Vec<NodeReport>,
    /// The nodes that were not lowered. If there is one, there is no model.
    pub unsupported: Vec<UnsupportedNode>,
}

/// A node and the TOSA operators that stand for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeReport {
    /// The node's name, or that of its first output.
    pub name: String,
    /// Its operator, with the domain before it unless that is ONNX's own.
    pub op: String,
    /// What it became, in order. Empty if it lives on in other nodes' operators, constants or metadata.
    pub tosa: Vec<&'static str>,
    /// What to know about it.
    pub notes: Vec<String>,
}

/// A node that was not lowered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnsupportedNode {
    /// The node's name, or that of its first output.
    pub name: String,
    /// Its operator, with the domain before it unless that is ONNX's own.
    pub op: String,
    /// Version of its domain's operators.
    pub opset: i64,
    /// Why.
    pub why: String,
    /// The nearest way to write it that is lowered.
    pub rewrite: String,
}

/// Names in reports are cut after this many bytes.
const NAME_BYTES_SHOWN: usize = 128;

fn shown(name: &str) -> String {
    let mut end = name.len().min(NAME_BYTES_SHOWN);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    // Names of the file reach terminals.
    name[..end]
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn name_of(node: &NodeView<'_>) -> String {
    let name = &node.node.name;
    shown(if name.is_empty() {
        node.output_name()
    } else {
        name
    })
}

fn op_of(node: &NodeView<'_>) -> String {
    if node.domain.is_empty() {
        shown(node.op())
    } else {
        shown(&format!("{}.{}", shown(node.domain), shown(node.op())))
    }
}

impl NodeReport {
    pub(crate) fn new(node: &NodeView<'_>, notes: Vec<String>) -> NodeReport {
        NodeReport {
            name: name_of(node),
            op: op_of(node),
            tosa: Vec::new(),
            notes,
        }
    }

    /// What the outputs of the graph needed besides.
    pub(crate) fn border(tosa: Vec<&'static str>) -> NodeReport {
        NodeReport {
            name: "outputs".into(),
            op: "graph".into(),
            tosa,
            notes: Vec::new(),
        }
    }
}

impl UnsupportedNode {
    pub(crate) fn new(node: &NodeView<'_>, why: String, rewrite: String) -> UnsupportedNode {
        UnsupportedNode {
            name: name_of(node),
            op: op_of(node),
            opset: node.opset,
            why,
            rewrite,
        }
    }

    pub(crate) fn output(name: &str, why: String, rewrite: String) -> UnsupportedNode {
        UnsupportedNode {
            name: shown(name),
            op: "graph output".into(),
            opset: 0,
            why,
            rewrite,
        }
    }
}

impl fmt::Display for UnsupportedNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnsupportedNode {
            name,
            op,
            opset,
            why,
            rewrite,
        } = self;
        write!(f, "{op} {name:?} (opset {opset}): {why}; {rewrite}")
    }
}
