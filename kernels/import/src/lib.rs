//! ONNX models to TOSA model files.
//!
//! The way of a model: ONNX bytes → messages (`onnx`, counted before by `scan`) → values with scale and zero
//! point (`lower`) → a `.tosa` file ([`tosa_file`]), metadata and a report. Quantised models are read, in QDQ and in
//! QOperator form; what a float model lacks is said. `docs/import.md` lists operators and rules.

#![forbid(unsafe_code)]

mod constant;
mod limits;
mod lower;
mod metadata;
mod onnx;
mod report;
mod scale;
mod scan;
mod value;

pub mod tosa_file;

use std::collections::BTreeMap;

use prost::Message;

use constant::Constant;
use lower::{GraphInput, Lowering};
use value::Value;

pub use limits::ImportLimits;
pub use metadata::{Border, Metadata};
pub use report::{NodeReport, Report, UnsupportedNode};

/// What the file leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportOptions {
    /// The side that replaces a dynamic first side of inputs; at least 1.
    pub batch: u32,
}

impl Default for ImportOptions {
    fn default() -> Self {
        ImportOptions { batch: 1 }
    }
}

/// An imported model.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The `.tosa` file.
    pub tosa: Vec<u8>,
    /// How its integers mean real numbers.
    pub metadata: Metadata,
    /// What became of each node.
    pub report: Report,
}

/// Why a file was not imported.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is no protobuf message of ONNX.
    #[error("byte {offset}: {what}")]
    File {
        /// Where, in bytes from the start.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The messages are not those of ONNX.
    #[error("not an ONNX model: {0}")]
    Decode(String),
    /// A size above [`ImportLimits`].
    #[error("{0}")]
    Limit(String),
    /// The graph contradicts itself, or is of a kind that is never imported.
    #[error("{0}")]
    Graph(String),
    /// The model computes with floats.
    #[error("the model is not quantised ({0} float operators, no QuantizeLinear). {advice}", advice = QUANTISE_ADVICE)]
    NotQuantised(usize),
    /// Nodes that nothing stands for, all of them.
    #[error("{} nodes are not supported:{}", .0.unsupported.len(), listed(.0))]
    Unsupported(Box<Report>),
    /// The written file breaks a rule of TOSA.
    #[error("the imported model is refused: {0}")]
    Refused(aivm_tosa::Refusal),
}

/// The first version of ONNX's operators in which element-wise operators broadcast as they do now.
const OPSET_MIN: i64 = 7;

/// How to quantise a float model.
const QUANTISE_ADVICE: &str = "Quantise it statically, with a few hundred samples of real input:\n  \
    from onnxruntime.quantization import quantize_static, QuantFormat, QuantType\n  \
    from onnxruntime.quantization.shape_inference import quant_pre_process\n  \
    quant_pre_process('model.onnx', 'prepared.onnx')\n  \
    quantize_static('prepared.onnx', 'int8.onnx', calibration_data_reader, quant_format=QuantFormat.QDQ,\n      \
    per_channel=True, activation_type=QuantType.QInt8, weight_type=QuantType.QInt8)";

fn listed(report: &Report) -> String {
    report
        .unsupported
        .iter()
        .map(|node| format!("\n  {node}"))
        .collect()
}

/// Imports an ONNX model.
///
/// # Errors
/// The file is refused, or nodes of it are not supported: then all of them are listed.
pub fn import(
    file: &[u8],
    options: &ImportOptions,
    limits: &ImportLimits,
) -> Result<Imported, ImportError> {
    if file.len() as u64 > limits.file_bytes {
        return Err(ImportError::Limit(format!(
            "{} bytes, the limit is {}",
            file.len(),
            limits.file_bytes
        )));
    }
    if options.batch == 0 {
        return Err(ImportError::Limit("a batch of 0; it is at least 1".into()));
    }
    scan::scan(file, limits)?;
    let model =
        onnx::Model::decode(file).map_err(|error| ImportError::Decode(error.to_string()))?;
    let Some(graph) = &model.graph else {
        return Err(ImportError::Decode("it has no graph".into()));
    };
    check(&model, graph, limits)?;
    let opsets: BTreeMap<&str, i64> = model
        .opset_import
        .iter()
        .map(|set| {
            (
                if set.domain == "ai.onnx" {
                    ""
                } else {
                    set.domain.as_str()
                },
                set.version,
            )
        })
        .collect();
    let opset = opsets.get("").copied().unwrap_or(0);
    if opset < OPSET_MIN
        && graph
            .node
            .iter()
            .any(|node| matches!(node.domain.as_str(), "" | "ai.onnx"))
    {
        return Err(ImportError::Graph(format!(
            "the model imports version {opset} of ONNX's operators, the least is {OPSET_MIN}; \
             convert it (onnx.version_converter.convert_version)"
        )));
    }
    let inputs = inputs(graph, options, limits)?;
    let mut lowering = Lowering::new(graph, inputs, opsets, file.len() as u64, limits);
    for tensor in &graph.initializer {
        let constant = Constant::read(tensor, limits)
            .map_err(|what| ImportError::Graph(format!("constant {:?}: {what}", tensor.name)))?;
        lowering.define(&tensor.name, Value::Constant(constant))?;
    }
    let lowered = lowering.run(&graph.output)?;
    let report = Report {
        opset,
        batch: options.batch,
        nodes: lowered.nodes,
        unsupported: lowered.unsupported,
    };
    if !report.unsupported.is_empty() {
        return Err(if is_float(graph) {
            ImportError::NotQuantised(graph.node.len())
        } else {
            ImportError::Unsupported(Box::new(report))
        });
    }
    // What is written must be what every node of the chain accepts.
    aivm_tosa::load(
        &lowered.file,
        &aivm_tosa::ModelLimits::CHAIN,
        &aivm_tosa::PriceTable::V1,
    )
    .map_err(ImportError::Refused)?;
    let hash: String = aivm_tosa::model_hash(&lowered.file)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(Imported {
        metadata: Metadata {
            format: 1,
            model: format!("0x{hash}"),
            inputs: lowered.inputs,
            outputs: lowered.outputs,
        },
        tosa: lowered.file,
        report,
    })
}

