//! Seeds of the fuzz targets `engines` and `wasm`, in `fuzz/seeds`: made here, and the engines agree on each.
//!
//! `AIVM_BLESS=1 cargo test --release -p aivm-lockstep --test seeds made_here` makes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use aivm_lockstep::{Random, examine, mutants, smith};

/// Ink of one call, as in the fuzz targets.
const INK: u64 = 10_000;

/// Seeds of `engines`, and the bytes of each.
const CHOICES: usize = 16;
const CHOICES_BYTES: usize = 1024;

/// The cases that are seeds of `wasm`: one or two of each kind, for its corpus soon holds what lies between them.
const CASES: [&str; 20] = [
    "arithmetic_32",
    "arithmetic_64",
    "bit_counts_64",
    "block_parameters",
    "branch_out_of_nested",
    "branch_table_values",
    "bulk_copy_overlap",
    "bulk_init_and_drop",
    "bulk_table_init",
    "call_indirect_parameters",
    "call_multiple_results",
    "comparisons_32",
    "conversions",
    "globals_across_calls",
    "host_memory",
    "loop_parameters_shuffled",
    "memory_grow_inside",
    "memory_widths",
    "program_sieve",
    "trap_division_64",
];

type Files = BTreeMap<String, Vec<u8>>;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Bytes that stand for modules which are accepted and run for a while. None has a `ge_u`, which the planted bug
/// makes wrong: the fuzzer must come to one by itself.
fn choices() -> Files {
    let runs = |bytes: &[u8]| {
        let module = smith::module_of_bytes(bytes)?;
        let tally = examine(&module, 0, &smith::LIMITS, INK).ok()?;
        let text = wasmprinter::print_bytes(&module).ok()?;
        (tally.running == 1 && !text.contains("ge_u")).then_some(())
    };
    let seed = |seed: u64| {
        let mut random = Random::new(!seed);
        let entropy = (0..).flat_map(|_| random.next().to_le_bytes());
        let bytes = seed.to_le_bytes().into_iter().chain(entropy);
        let bytes: Vec<u8> = bytes.take(CHOICES_BYTES).collect();
        (format!("{seed:03}"), bytes)
    };
    (0..)
        .map(seed)
        .filter(|(_, bytes)| runs(bytes).is_some())
        .take(CHOICES)
        .collect()
}

fn cases() -> Files {
    let binary = |name: &str| {
        let path = repository().join(format!("tests/engines/cases/{name}.wat"));
        let bytes = wat::parse_file(path).expect("a case of the repository");
        (format!("{name}.wasm"), bytes)
    };
    CASES.map(binary).into()
}

/// The committed seeds of a target.
fn committed(target: &str) -> Files {
    let folder = repository().join("fuzz/seeds").join(target);
    let entries = fs::read_dir(folder).expect("seeds of the repository");
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().expect("a plain name");
        (name, fs::read(entry.path()).expect("a seed"))
    };
    entries
        .map(|entry| file(entry.expect("an entry of the folder")))
        .collect()
}

#[test]
fn seeds_are_as_made_here() {
    for (target, made) in [("engines", choices()), ("wasm", cases())] {
        if std::env::var_os("AIVM_BLESS").is_some() {
            let folder = repository().join("fuzz/seeds").join(target);
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).expect("the repository can be written to");
            for (name, bytes) in &made {
                fs::write(folder.join(name), bytes).expect("the repository can be written to");
            }
        }
        let committed = committed(target);
        let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&committed), names(&made), "AIVM_BLESS=1 makes them");
        for (name, bytes) in &made {
            assert!(committed[name] == *bytes, "{target}/{name} is another");
        }
    }
}

#[test]
fn engines_agree_on_every_seed() {
    let accept = |module: &[u8], limits, name: &str| {
        let tally = examine(module, 0, limits, INK);
        let tally = tally.unwrap_or_else(|difference| panic!("{name}: {difference:?}"));
        assert_eq!(tally.accepted(), 1, "{name} is refused");
        assert!(tally.calls > 0 || tally.instance_traps > 0, "{name}");
    };
    for (name, bytes) in committed("engines") {
        let module = smith::module_of_bytes(&bytes).expect("a seed is long enough");
        accept(&module, &smith::LIMITS, &name);
    }
    for (name, bytes) in committed("wasm") {
        accept(&bytes, &mutants::LIMITS, &name);
    }
}
