//! Each `tests/clif/*.wat` is a module and, in the comment at its end, the CLIF of one of its functions.
//!
//! A file begins with its settings: `;; function: INDEX` says which function of the index space is shown, and
//! `;; traps: explicit` that it is the form without signals.
//! `AIVM_BLESS=1 cargo test --release -p aivm-jit --test clif` writes the CLIF anew: read the difference.

// The text names the calling convention of the C functions of this system.
#![cfg(all(unix, not(target_vendor = "apple")))]

use std::fs;
use std::path::Path;

use aivm_core::{GasSchedule, Limits};
use aivm_jit::{Traps, clif_text};
use aivm_wasm::{Rules, meter, validate};

/// The line that separates a module from its CLIF.
const MARK: &str = ";; clif:\n";

/// Prices of these tests, so that a new calibration changes none of the files.
const PRICES: GasSchedule = GasSchedule {
    simple: 1,
    convert: 1,
    local_write: 1,
    compare: 1,
    bit_count: 1,
    multiply: 2,
    divide: 10,
    load: 3,
    store: 3,
    global: 3,
    branch: 2,
    branch_table: 2,
    call: 20,
    call_indirect: 30,
    function_header: 100,
    local: 1,
    bulk_base: 40,
    host_base: 50,
    ..GasSchedule::V1
};

#[test]
fn clif_is_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clif");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("tests/clif")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wat"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no cases in {}", folder.display());
    let bless = std::env::var_os("AIVM_BLESS").is_some();
    let mut differ = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a case");
        let (module, written) = text.split_once(MARK).unwrap_or((&text, ""));
        let clif = clif(module).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        if bless {
            let module = module.trim_end();
            fs::write(&file, format!("{module}\n\n{MARK}{clif}")).expect("a case");
        } else if clif != written {
            differ.push(format!("{}:\n{clif}", file.display()));
        }
    }
    assert!(differ.is_empty(), "CLIF differs:\n{}", differ.join("\n"));
}

/// The CLIF of the function that the settings name, as comment lines.
fn clif(text: &str) -> Result<String, Box<dyn std::error::Error>> {
    let function = text
        .lines()
        .find_map(|line| line.strip_prefix(";; function: "))
        .ok_or("no setting `;; function: INDEX`")?
        .trim()
        .parse()?;
    let traps = match text.lines().any(|line| line == ";; traps: explicit") {
        true => Traps::Explicit,
        false => Traps::Signals,
    };
    let bytes = wat::parse_str(text)?;
    let validated = validate(&bytes, &Limits::CONTRACT, Rules::Generic)?;
    let clif = clif_text(&meter(&validated, &PRICES), function, traps)?;
    Ok(clif
        .lines()
        .map(|line| format!(";;   {line}").trim_end().to_owned() + "\n")
        .collect())
}
