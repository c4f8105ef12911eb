//! The trimmed conformance set of `tests/conformance` on every back end, and how the command reports what it finds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const SET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance");

fn aivm(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aivm"))
        .args(arguments)
        .output()
        .expect("the tool starts")
}

/// Exit code, report and standard error of a run over `folder`.
fn conformance(folder: &str, arguments: &[&str]) -> (i32, Value, String) {
    let arguments = [&["conformance", folder, "--json"], arguments].concat();
    let output = aivm(&arguments);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let code = output.status.code().expect("no signal");
    (
        code,
        report,
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn count(report: &Value, what: &str) -> u64 {
    report["total"][what]
        .as_u64()
        .unwrap_or_else(|| panic!("no {what}: {report}"))
}

/// The number of tests in the set, counted without the tool.
fn tests(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("a folder");
    let entries = entries.map(|entry| entry.expect("an entry").path());
    entries.fold(0, |sum, path| {
        if path.is_dir() {
            sum + tests(&path)
        } else {
            sum + u64::from(path.ends_with("desc.json"))
        }
    })
}

fn passes_all(backend: &str) {
    let (code, report, message) = conformance(SET, &["--backend", backend]);
    assert_eq!(code, 0, "{message}\n{report:#}");
    let (passed, refused) = (
        count(&report, "passed"),
        count(&report, "refused_as_expected"),
    );
    assert_eq!(passed + refused, tests(Path::new(SET)), "{report:#}");
    assert!(passed > 150 && refused > 250, "{report:#}");
}

#[test]
fn the_reference_passes_all() {
    passes_all("reference");
}

#[test]
fn the_cpu_passes_all() {
    passes_all("cpu");
}

#[test]
fn every_gpu_passes_all() {
    let doctor = aivm(&["doctor", "--json"]);
    let doctor: Value = serde_json::from_slice(&doctor.stdout).expect("JSON");
    let adapters = doctor["adapters"].as_array().expect("a list");
    if adapters.is_empty() {
        assert!(std::env::var_os("AIVM_NO_SKIP").is_none(), "no GPU adapter");
        println!("skipped: no GPU adapter");
    }
    for adapter in adapters {
        let name = adapter["name"].as_str().expect("a name");
        let (code, report, message) = conformance(SET, &["--backend", "gpu", "--adapter", name]);
        assert_eq!(code, 0, "{message}\n{report:#}");
        assert!(count(&report, "passed") > 0, "{report:#}");
    }
}

/// A copy of one test of the set, removed at its end.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str, test: &str) -> Copy {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        let folder = path.join("deep/below");
        fs::create_dir_all(&folder).expect("a folder for the test");
        for entry in fs::read_dir(Path::new(SET).join(test)).expect("the test is in the set") {
            let from = entry.expect("an entry").path();
            let to = folder.join(from.file_name().expect("a name"));
            fs::copy(from, to).expect("a copy");
        }
        Copy(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join("deep/below").join(name)
    }

    fn run(&self, arguments: &[&str]) -> (i32, Value, String) {
        conformance(&self.0.display().to_string(), arguments)
    }

    /// Changes text in the description.
    fn describe(&self, from: &str, to: &str) {
        let path = self.file("desc.json");
        let text = fs::read_to_string(&path).expect("a description");
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).expect("written");
    }

    /// The reason of the one failure.
    fn fails(&self) -> String {
        let (code, report, _) = self.run(&[]);
        assert_eq!(code, 1);
        assert_eq!(count(&report, "failed"), 1, "{report:#}");
        assert_eq!(report["failed"][0]["test"], "deep/below");
        report["failed"][0]["reason"]
            .as_str()
            .expect("a reason")
            .to_owned()
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The first test of this operator in the set that does (not) expect outputs.
fn one(operator: &str, error_if: bool) -> String {
    let folder = Path::new(SET).join(operator);
    let entries = fs::read_dir(&folder).expect("the operator is in the set");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("text"));
    let mut names: Vec<String> = names
        .filter(|name| name.contains("ERRORIF") == error_if)
        .collect();
    names.sort();
    format!("{operator}/{}", names.first().expect("a test"))
}

#[test]
fn a_wrong_element_fails_and_is_named() {
    let copy = Copy::new("wrong_element", &one("add", false));
    let path = copy.file("result-0.npy");
    let mut bytes = fs::read(&path).expect("the expected output");
    *bytes.last_mut().expect("elements") ^= 0x40;
    fs::write(&path, bytes).expect("written");
    let reason = copy.fails();
    assert!(reason.starts_with("result-0: 1 of "), "{reason}");
    let (code, _, message) = copy.run(&[]);
    assert_eq!(code, 1);
    assert!(message.contains("of 1 tests 1 failed"), "{message}");
}

#[test]
fn a_missing_expected_output_fails() {
    let copy = Copy::new("missing_output", &one("add", false));
    fs::remove_file(copy.file("result-0.npy")).expect("removed");
    let reason = copy.fails();
    assert!(reason.contains("result-0.npy"), "{reason}");
}

#[test]
fn a_refusal_by_another_rule_fails_and_so_does_an_accepted_error() {
    let other = Copy::new("other_rule", "clamp/clamp_ERRORIF_MaxSmallerMin_15x2_i8");
    assert_eq!(other.run(&[]).0, 0);
    other.describe("MaxSmallerMin", "RankMismatch");
    let reason = other.fails();
    assert!(reason.contains("another rule: ClampBounds"), "{reason}");

    let unknown = Copy::new("unknown_rule", "clamp/clamp_ERRORIF_MaxSmallerMin_15x2_i8");
    unknown.describe("MaxSmallerMin", "NoSuchRule");
    assert!(unknown.fails().contains("no ERROR_IF that is known"));

    let accepted = Copy::new("accepted_error", &one("clamp", false));
    accepted.describe("\"expected_failure\":false", "\"expected_failure\":true");
    assert!(accepted.fails().contains("no ERRORIF names it"));
    accepted.describe(
        "\"operator\":\"CLAMP\"",
        "\"ERRORIF\":\"MaxSmallerMin\",\"operator\":\"CLAMP\"",
    );
    assert!(accepted.fails().contains("accepted, though"));

    let refused = Copy::new("refused_model", &one("clamp", false));
    fs::write(refused.file("test.tosa"), b"no model").expect("written");
    assert!(refused.fails().contains("refused: "));
}

#[test]
fn a_damaged_description_fails_and_hides_no_other_test() {
    let copy = Copy::new("damaged_description", &one("add", false));
    fs::create_dir(copy.0.join("also")).expect("a folder");
    fs::write(copy.0.join("also/desc.json"), b"{").expect("written");
    for arguments in [&[][..], &["--op", "add"], &["--jobs", "1"]] {
        let (code, report, _) = copy.run(arguments);
        assert_eq!(code, 1);
        assert_eq!((count(&report, "passed"), count(&report, "failed")), (1, 1));
        assert_eq!(report["failed"][0]["test"], "also");
    }
}

#[test]
fn an_operator_is_chosen_by_name_and_no_test_at_all_fails() {
    let (code, report, _) = conformance(SET, &["--op", "argmax"]);
    assert_eq!(code, 0, "{report:#}");
    let operators = report["operators"].as_object().expect("an object");
    assert_eq!(operators.keys().collect::<Vec<_>>(), ["ARGMAX"]);
    let (code, _, message) = conformance(SET, &["--op", "NO_SUCH_OPERATOR"]);
    assert_eq!(code, 1);
    assert!(message.contains("no test was found"), "{message}");
    let (code, _, message) = conformance(&format!("{SET}/no_such_folder"), &[]);
    assert_eq!(code, 1);
    assert!(message.contains("no_such_folder"), "{message}");
    let (code, _, _) = conformance(SET, &["--jobs", "0"]);
    assert_eq!(code, 2);
}

#[test]
fn the_table_has_a_line_for_each_operator_and_the_sum() {
    let output = aivm(&["conformance", &format!("{SET}/argmax")]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("text");
    let line = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        let words = line.expect(name).split_whitespace().skip(1);
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        line("reference"),
        ["passed", "refused", "failed", "unsupported"]
    );
    assert_eq!(line("ARGMAX"), line("total"));
    assert_eq!(line("total")[2..], ["0", "0"]);
}
