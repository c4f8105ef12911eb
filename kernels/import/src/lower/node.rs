//! A node of the file, and the questions that lowering asks of it.

use super::{Fault, Lowered, unsupported};
use crate::onnx;

/// A node.
#[derive(Clone, Copy)]
pub(crate) struct NodeView<'a> {
    pub index: usize,
    pub node: &'a onnx::Node,
    /// Empty for ONNX's own.
    pub domain: &'a str,
    /// Version of the domain's operators that the model imports.
    pub opset: i64,
}

/// A domain's name, with ONNX's long name for its own shortened.
pub(crate) fn domain(name: &str) -> &str {
    if name == "ai.onnx" { "" } else { name }
}

impl<'a> NodeView<'a> {
    pub(crate) fn op(&self) -> &'a str {
        &self.node.op_type
    }

    /// The name of an input, unless it is left out.
    pub(crate) fn input(&self, index: usize) -> Option<&'a str> {
        let name = self.node.input.get(index)?;
        (!name.is_empty()).then_some(name)
    }

    pub(crate) fn input_count(&self) -> usize {
        self.node.input.len()
    }

    /// The name of the first output.
    pub(crate) fn output_name(&self) -> &'a str {
        self.node.output.first().map_or("", String::as_str)
    }

    /// Whether output `index` has a name.
    pub(crate) fn wants_output(&self, index: usize) -> bool {
        self.node
            .output
            .get(index)
            .is_some_and(|name| !name.is_empty())
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&'a onnx::Attribute> {
        self.node
            .attribute
            .iter()
            .find(|attribute| attribute.name == name)
    }

    pub(crate) fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name)
            .map_or(default, |attribute| attribute.i)
    }

    pub(crate) fn float(&self, name: &str, default: f32) -> f64 {
        f64::from(
            self.attribute(name)
                .map_or(default, |attribute| attribute.f),
        )
    }

    pub(crate) fn ints(&self, name: &str) -> Option<&'a [i64]> {
        self.attribute(name)
            .map(|attribute| attribute.ints.as_slice())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        let attribute = self.attribute(name)?;
        std::str::from_utf8(&attribute.s).ok()
    }

    /// A list of `count` numbers from 0 (or `min`) to 2^31 − 1.
    pub(crate) fn extents(
        &self,
        name: &str,
        count: usize,
        default: u32,
        min: i64,
    ) -> Lowered<Vec<u32>> {
        let Some(list) = self.ints(name) else {
            return Ok(vec![default; count]);
        };
        let numbers: Option<Vec<u32>> = list
            .iter()
            .map(|&n| {
                u32::try_from(n)
                    .ok()
                    .filter(|_| n >= min && n <= i64::from(i32::MAX))
            })
            .collect();
        numbers
            .filter(|numbers| numbers.len() == count)
            .ok_or_else(|| {
                unsupported(
                    format!("{name} is {list:?}"),
                    format!("{count} numbers from {min}"),
                )
            })
    }

    /// The fault of an input that must not be left out.
    pub(crate) fn missing(&self, index: usize) -> Fault {
        unsupported(format!("input {index} is left out"), "name it")
    }

    /// The fault of an operator that nothing stands for, with the nearest rewrite.
    pub(crate) fn no_such_operator(&self) -> Fault {
        unsupported("no integer graph stands for this operator", self.rewrite())
    }

    fn rewrite(&self) -> &'static str {
        match self.op() {
            "DynamicQuantizeLinear" | "DynamicQuantizeMatMul" | "MatMulIntegerToFloat" => {
                "its scale depends on the data; use onnxruntime.quantization.quantize_static instead of quantize_dynamic"
            }
            "BatchNormalization" => {
                "fold it into the convolution before quantising (onnxruntime.quantization.preprocess)"
            }
            "Softmax" | "LogSoftmax" | "QLinearSoftmax" | "Hardmax" => {
                "end the model with the operator before it: the largest output is the same; scores are a matter of the reader"
            }
            "Loop" | "If" | "Scan" => "export with fixed control flow",
            "NonMaxSuppression" | "TopK" | "RoiAlign" => "do this step outside of the model",
            "LSTM" | "GRU" | "RNN" => {
                "unroll it into Gemm, Sigmoid, Tanh, Mul and Add before quantising"
            }
            "Resize" | "Upsample" => {
                "use a transposed convolution or DepthToSpace, or do this step outside of the model"
            }
            "ConvTranspose" => "use Conv followed by DepthToSpace",
            "LayerNormalization"
            | "InstanceNormalization"
            | "GroupNormalization"
            | "RMSNormalization" => "use batch normalisation, which folds into convolutions",
            "QEmbedLayerNormalization"
            | "Attention"
            | "QAttention"
            | "MultiHeadAttention"
            | "FusedConv"
            | "FusedMatMul"
            | "FusedGemm"
            | "NhwcMaxPool" => "save the model before onnxruntime's optimiser fuses operators",
            "Gather" | "GatherElements" | "GatherND" | "ScatterND" | "ScatterElements"
            | "OneHot" => "give the graph the gathered rows as an input",
            "Pow" => "write a square as Mul of a value with itself",
            _ => "use one of the operators that docs/import.md lists",
        }
    }
}
