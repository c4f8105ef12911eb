//! Each `tests/plans/*.wat` is a module and, in the comment at its end, its plan as text.
//!
//! `AIVM_BLESS=1 cargo test --release -p aivm-wasm --test snapshots` writes the plans anew.

use std::fs;
use std::path::Path;

use aivm_core::{GasSchedule, Limits};
use aivm_wasm::{Rules, meter, validate};

/// The line that separates a module from its plan.
const MARK: &str = ";; plan:\n";

#[test]
fn plans_are_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("tests/plans")
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
        let plan = plan(module).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        if bless {
            let module = module.trim_end();
            fs::write(&file, format!("{module}\n\n{MARK}{plan}")).expect("a case");
        } else if plan != written {
            differ.push(format!("{}:\n{plan}", file.display()));
        }
    }
    assert!(differ.is_empty(), "plans differ:\n{}", differ.join("\n"));
}

/// The plan of a module as comment lines.
fn plan(module: &str) -> Result<String, Box<dyn std::error::Error>> {
    let bytes = wat::parse_str(module)?;
    let validated = validate(&bytes, &Limits::CONTRACT, Rules::Generic)?;
    let plan = meter(&validated, &GasSchedule::V1).to_string();
    Ok(plan.lines().map(|line| format!(";;   {line}\n")).collect())
}
