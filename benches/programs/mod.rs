//! The programs of the contract benchmarks, with answers computed elsewhere: a fast wrong engine does not
//! count.

/// A module that exports `run: (i32) -> i32`, imports nothing, and has a known answer.
pub(crate) struct Program {
    /// Name in reports.
    pub(crate) name: &'static str,
    /// The module.
    pub(crate) wat: &'static str,
    /// The argument.
    pub(crate) argument: i32,
    /// What `run` returns for it.
    pub(crate) answer: i32,
}

/// All of them.
pub(crate) const PROGRAMS: [Program; 3] = [
    // The first word of the SHA-256 of 128,000 bytes.
    Program {
        name: "sha256",
        wat: include_str!("sha256.wat"),
        argument: 2_000,
        answer: 0xd047_5ad5_u32 as i32,
    },
    // The primes below a million.
    Program {
        name: "sieve",
        wat: include_str!("sieve.wat"),
        argument: 1_000_000,
        answer: 78_498,
    },
    Program {
        name: "matrix",
        wat: include_str!("matrix.wat"),
        argument: 96,
        answer: 0x6cd1_be3a,
    },
];
