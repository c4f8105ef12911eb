//! The tool `aivm` as its users see it: output, JSON, exit codes and messages of every command.

mod check;
mod determinism;
mod infer;
mod models;
mod run;
mod tool;
mod wast;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A folder of one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for the test");
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        fs::write(self.0.join(name), bytes).expect("a file of the test");
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn aivm(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aivm"))
        .args(arguments)
        .output()
        .expect("the tool starts")
}

/// Standard output of a run that must succeed.
fn stdout(arguments: &[&str]) -> String {
    let output = aivm(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).expect("text")
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&stdout(arguments)).expect("nothing but JSON on standard output")
}

/// Exit code and standard error of a run that must fail, and print no data but the failure itself with `--json`.
fn fails(arguments: &[&str]) -> (i32, String) {
    let output = aivm(arguments);
    if arguments.contains(&"--json") {
        let report: Value = serde_json::from_slice(&output.stdout).expect("one object");
        assert!(
            report["error"].is_string(),
            "{arguments:?} printed {report}"
        );
    } else {
        assert!(output.stdout.is_empty(), "{arguments:?} printed data");
    }
    let code = output.status.code().expect("no signal");
    assert_ne!(code, 0, "{arguments:?}");
    (code, String::from_utf8(output.stderr).expect("text"))
}

fn model() -> String {
    format!("{ROOT}/examples/models/mnist_cnn.tosa")
}

/// The first embedded digits as the model wants them, one after the other.
fn images(count: usize) -> Vec<u8> {
    let digits = fs::read(format!("{ROOT}/examples/models/mnist_digits16.bin")).expect("digits");
    digits[..count * 784]
        .iter()
        .map(|grey| grey ^ 0x80)
        .collect()
}

fn labels(count: usize) -> Vec<u8> {
    let digits = fs::read(format!("{ROOT}/examples/models/mnist_digits16.bin")).expect("digits");
    digits[16 * 784..][..count].to_vec()
}

/// A `.npy` file of int8 elements of this shape.
fn npy(shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '|i1', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend_from_slice(&(header.len() as u16).to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(data);
    file
}
