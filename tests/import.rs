//! `aivm model import` and `aivm infer --real` as users see them: files, metadata, messages, exit codes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use synergy_aivm::npy;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// An empty folder of one test.
fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder for the test");
    path
}

fn aivm(arguments: &[&str]) -> Output {
    let tool = Command::new(env!("CARGO_BIN_EXE_aivm"))
        .args(arguments)
        .output();
    tool.expect("the tool starts")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of the test")
}

fn succeeds(arguments: &[&str]) -> String {
    let output = aivm(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).expect("text")
}

/// Imports the small model into `folder`.
fn import(folder: &Path) -> PathBuf {
    let model = folder.join("small.tosa");
    let source = format!("{ROOT}/kernels/import/tests/goldens/small_qdq.onnx");
    let report = folder.join("report.json");
    let printed = succeeds(&[
        "model",
        "import",
        &source,
        "--output",
        text(&model),
        "--report",
        text(&report),
    ]);
    assert!(printed.contains("input x: i8 [1, 4, 12, 11]"), "{printed}");
    let report: Value = serde_json::from_slice(&fs::read(report).expect("a report")).expect("JSON");
    assert_eq!(report["opset"], 17);
    let nodes = report["nodes"].as_array().expect("a list");
    let conv = nodes
        .iter()
        .find(|node| node["op"] == "Conv")
        .expect("the model has one");
    assert_eq!(
        conv["tosa"].as_array().and_then(|ops| ops.last()),
        Some(&Value::from("CONV2D"))
    );
    model
}

fn reals(path: &Path, sides: &[u32]) -> Vec<f32> {
    let file = fs::read(path).expect("an output");
    let shape = aivm_tosa::Shape::new(sides).expect("a shape");
    let data = npy::read_reals(&file, &shape, false)
        .expect("real numbers")
        .data
        .to_vec();
    data.as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

#[test]
fn real_numbers_go_in_and_come_out_as_the_integers_mean() {
    let folder = folder("import_real");
    let model = import(&folder);
    let metadata = fs::read(folder.join("small.tosa.json")).expect("metadata");
    let metadata: Value = serde_json::from_slice(&metadata).expect("JSON");
    let number = |side: &str, name: &str| metadata[side][0][name].clone();
    let scale = |side: &str| number(side, "scales")[0].as_f64().expect("a scale") as f32;
    let zero_point = |side: &str| number(side, "zero_point").as_i64().expect("a zero point") as i8;

    let golden = |name: &str| {
        fs::read(format!("{ROOT}/kernels/import/tests/goldens/{name}")).expect("a golden")
    };
    let stored = &golden("small_qdq.input")[..4 * 12 * 11];
    let shape = aivm_tosa::Shape::new(&[1, 4, 12, 11]).expect("a shape");
    let real = stored
        .iter()
        .map(|&byte| (f32::from(byte as i8) - f32::from(zero_point("inputs"))) * scale("inputs"));
    let bytes: Vec<u8> = real.flat_map(f32::to_le_bytes).collect();
    let (input, integers) = (folder.join("x.npy"), folder.join("q.npy"));
    fs::write(&input, npy::write_reals(&shape, None, &bytes)).expect("an input");
    fs::write(
        &integers,
        npy::write(aivm_tosa::DataType::I8, &shape, None, stored),
    )
    .expect("an input");
    let (y, q) = (folder.join("y.npy"), folder.join("qy.npy"));
    let run = |input: &Path, output: &Path, more: &[&str]| {
        let mut arguments = vec!["infer", text(&model), "--backend", "reference"];
        arguments.extend(["--input", text(input), "--output", text(output)]);
        arguments.extend(more);
        succeeds(&arguments);
    };
    run(&input, &y, &["--real"]);
    run(&integers, &q, &[]);
    let file = fs::read(&q).expect("an output");
    let sides = aivm_tosa::Shape::new(&[1, 5]).expect("a shape");
    let quantised = npy::read(&file, aivm_tosa::DataType::I8, &sides, false)
        .expect("integers")
        .data;
    let meant: Vec<f32> = quantised
        .iter()
        .map(|&byte| (f32::from(byte as i8) - f32::from(zero_point("outputs"))) * scale("outputs"))
        .collect();
    assert_eq!(reals(&y, &[1, 5]), meant);
    assert!(
        meant.iter().any(|&value| value != meant[0]),
        "an output that says nothing"
    );
}

#[test]
fn metadata_of_another_model_are_refused() {
    let folder = folder("import_other");
    let model = import(&folder);
    let (input, y) = (folder.join("x.npy"), folder.join("y.npy"));
    let shape = aivm_tosa::Shape::new(&[1, 4, 12, 11]).expect("a shape");
    let zeros = vec![0; 4 * 4 * 12 * 11];
    fs::write(&input, npy::write_reals(&shape, None, &zeros)).expect("an input");
    let (input, y) = (text(&input), text(&y));
    let arguments = [
        "infer",
        text(&model),
        "--real",
        "--backend",
        "reference",
        "--input",
        input,
        "--output",
        y,
    ];
    succeeds(&arguments);
    let refused = |part: &str| {
        let output = aivm(&arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(part), "{stderr}");
    };
    let path = folder.join("small.tosa.json");
    let metadata = fs::read_to_string(&path).expect("metadata");
    let (before, hash) = metadata
        .split_once("\"model\": \"0x")
        .expect("the model's hash");
    let digit = if hash.starts_with('0') { '1' } else { '0' };
    let other = format!("{before}\"model\": \"0x{digit}{}", &hash[1..]);
    fs::write(&path, other).expect("metadata");
    refused("about the model");
    fs::remove_file(&path).expect("it was there");
    refused("small.tosa.json");
}

#[test]
fn nothing_is_written_over_the_source_nor_over_each_other_and_no_part_is_left() {
    let folder = folder("import_outputs");
    let golden = format!("{ROOT}/kernels/import/tests/goldens/small_qdq.onnx");
    let source = folder.join("m.onnx");
    fs::copy(&golden, &source).expect("a copy");
    let target = folder.join("m.tosa");
    let refused = |output: &Path, report: &Path, code: i32| {
        let output = aivm(&[
            "model",
            "import",
            text(&source),
            "--output",
            text(output),
            "--report",
            text(report),
        ]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{stderr}");
    };
    refused(&source, &folder.join("r.json"), 2);
    refused(&target, &source, 2);
    refused(&target, &target, 2);
    refused(&target, &folder.join("m.tosa.json"), 2);
    refused(&target, &folder.join("none/r.json"), 3);
    fs::create_dir(folder.join("m.tosa.json")).expect("a folder where the metadata belong");
    refused(&target, &folder.join("r.json"), 3);
    let unchanged = fs::read(&source).expect("the source") == fs::read(golden).expect("the golden");
    assert!(unchanged && !target.exists());
}

#[test]
fn what_is_no_model_is_refused() {
    let folder = folder("import_refused");
    let source = folder.join("m.onnx");
    fs::write(&source, b"no protobuf").expect("a file");
    let output = aivm(&[
        "model",
        "import",
        text(&source),
        "--output",
        text(&folder.join("m.tosa")),
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!folder.join("m.tosa").exists());
}
