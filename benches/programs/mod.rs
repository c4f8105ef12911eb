//! The programs of the contract benchmarks, with answers computed elsewhere: a fast wrong engine does not
//! count.
//!
//! Three are written by hand, the others in Rust (`rust`, built by `build.sh`); `answers.py` computes what they
//! return.

use std::borrow::Cow;

use aivm_core::{Guest, Host, HostExit, HostFunction, NodeFault};

/// A module that exports `run: (i32) -> i32`, imports nothing, and has a known answer.
pub(crate) struct Program {
    /// Name in reports.
    pub(crate) name: &'static str,
    /// The module, as bytes or as text.
    module: &'static [u8],
    /// The argument.
    pub(crate) argument: i32,
    /// What `run` returns for it.
    pub(crate) answer: i32,
}

impl Program {
    const fn new(name: &'static str, module: &'static [u8], argument: i32, answer: u32) -> Program {
        Program {
            name,
            module,
            argument,
            answer: answer as i32,
        }
    }

    /// The module as bytes.
    pub(crate) fn wasm(&self) -> Cow<'static, [u8]> {
        wat::parse_bytes(self.module).expect("the program is a module")
    }
}

/// All of them. Arguments are such that a good interpreter takes 5 to 50 ms.
pub(crate) const PROGRAMS: [Program; 11] = [
    // 128,000 bytes.
    Program::new("sha256", include_bytes!("sha256.wat"), 2_000, 0xd047_5ad5),
    Program::new("keccak", include_bytes!("keccak.wasm"), 600, 0x0ccc_c105),
    Program::new(
        "blake3",
        include_bytes!("blake3_hash.wasm"),
        100,
        0x7310_fcb1,
    ),
    // The primes below a million.
    Program::new("sieve", include_bytes!("sieve.wat"), 1_000_000, 78_498),
    Program::new("matrix", include_bytes!("matrix.wat"), 96, 0x6cd1_be3a),
    Program::new("modexp", include_bytes!("modexp.wasm"), 2, 0x799a_af51),
    Program::new("sort", include_bytes!("sort.wasm"), 10_000, 0x2d1e_7dc0),
    Program::new("life", include_bytes!("life.wasm"), 40, 0x6715_2b25),
    Program::new(
        "interpreter",
        include_bytes!("interpreter.wasm"),
        1_000,
        0x53f1_704d,
    ),
    Program::new("json", include_bytes!("json.wasm"), 20, 0xdf4f_ab16),
    Program::new("erc20", include_bytes!("erc20.wasm"), 300, 0x2dc1_b0af),
];

/// Their host: they import nothing.
pub(crate) struct NoHost;

impl Host for NoHost {
    fn call(
        &mut self,
        function: HostFunction,
        _: &[u64],
        _: &mut dyn Guest,
    ) -> Result<u64, HostExit> {
        let fault = NodeFault(format!("{function:?} was called"));
        Err(HostExit::Fault(fault))
    }
}