/// Checks what concerns the model as a whole.
fn check(
    model: &onnx::Model,
    graph: &onnx::Graph,
    limits: &ImportLimits,
) -> Result<(), ImportError> {
    if !model.functions.is_empty() {
        return Err(ImportError::Graph(
            "the model defines functions; inline them (onnx.inliner.inline_local_functions)".into(),
        ));
    }
    if graph.output.is_empty() {
        return Err(ImportError::Graph("the graph has no output".into()));
    }
    if !graph.sparse_initializer.is_empty() {
        return Err(ImportError::Graph(
            "the model has sparse constants; store them dense".into(),
        ));
    }
    let borders = graph.input.len().max(graph.output.len());
    if borders > limits.borders as usize + graph.initializer.len()
        || graph.output.len() > limits.borders as usize
    {
        return Err(ImportError::Limit(format!(
            "{borders} inputs or outputs, the limit is {}",
            limits.borders
        )));
    }
    if graph.node.len() as u64 > u64::from(limits.nodes) {
        return Err(ImportError::Limit(format!(
            "{} nodes, the limit is {}",
            graph.node.len(),
            limits.nodes
        )));
    }
    let node_names = graph
        .node
        .iter()
        .flat_map(|node| node.input.iter().chain(&node.output));
    let tensor_names = graph.initializer.iter().map(|tensor| &tensor.name);
    let border_names = graph
        .input
        .iter()
        .chain(&graph.output)
        .map(|info| &info.name);
    for name in node_names.chain(tensor_names).chain(border_names) {
        if name.len() > limits.name_bytes as usize {
            return Err(ImportError::Limit(format!(
                "a name of {} bytes, the limit is {}",
                name.len(),
                limits.name_bytes
            )));
        }
    }
    Ok(())
}

/// The inputs that are not initialisers, which older files list among the inputs.
fn inputs<'a>(
    graph: &'a onnx::Graph,
    options: &ImportOptions,
    limits: &ImportLimits,
) -> Result<Vec<GraphInput<'a>>, ImportError> {
    let constants: std::collections::BTreeSet<&str> = graph
        .initializer
        .iter()
        .map(|tensor| tensor.name.as_str())
        .collect();
    let mut inputs: Vec<GraphInput<'_>> = Vec::new();
    for info in graph
        .input
        .iter()
        .filter(|info| !constants.contains(info.name.as_str()))
    {
        let fault = |what: String| ImportError::Graph(format!("input {:?}: {what}", info.name));
        let tensor = info
            .r#type
            .as_ref()
            .and_then(|kind| kind.tensor_type.as_ref());
        let tensor = tensor.ok_or_else(|| fault("it is not a tensor".into()))?;
        let shape = tensor.shape.as_ref().ok_or_else(|| {
            fault("it has no shape; infer it (onnx.shape_inference.infer_shapes) or set it".into())
        })?;
        let mut elements = 1_u64;
        let mut sides = Vec::new();
        for (at, dimension) in shape.dim.iter().enumerate() {
            let side = match dimension.dim_value {
                0 if at == 0 => options.batch,
                0 => {
                    return Err(fault(format!(
                        "side {at} is dynamic ({:?}); fix it (onnxruntime.tools.make_dynamic_shape_fixed)",
                        dimension.dim_param
                    )));
                }
                side => u32::try_from(side).map_err(|_| fault(format!("a side of {side}")))?,
            };
            elements = elements.saturating_mul(u64::from(side));
            sides.push(side);
        }
        if elements > limits.elements || sides.len() > aivm_tosa::Shape::MAX_RANK {
            return Err(fault(format!(
                "a shape of rank {} with {elements} elements",
                sides.len()
            )));
        }
        inputs.push(GraphInput::new(&info.name, tensor.elem_type, sides));
    }
    Ok(inputs)
}

/// Whether nothing of the graph is quantised.
fn is_float(graph: &onnx::Graph) -> bool {
    !graph.node.iter().any(|node| {
        let op = node.op_type.as_str();
        op.contains("QuantizeLinear")
            || op.contains("DequantizeLinear")
            || op.starts_with('Q')
            || op.ends_with("Integer")
    }) && graph.input.iter().any(|info| {
        let tensor = info
            .r#type
            .as_ref()
            .and_then(|kind| kind.tensor_type.as_ref());
        tensor.is_some_and(|tensor| tensor.elem_type == 1)
    })
}
