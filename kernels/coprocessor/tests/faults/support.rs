//! Models with the answers of the reference, and adapters.

use std::sync::Arc;

use aivm_gpu::AdapterInfo;
use aivm_tosa::{Executor, ModelLimits, PriceTable, Priced};

/// Four models that differ: linear operators, a chain, variables, a whole network.
pub(crate) const FILES: [&[u8]; 4] = [
    include_bytes!("../../../../tests/oracle/conv2d_rescaled_channels/model.tosa"),
    include_bytes!("../../../../tests/oracle/chain_residual/model.tosa"),
    include_bytes!("../../../../tests/oracle/stateful/ring/model.tosa"),
    include_bytes!("../../../../examples/models/mnist_cnn.tosa"),
];

/// The most cases of a run.
pub(crate) const CASES_MAX: u32 = 12;

/// A model with inputs, and what the reference gives for them.
pub(crate) struct Known {
    pub(crate) hash: [u8; 32],
    /// Of [`CASES_MAX`] cases.
    input: Vec<u8>,
    output: Vec<u8>,
    /// Of a case.
    input_bytes: usize,
    output_bytes: usize,
}

impl Known {
    pub(crate) fn new(model: &Arc<Priced>) -> Known {
        let (input_bytes, output_bytes) = (model.input_bytes(), model.output_bytes());
        let length = input_bytes as usize * CASES_MAX as usize;
        // Bytes 0 and 1 are values of every type.
        let input: Vec<u8> = (0..length).map(|i| (i * 31 % 251 % 2) as u8).collect();
        let plan = aivm_reference::ReferenceExecutor.prepare(model);
        let output = plan
            .expect("it runs every model")
            .run_cases(CASES_MAX, &input);
        Known {
            hash: model.hash(),
            input,
            output: output.expect("the input is valid"),
            input_bytes: input_bytes as usize,
            output_bytes: output_bytes as usize,
        }
    }

    pub(crate) fn input(&self, cases: u32) -> &[u8] {
        &self.input[..cases as usize * self.input_bytes]
    }

    pub(crate) fn output(&self, cases: u32) -> &[u8] {
        &self.output[..cases as usize * self.output_bytes]
    }
}

pub(crate) const LIMITS: ModelLimits = ModelLimits::CHAIN;
pub(crate) const PRICES: PriceTable = PriceTable::V1;

/// Every adapter of this machine.
pub(crate) fn adapters() -> Vec<AdapterInfo> {
    let adapters = aivm_gpu::adapters();
    if adapters.is_empty() {
        assert!(std::env::var_os("AIVM_NO_SKIP").is_none(), "no adapter");
        println!("skipped: no adapter that wgpu sees");
    }
    adapters
}

/// A number from the environment.
pub(crate) fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |value| value.parse().expect("a number"))
}
