//! `desc.json`: what a conformance test runs and what it expects.

use std::path::Path;

use serde::Deserialize;

use super::super::failure::Failure;
use super::super::files;

/// Its name in the folder of a test.
pub(super) const FILE: &str = "desc.json";

/// Descriptions of the official suite take 1 to 5 KB.
const BYTES_MAX: u64 = 1 << 20;

/// The part of a description that decides a test. Files are named relative to its folder.
pub(super) struct Description {
    /// The operator under test.
    pub(super) operator: String,
    /// The model.
    pub(super) model: String,
    /// Inputs: name in the graph, file.
    pub(super) inputs: Vec<(String, String)>,
    /// Outputs: name in the graph, file of the expected value.
    pub(super) outputs: Vec<(String, String)>,
    /// What is expected.
    pub(super) expected: Expected,
}

/// What a test expects.
pub(super) enum Expected {
    /// A run that gives the expected outputs, bit for bit.
    Outputs,
    /// A refusal of the model by the rule that this ERROR_IF states.
    ErrorIf(String),
}

/// The file as it stands.
#[derive(Deserialize)]
struct Raw {
    tosa_file: String,
    ifm_name: Vec<String>,
    ifm_file: Vec<String>,
    ofm_name: Vec<String>,
    ofm_file: Vec<String>,
    expected_failure: bool,
    test_details: Details,
}

#[derive(Deserialize)]
struct Details {
    operator: String,
    #[serde(rename = "ERRORIF")]
    error_if: Option<String>,
}

impl Description {
    /// Reads the description of the test in `folder`.
    ///
    /// # Errors
    /// If it is no description, or contradicts itself.
    pub(super) fn read(folder: &Path) -> Result<Description, Failure> {
        let path = folder.join(FILE);
        let bytes = files::read(&path, BYTES_MAX)?;
        let raw: Raw =
            serde_json::from_slice(&bytes).map_err(|error| Failure::refused(&path, error))?;
        raw.check()
            .map_err(|contradiction| Failure::refused(&path, contradiction))
    }
}

impl Raw {
    fn check(self) -> Result<Description, &'static str> {
        if self.ifm_name.len() != self.ifm_file.len() || self.ofm_name.len() != self.ofm_file.len()
        {
            return Err("a name without a file, or a file without a name");
        }
        let expected = match (self.expected_failure, self.test_details.error_if) {
            (false, None) => Expected::Outputs,
            (true, Some(name)) => Expected::ErrorIf(name),
            (true, None) => return Err("a failure is expected, but no ERRORIF names it"),
            (false, Some(_)) => return Err("an ERRORIF, but no failure is expected"),
        };
        Ok(Description {
            operator: self.test_details.operator,
            model: self.tosa_file,
            inputs: self.ifm_name.into_iter().zip(self.ifm_file).collect(),
            outputs: self.ofm_name.into_iter().zip(self.ofm_file).collect(),
            expected,
        })
    }
}
