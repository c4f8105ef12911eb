//! The coprocessor as the host functions see it.

use aivm_coprocessor::Coprocessor;
use aivm_core::ports::{InferStatus, ModelSummary, TensorPort};
use aivm_core::{B256, NodeFault};
use aivm_tosa::{RunError, RunStatus};

/// Stack for a run: a contract may call from the depth of its own stack, and the first run of a model compiles
/// its kernels in the driver.
const STACK_BYTES: usize = 8 << 20;

/// Adapts a [`Coprocessor`] to the port.
pub(crate) struct Tensors<'a>(pub(crate) &'a Coprocessor);

impl TensorPort for Tensors<'_> {
    fn model(&self, hash: B256) -> Option<ModelSummary> {
        let priced = self.0.model(&hash.0)?;
        Some(ModelSummary {
            input_bytes: priced.input_bytes(),
            output_bytes: priced.output_bytes(),
            gas: priced.gas(),
        })
    }

    fn infer(&self, hash: B256, input: &[u8]) -> Result<Result<Vec<u8>, InferStatus>, NodeFault> {
        let infer = || self.0.infer(&hash.0, input);
        match stacker::maybe_grow(STACK_BYTES / 2, STACK_BYTES, infer) {
            Some(Ok(output)) => Ok(Ok(output)),
            Some(Err(RunError::Status(RunStatus::InputValue { .. }))) => {
                Ok(Err(InferStatus::InputValue))
            }
            Some(Err(RunError::Status(RunStatus::IterationLimit { .. }))) => {
                Ok(Err(InferStatus::IterationLimit))
            }
            // The caller has checked the length, one case of a registered model is below the limit of a run, and
            // a contract's inference starts from the variables of the file: these are errors of this node's own code.
            Some(Err(RunError::Status(
                status @ (RunStatus::InputLength { .. }
                | RunStatus::TooManyCases { .. }
                | RunStatus::VariableBytes { .. }
                | RunStatus::VariableValue { .. }),
            ))) => Err(NodeFault(status.to_string())),
            Some(Err(RunError::Fault(fault))) => Err(NodeFault(fault.to_string())),
            None => Err(NodeFault(format!(
                "model {hash} was registered and is gone"
            ))),
        }
    }
}
