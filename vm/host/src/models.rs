//! Models: `aivm.infer` and `aivm.model_info`.

use aivm_core::ports::{InferStatus, Inference};
use aivm_core::{Guest, HostExit, NodeFault, gas, keccak256};

use crate::Frame;
use crate::storage::read_word;

/// No model of this hash is registered.
const UNKNOWN_MODEL: i32 = -1;
/// The input's length is not the model's.
const INPUT_LENGTH: i32 = -2;
/// The output does not fit; nothing was written.
const OUTPUT_TOO_SMALL: i32 = -3;
/// An input value is outside its type.
const INPUT_VALUE: i32 = -4;
/// A loop exceeded its registered iterations.
const ITERATION_LIMIT: i32 = -5;

/// The arguments of `infer`: guest pointers and lengths.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InferRequest {
    pub(crate) hash: u32,
    pub(crate) input: u32,
    pub(crate) input_len: u32,
    pub(crate) output: u32,
    pub(crate) output_capacity: u32,
}

impl Frame<'_> {
    /// `infer(hash, input, input_len, output, output_capacity)`: runs a model; the bytes written, or a
    /// negative code.
    ///
    /// In this order: the hash is read; −1, −2 and −3 are answered for the base price; the input must be
    /// readable and the output's actual bytes writable (else a trap); then everything else is taken in one
    /// charge, before any kernel: the model's whole price, `host_byte` for each byte of input and output,
    /// and `keccak_word` for each started 32 bytes of both, which the receipt names by hash. −4 and −5
    /// come after that charge and write nothing.
    pub(crate) fn infer(
        &mut self,
        guest: &mut dyn Guest,
        request: InferRequest,
    ) -> Result<i32, HostExit> {
        let hash = read_word(guest, request.hash)?;
        let Some(model) = self.tensors.model(hash) else {
            return Ok(UNKNOWN_MODEL);
        };
        if u64::from(request.input_len) != model.input_bytes {
            return Ok(INPUT_LENGTH);
        }
        let output_len = match u32::try_from(model.output_bytes) {
            Ok(len) if len <= request.output_capacity => len,
            _ => return Ok(OUTPUT_TOO_SMALL),
        };
        guest.read(request.input, request.input_len)?;
        guest.check_writable(request.output, output_len)?;
        let border_bytes = model.input_bytes.saturating_add(model.output_bytes);
        let price = gas::gas_to_ink(model.gas)
            .saturating_add(self.schedule.host_byte.saturating_mul(border_bytes))
            .saturating_add(self.keccak_price(model.input_bytes))
            .saturating_add(self.keccak_price(model.output_bytes));
        guest.charge(price)?;

        let input = guest.read(request.input, request.input_len)?;
        let input_hash = keccak256(input);
        let output = match self.tensors.infer(hash, input).map_err(HostExit::Fault)? {
            Ok(output) => output,
            Err(InferStatus::InputValue) => return Ok(INPUT_VALUE),
            Err(InferStatus::IterationLimit) => return Ok(ITERATION_LIMIT),
        };
        if output.len() as u64 != model.output_bytes {
            return Err(HostExit::Fault(NodeFault(format!(
                "the coprocessor returned {} bytes for a model of {} output bytes",
                output.len(),
                model.output_bytes
            ))));
        }
        guest.write(request.output, &output)?;
        self.outcome.inferences.push(Inference {
            model: hash,
            input: input_hash,
            output: keccak256(&output),
        });
        // A guest's memory is far below 2 GiB, and the output fits it.
        i32::try_from(output_len)
            .map_err(|_| HostExit::Fault(NodeFault("an output of 2 GiB fits no memory".into())))
    }

    /// `model_info(hash, destination)`: writes input bytes, output bytes and price in gas of one run,
    /// three u64 little-endian; 0, or −1 for an unknown model (nothing written). Price: `host_base`.
    pub(crate) fn model_info(
        &mut self,
        guest: &mut dyn Guest,
        hash: u32,
        destination: u32,
    ) -> Result<i32, HostExit> {
        let hash = read_word(guest, hash)?;
        let Some(model) = self.tensors.model(hash) else {
            return Ok(UNKNOWN_MODEL);
        };
        let mut info = [0; 24];
        let fields = [model.input_bytes, model.output_bytes, model.gas];
        for (bytes, field) in info.chunks_exact_mut(8).zip(fields) {
            bytes.copy_from_slice(&field.to_le_bytes());
        }
        guest.write(destination, &info)?;
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use aivm_core::HostFunction::{Infer, ModelInfo};
    use aivm_core::ports::{InferStatus, ModelSummary};
    use aivm_core::{Host, HostExit, INK_PER_GAS, NodeFault, keccak256};

    use crate::test_ports::{MEMORY_BYTES, OUT_OF_BOUNDS, Ports, REVERSE, TestGuest, V1};

    const BASE: u64 = V1.host_base;
    /// `REVERSE` takes 4 bytes, gives 4 and costs 7 gas.
    const WHOLE: u64 = BASE + 7 * INK_PER_GAS + 8 * V1.host_byte + 2 * V1.keccak_word;
    const HASH_AT: u64 = 0;
    const INPUT_AT: u64 = 100;
    const OUTPUT_AT: u64 = 200;
    const ARGUMENTS: [u64; 5] = [HASH_AT, INPUT_AT, 4, OUTPUT_AT, 4];

    fn guest(ink: u64) -> TestGuest {
        let mut guest = TestGuest::with_ink(ink);
        guest.memory[..32].copy_from_slice(REVERSE.as_slice());
        guest.memory[100..104].copy_from_slice(&[1, 2, 3, 4]);
        guest
    }

    fn code(code: i32) -> Result<u64, HostExit> {
        Ok(u64::from(code.cast_unsigned()))
    }

    #[test]
    fn a_run_writes_its_output_charges_exactly_and_is_recorded() {
        let mut ports = Ports::default();
        let mut guest = guest(WHOLE);
        let mut frame = ports.frame();
        assert_eq!(frame.call(Infer, &ARGUMENTS, &mut guest), Ok(4));
        assert_eq!(guest.memory[200..205], [4, 3, 2, 1, 0]);
        assert_eq!(guest.ink, 0);
        let inference = frame.close().inferences[0];
        assert_eq!(inference.model, REVERSE);
        assert_eq!(inference.input, keccak256([1, 2, 3, 4]));
        assert_eq!(inference.output, keccak256([4, 3, 2, 1]));
    }

    #[test]
    fn one_ink_less_runs_no_kernel() {
        let mut ports = Ports::default();
        let mut guest = guest(WHOLE - 1);
        let exit = ports.frame().call(Infer, &ARGUMENTS, &mut guest);
        assert_eq!(exit, Err(HostExit::OutOfInk));
        assert_eq!(ports.tensors.runs.get(), 0);
        assert_eq!(guest.memory[200..204], [0; 4]);
    }

    #[test]
    fn the_early_codes_cost_the_base_and_come_in_order() {
        let unknown = [40, INPUT_AT, 3, OUTPUT_AT, 3];
        let length = [HASH_AT, INPUT_AT, 3, OUTPUT_AT, 3];
        let small = [HASH_AT, INPUT_AT, 4, OUTPUT_AT, 3];
        for (arguments, expected) in [(unknown, -1), (length, -2), (small, -3)] {
            let mut ports = Ports::default();
            let mut guest = guest(BASE);
            let result = ports.frame().call(Infer, &arguments, &mut guest);
            assert_eq!(result, code(expected));
            assert_eq!(guest.ink, 0);
            assert_eq!(ports.tensors.runs.get(), 0);
            assert_eq!(guest.memory[200..204], [0; 4]);
        }
    }

    #[test]
    fn a_larger_capacity_is_fine_and_its_rest_is_untouched() {
        let mut ports = Ports::default();
        let mut guest = guest(WHOLE);
        guest.memory[204] = 77;
        let arguments = [HASH_AT, INPUT_AT, 4, OUTPUT_AT, 1 << 31];
        assert_eq!(ports.frame().call(Infer, &arguments, &mut guest), Ok(4));
        assert_eq!(guest.memory[204], 77);
    }

    #[test]
    fn bad_pointers_trap_before_the_price() {
        let end = u64::from(MEMORY_BYTES);
        let mut cases = [ARGUMENTS; 3];
        cases[0][0] = end - 31;
        cases[1][1] = end - 3;
        cases[2][3] = end - 3;
        for arguments in cases {
            let mut ports = Ports::default();
            let mut guest = guest(BASE);
            let exit = ports.frame().call(Infer, &arguments, &mut guest);
            assert_eq!(exit, OUT_OF_BOUNDS);
            assert_eq!(ports.tensors.runs.get(), 0);
        }
    }

    #[test]
    fn late_codes_cost_the_whole_price_and_write_nothing() {
        for (status, expected) in [
            (InferStatus::InputValue, -4),
            (InferStatus::IterationLimit, -5),
        ] {
            let mut ports = Ports::default();
            ports.tensors.answer = Some(Ok(Err(status)));
            let mut guest = guest(WHOLE);
            let mut frame = ports.frame();
            let result = frame.call(Infer, &ARGUMENTS, &mut guest);
            assert_eq!(result, code(expected));
            assert_eq!(frame.close().inferences, []);
            assert_eq!(guest.ink, 0);
            assert_eq!(guest.memory[200..204], [0; 4]);
        }
    }

    #[test]
    fn a_fault_or_a_wrong_length_of_the_coprocessor_is_a_node_fault() {
        let lost = NodeFault("device lost".into());
        for answer in [Err(lost), Ok(Ok(vec![1, 2, 3]))] {
            let mut ports = Ports::default();
            ports.tensors.answer = Some(answer);
            let exit = ports.frame().call(Infer, &ARGUMENTS, &mut guest(WHOLE));
            assert!(matches!(exit, Err(HostExit::Fault(_))), "{exit:?}");
        }
    }

    #[test]
    fn a_price_beyond_all_ink_is_out_of_ink() {
        let mut ports = Ports::default();
        ports.tensors.summary = ModelSummary {
            gas: u64::MAX,
            ..ports.tensors.summary
        };
        let mut guest = guest(u64::MAX);
        let exit = ports.frame().call(Infer, &ARGUMENTS, &mut guest);
        assert_eq!(exit, Err(HostExit::OutOfInk));
        assert_eq!(ports.tensors.runs.get(), 0);
    }

    #[test]
    fn model_info_gives_sizes_and_price() {
        let mut ports = Ports::default();
        let mut guest = guest(BASE);
        assert_eq!(ports.frame().call(ModelInfo, &[0, 300], &mut guest), Ok(0));
        assert_eq!(guest.ink, 0);
        for (index, expected) in [4_u64, 4, 7].into_iter().enumerate() {
            let at = 300 + 8 * index;
            assert_eq!(guest.memory[at..at + 8], expected.to_le_bytes());
        }
        guest.ink = 3 * BASE;
        assert_eq!(
            ports.frame().call(ModelInfo, &[40, 400], &mut guest),
            code(-1)
        );
        assert_eq!(guest.memory[400..424], [0; 24]);
        let end = u64::from(MEMORY_BYTES);
        for arguments in [[0, end - 23], [end - 31, 300]] {
            let exit = ports.frame().call(ModelInfo, &arguments, &mut guest);
            assert_eq!(exit, OUT_OF_BOUNDS);
        }
    }
}
