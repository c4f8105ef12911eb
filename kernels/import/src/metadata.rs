//! What a `.tosa` file does not say: how its integers mean real numbers. Written as JSON beside it.

use serde::{Deserialize, Serialize};

/// The borders of an imported model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// Version of this format: 1.
    pub format: u32,
    /// Keccak-256 of the `.tosa` file, in hex with 0x before it.
    pub model: String,
    /// The inputs, in the order of the TOSA graph, which is that of the ONNX graph.
    pub inputs: Vec<Border>,
    /// The outputs, in order.
    pub outputs: Vec<Border>,
}

/// An input or output: `real = (stored − zero_point) · scale`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Border {
    /// Its name in the TOSA graph: that in the ONNX graph, unless another tensor has it.
    pub name: String,
    /// The element type in the ONNX graph.
    pub onnx_type: String,
    /// The element type in the TOSA graph.
    pub tosa_type: String,
    /// The shape, as in the ONNX graph with its batch fixed.
    pub shape: Vec<u32>,
    /// The scale; or one for each index of the last axis.
    pub scales: Vec<f64>,
    /// The zero point of what is stored (an unsigned byte is stored 128 lower).
    pub zero_point: i64,
}
