//! Why a node is not lowered.

/// A reason that lists numbers of the file is cut after this many bytes.
const REASON_BYTES: usize = 400;

/// The rewrite of what computes with floats.
pub(super) const QUANTISE: &str =
    "quantise statically, so that QuantizeLinear and DequantizeLinear stand around this operator";

/// Why a node was not lowered.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The reason, and the nearest rewrite.
    Unsupported { why: String, rewrite: String },
    /// A node before it was not lowered.
    Upstream,
    /// The import ends here.
    Limit(String),
}

/// What lowering gives.
pub(super) type Lowered<T> = Result<T, Fault>;

/// A fault with its reason and the nearest rewrite.
pub(super) fn unsupported(why: impl Into<String>, rewrite: impl Into<String>) -> Fault {
    let mut why = why.into();
    if why.len() > REASON_BYTES {
        let end = (0..=REASON_BYTES)
            .rev()
            .find(|&end| why.is_char_boundary(end));
        why = format!("{} …", &why[..end.unwrap_or(0)]);
    }
    Fault::Unsupported {
        why,
        rewrite: rewrite.into(),
    }
}

/// The fault of operands whose shapes do not fit.
pub(super) fn shapes(what: impl Into<String>) -> Fault {
    unsupported(
        what,
        "check the model: onnx.checker.check_model(model, full_check=True)",
    )
}
