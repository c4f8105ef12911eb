//! The trimmed set: of each operator, combination of element types, extension and kind of test (outputs, or one
//! ERROR_IF) the smallest test of the suite, with what a run needs, unless even that is large.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::suite::{Test, remove_folder, strings, tests};

/// What the set may take. A larger set is an error: the choice below must be narrowed then.
const BYTES_MAX: u64 = 3_000_000;

/// What one test may take: of a few kinds the smallest test takes half a megabyte.
const TEST_BYTES_MAX: u64 = 250_000;

/// The file that stays when the set is made anew.
const README: &str = "README.md";

/// Writes the trimmed set of `suite` to `target`.
pub(super) fn write(suite: &Path, target: &Path) -> Result<(), String> {
    let mut smallest: BTreeMap<Key, (u64, Test)> = BTreeMap::new();
    for test in tests(suite)? {
        let bytes = bytes(&test)?;
        let key = Key::of(&test.description);
        // Of equals the first by name stays.
        if smallest.get(&key).is_none_or(|(least, _)| bytes < *least) {
            smallest.insert(key, (bytes, test));
        }
    }
    smallest.retain(|_, (bytes, test)| {
        let kept = *bytes <= TEST_BYTES_MAX;
        if !kept {
            println!("left out, {bytes} bytes: {}", test.folder.display());
        }
        kept
    });
    let sum: u64 = smallest.values().map(|(bytes, _)| bytes).sum();
    println!("trimmed set: {} tests, {sum} bytes", smallest.len());
    if sum > BYTES_MAX {
        return Err(format!(
            "the trimmed set takes {sum} bytes, more than {BYTES_MAX}"
        ));
    }
    clear(target)?;
    for (_, test) in smallest.values() {
        copy(test, target)?;
    }
    Ok(())
}

/// What makes a test unlike another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    operator: String,
    /// The ERROR_IF; `None` for a test of outputs.
    error_if: Option<String>,
    /// Element types of inputs, constants and outputs, for a test of outputs.
    types: BTreeSet<String>,
    extensions: BTreeSet<String>,
}

impl Key {
    fn of(description: &Value) -> Key {
        let details = &description["test_details"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let error_if = text(&details["ERRORIF"]);
        let mut types = BTreeSet::new();
        let mut extensions = BTreeSet::new();
        if error_if.is_none() {
            let tensors = description["meta"]["data_gen"]["tensors"].as_object();
            let tensors = tensors.into_iter().flat_map(serde_json::Map::values);
            types.extend(tensors.filter_map(|tensor| text(&tensor["data_type"])));
            let written = strings(&details["output_types"]).into_iter();
            types.extend(written.map(|name| format!("{name} written")));
            let needed = strings(&description["test_requirements"]["extensions_required"]);
            extensions.extend(needed.into_iter().map(str::to_owned));
        }
        Key {
            operator: text(&details["operator"]).unwrap_or_default(),
            error_if,
            types,
            extensions,
        }
    }
}

/// The files of `test` that a run reads, but for its description.
fn files(test: &Test) -> Vec<&str> {
    let description = &test.description;
    let mut files: Vec<&str> = description["tosa_file"].as_str().into_iter().collect();
    if description["expected_failure"] == false {
        files.extend(strings(&description["ifm_file"]));
        files.extend(strings(&description["ofm_file"]));
    }
    files
}

/// The part of a description that a run reads.
fn shortened(description: &Value) -> String {
    let mut short = json!({"test_details": {"operator": description["test_details"]["operator"]}});
    if let Some(name) = description["test_details"].get("ERRORIF") {
        short["test_details"]["ERRORIF"] = name.clone();
    }
    for key in [
        "tosa_file",
        "ifm_name",
        "ifm_file",
        "ofm_name",
        "ofm_file",
        "expected_failure",
    ] {
        short[key] = description[key].clone();
    }
    format!("{short}\n")
}

/// What `test` takes in the set.
fn bytes(test: &Test) -> Result<u64, String> {
    let mut sum = shortened(&test.description).len() as u64;
    for file in files(test) {
        let path = test.folder.join(file);
        let metadata =
            fs::metadata(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        sum += metadata.len();
    }
    Ok(sum)
}

/// Removes the folders of an earlier set.
fn clear(target: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", target.display());
    fs::create_dir_all(target).map_err(failed)?;
    for entry in fs::read_dir(target).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name() != README {
            remove_folder(&entry.path())?;
        }
    }
    Ok(())
}

/// Copies `test` to a folder of its name, in one of its operator.
fn copy(test: &Test, target: &Path) -> Result<(), String> {
    let operator = test.description["test_details"]["operator"].as_str();
    let name = test.folder.file_name().unwrap_or_default();
    let folder = target
        .join(operator.unwrap_or_default().to_lowercase())
        .join(name);
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    for file in files(test) {
        fs::copy(test.folder.join(file), folder.join(file)).map_err(failed)?;
    }
    fs::write(folder.join("desc.json"), shortened(&test.description)).map_err(failed)
}
