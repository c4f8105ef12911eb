//! Mutants of real contracts and programs, from `wasm-mutate`: each a function of its seed and its originals.

use std::fs;
use std::path::{Path, PathBuf};

use aivm_core::Limits;
use aivm_wasm::{Rules, validate};
use wasm_mutate::WasmMutate;

use crate::Random;

/// The limits of mutants: what contracts may use.
pub const LIMITS: Limits = Limits::CONTRACT;

/// Mutations that are tried on an original, at most.
const MUTATIONS_MAX: u64 = 4;

/// What one mutation may cost, in the units of `wasm-mutate`.
const MUTATION_FUEL: u64 = 300;

/// The folders of originals, below the repository's root.
const FOLDERS: [&str; 3] = [
    "examples/contracts",
    "benches/programs",
    "tests/engines/cases",
];

/// Every contract, program and case of the repository as WebAssembly: by folder, then by name.
///
/// # Panics
/// If a folder or file cannot be read: the repository is not whole.
#[must_use]
pub fn originals() -> Vec<Vec<Vec<u8>>> {
    FOLDERS.iter().map(|folder| modules_in(folder)).collect()
}

fn modules_in(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(folder);
    let entries = fs::read_dir(folder).expect("a folder of the repository");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|is| is == "wasm" || is == "wat")
        })
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let bytes = fs::read(path).expect("a file of the repository");
        // Text becomes binary, binary stays as it is.
        let wasm = wat::parse_bytes(&bytes).expect("a file of the repository is a module");
        wasm.into_owned()
    };
    paths.iter().map(read).collect()
}

/// The mutant of a seed: of each folder as often, for the small cases are many.
#[must_use]
pub fn module(seed: u64, originals: &[Vec<Vec<u8>>]) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut one_of = |count: usize| random.below(count as u64) as usize;
    let folder = &originals[one_of(originals.len())];
    let mut wasm = folder[one_of(folder.len())].clone();
    for _ in 0..1 + random.below(MUTATIONS_MAX) {
        if let Some(mutant) = mutate(&wasm, random.next()) {
            wasm = mutant;
        }
    }
    wasm
}

/// One mutation of a module; none if the module is refused, or the mutation that the seed chooses does not apply to it.
#[must_use]
pub fn mutate(wasm: &[u8], seed: u64) -> Option<Vec<u8>> {
    validate(wasm, &LIMITS, Rules::Generic).ok()?;
    let mut mutate = WasmMutate::default();
    mutate.seed(seed).fuel(MUTATION_FUEL);
    mutate.run(wasm).ok()?.next()?.ok()
}
