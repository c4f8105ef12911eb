//! The tool `aivm` as its users see it: output, JSON, exit codes and messages of every command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const LARGE_GAS: &str = "5000000";

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

/// Exit code and standard error of a run that must fail, and print no data.
fn fails(arguments: &[&str]) -> (i32, String) {
    let output = aivm(arguments);
    assert!(output.stdout.is_empty(), "{arguments:?} printed data");
    let code = output.status.code().expect("no signal");
    assert_ne!(code, 0, "{arguments:?}");
    (code, String::from_utf8(output.stderr).expect("text"))
}

fn model() -> String {
    format!("{ROOT}/examples/models/mnist_cnn.tosa")
}

fn contract() -> String {
    format!("{ROOT}/examples/contracts/digit_classifier.wat")
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Index of the largest int8, the lowest such.
fn argmax(scores: &[u8]) -> u8 {
    let mut best = 0;
    for (index, score) in scores.iter().enumerate() {
        if score.cast_signed() > scores[best].cast_signed() {
            best = index;
        }
    }
    best as u8
}

#[test]
fn help_documents_the_exit_codes_and_every_command() {
    let help = stdout(&["--help"]);
    let commands = ["doctor", "model", "infer", "run", "conformance"];
    for word in commands.iter().chain(&["--json", "Exit codes:"]) {
        assert!(help.contains(word), "{word}");
    }
    for command in [
        &["infer", "--help"][..],
        &["run", "--help"],
        &["doctor", "--help"],
        &["conformance", "--help"],
        &["model", "--help"],
        &["model", "inspect", "--help"],
        &["model", "bench", "--help"],
        &["model", "compare", "--help"],
    ] {
        assert!(stdout(command).contains("Exit codes:"), "{command:?}");
    }
}

#[test]
fn doctor_reports_the_cpu_and_a_known_answer_for_every_kernel_of_every_adapter() {
    let report = json(&["doctor", "--json"]);
    assert!(report["cpu"]["cores"].as_u64() >= Some(1));
    let chosen = &report["cpu"]["instruction_set"];
    let possible = report["cpu"]["instruction_sets"]
        .as_array()
        .expect("a list");
    assert_eq!(possible[0], "portable");
    assert!(possible.contains(chosen), "{chosen}");
    for adapter in report["adapters"].as_array().expect("a list") {
        assert!(adapter["limits"]["binding_bytes_max"].as_u64() > Some(0));
        let tests = adapter["known_answers"].as_array().expect("a list");
        assert!(!tests.is_empty());
        assert!(tests.iter().all(|test| test["ok"] == true), "{adapter}");
    }
    assert!(stdout(&["doctor"]).starts_with("CPU: "));
}

#[test]
fn inspect_lists_nodes_with_work_and_the_hash() {
    let report = json(&["model", "inspect", &model(), "--json"]);
    let hash = "0xc45a66e019b9b3d736e51c56facd636cda6fa9779984afd853a8f6d8297af01a";
    assert_eq!(report["hash"], hash);
    assert_eq!(report["input_bytes"], 784);
    assert_eq!(report["output_bytes"], 10);
    assert_eq!(
        report["inputs"][0]["shape"],
        serde_json::json!([1, 28, 28, 1])
    );
    let nodes = report["nodes"].as_array().expect("a list");
    let macs: u64 = nodes.iter().filter_map(|node| node["macs"].as_u64()).sum();
    assert!(macs > 0);
    assert_eq!(report["macs"], macs);
    assert!(nodes.iter().any(|node| node["op"] == "CONV2D"));
    let text = stdout(&["model", "inspect", &model()]);
    assert!(text.contains("CONV2D") && text.contains(hash));
    assert_eq!(report["class"], "P");
    assert!(report["variables"].as_array().is_some_and(Vec::is_empty));
    assert!(report["regions"].as_array().is_some_and(Vec::is_empty));
}

/// The first test of `tests/conformance` whose folder begins so, and expects outputs.
fn conformance_model(operator: &str) -> String {
    let folder = Path::new(ROOT).join("tests/conformance").join(operator);
    let tests = fs::read_dir(folder).expect("the operator is in the set");
    let tests = tests.map(|entry| entry.expect("an entry").path().display().to_string());
    let mut tests: Vec<String> = tests.filter(|path| !path.contains("ERRORIF")).collect();
    tests.sort();
    format!("{}/test.tosa", tests.first().expect("a test"))
}

#[test]
fn inspect_shows_regions_variables_and_what_may_wrap() {
    let file = conformance_model("while_loop");
    let report = json(&["model", "inspect", &file, "--json"]);
    assert_eq!(report["class"], "W");
    assert!(
        report["wraps_at"]
            .as_str()
            .is_some_and(|place| place.contains("region"))
    );
    let regions = report["regions"].as_array().expect("a list");
    let node = report["nodes"]
        .as_array()
        .and_then(|nodes| nodes.iter().find(|node| node["op"] == "WHILE_LOOP"));
    let run = &node.expect("a loop")["regions"];
    assert_eq!(run.as_array().map(Vec::len), Some(regions.len()));
    assert_eq!(regions[0]["outputs"][0]["type"], "bool");
    let text = stdout(&["model", "inspect", &file]);
    assert!(
        text.contains("regions 0 and 1") && text.contains("\nregion 1, "),
        "{text}"
    );

    let stateful = fs::read_dir(format!("{ROOT}/tests/oracle/stateful")).expect("the cases");
    let models = stateful.map(|entry| entry.expect("an entry").path().join("model.tosa"));
    let models = models.filter(|path| path.exists());
    let mut seen = 0;
    for model in models {
        let report = json(&["model", "inspect", &model.display().to_string(), "--json"]);
        let variables = report["variables"].as_array().expect("a list");
        assert!(variables[0]["bytes"].as_u64() > Some(0));
        assert!(report.to_string().contains("\"variable\":0"));
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn a_bad_model_is_refused_with_its_place() {
    let folder = Folder::new("bad_model");
    let mut bytes = fs::read(model()).expect("the model");
    bytes.truncate(bytes.len() / 2);
    let cut = folder.write("cut.tosa", &bytes);
    let text = folder.write("text.tosa", b"no model at all, but long enough to be one");
    for file in [&cut, &text] {
        let (code, message) = fails(&["model", "inspect", file, "--json"]);
        assert_eq!(code, 1);
        assert!(
            message.contains(file) && message.contains("at byte"),
            "{message}"
        );
    }
    let (code, message) = fails(&["model", "inspect", &folder.path("none.tosa")]);
    assert_eq!(code, 1);
    assert!(message.contains("none.tosa"), "{message}");
}

#[test]
fn infer_runs_one_tensor_and_cases() {
    let folder = Folder::new("infer");
    let one = folder.write("one.npy", &npy("(1, 28, 28, 1)", &images(1)));
    let many = folder.write("many.npy", &npy("(16, 1, 28, 28, 1)", &images(16)));
    let (out_one, out_many) = (folder.path("out_one.npy"), folder.path("out_many.npy"));
    let report = json(&[
        "infer",
        &model(),
        "--input",
        &one,
        "--output",
        &out_one,
        "--json",
    ]);
    assert_eq!(
        (&report["cases"], &report["backend"]),
        (&1.into(), &"reference".into())
    );
    assert_eq!(report["outputs"][0]["shape"], serde_json::json!([1, 10]));
    let named = (
        format!("TosaInput_0={many}"),
        format!("TosaOutput_0={out_many}"),
    );
    let text = stdout(&[
        "infer",
        &model(),
        "--input",
        &named.0,
        "--output",
        &named.1,
        "--cases",
        "--backend",
        "reference",
    ]);
    assert!(text.contains("cases: 16"), "{text}");
    let (one, many) = (fs::read(&out_one).unwrap(), fs::read(&out_many).unwrap());
    let (one, many) = (&one[one.len() - 10..], &many[many.len() - 160..]);
    assert_eq!(
        one,
        &many[..10],
        "a case gives the same alone and among others"
    );
    let classes: Vec<u8> = many.chunks_exact(10).map(argmax).collect();
    let right = classes
        .iter()
        .zip(labels(16))
        .filter(|(class, label)| **class == *label);
    assert!(right.count() >= 15, "{classes:?}");
    let leftovers = fs::read_dir(&folder.0).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().ends_with(".part")
    });
    assert_eq!(leftovers.count(), 0);
}

#[test]
fn infer_on_the_cpu_gives_the_bytes_of_the_reference() {
    let folder = Folder::new("infer_cpu");
    let many = folder.write("many.npy", &npy("(16, 1, 28, 28, 1)", &images(16)));
    let outputs = ["reference", "cpu"].map(|backend| {
        let out = folder.path(backend);
        let report = json(&[
            "infer",
            &model(),
            "--input",
            &many,
            "--output",
            &out,
            "--cases",
            "--backend",
            backend,
            "--json",
        ]);
        let name = report["backend"].as_str().expect("a name");
        assert!(name.starts_with(backend), "{name}");
        fs::read(out).expect("the output")
    });
    assert!(outputs[0] == outputs[1]);
    let wrong = Command::new(env!("CARGO_BIN_EXE_aivm"))
        .args([
            "infer",
            &model(),
            "--input",
            &many,
            "--output",
            &folder.path("none"),
        ])
        .args(["--cases", "--backend", "cpu"])
        .env("AIVM_CPU_ISA", "abacus")
        .output()
        .expect("the tool starts");
    assert_eq!(wrong.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("abacus"));
}

#[test]
fn infer_never_writes_over_a_file_that_it_reads() {
    let folder = Folder::new("overwriting");
    let contents = npy("(1, 28, 28, 1)", &images(1));
    let input = folder.write("in.npy", &contents);
    let copied = folder.write("model.tosa", &fs::read(model()).expect("the model"));
    fs::create_dir(folder.path("sub")).expect("a folder");
    let other_path = folder.path("sub/../in.npy");
    for (model, output) in [
        (&model(), &input),
        (&model(), &other_path),
        (&copied, &copied),
    ] {
        let (code, message) = fails(&["infer", model, "--input", &input, "--output", output]);
        assert_eq!(code, 2, "{message}");
        assert!(message.contains("already"), "{message}");
    }
    assert!(fs::read(&input).expect("the input") == contents);
}

#[test]
fn bench_measures_the_whole_and_every_layer() {
    for backend in [
        &["--backend", "reference"][..],
        &["--backend", "cpu", "--threads", "1"],
    ] {
        let base = ["model", "bench", &model(), "--runs", "5", "--json"];
        let report = json(&[&base, backend].concat());
        let time = |name: &str| report["latency"][name].as_u64().expect(name);
        assert_eq!(report["latency"]["runs"], 5);
        assert!(0 < time("min_ns") && time("min_ns") <= time("median_ns"));
        assert!(time("median_ns") <= time("p95_ns") && time("p95_ns") <= time("max_ns"));
        let layers = report["layers"].as_array().expect("a list");
        let sum =
            |name: &str| -> u64 { layers.iter().filter_map(|layer| layer[name].as_u64()).sum() };
        assert_eq!(report["macs"], sum("macs"));
        assert!((900..=1000).contains(&sum("share_permille")), "{report:#}");
        let rate = report["macs_per_second"].as_u64().expect("a rate");
        assert_eq!(
            rate,
            report["macs"].as_u64().expect("MACs") * 1_000_000_000 / time("median_ns")
        );
        let mut nodes: Vec<u64> = layers
            .iter()
            .flat_map(|layer| layer["nodes"].as_array().expect("a list"))
            .filter_map(Value::as_u64)
            .collect();
        let count = nodes.len();
        nodes.sort();
        nodes.dedup();
        assert_eq!(nodes.len(), count, "a node belongs to one layer");
    }
    let batch = json(&[
        "model",
        "bench",
        &model(),
        "--backend",
        "cpu",
        "--batch",
        "4",
        "--runs",
        "5",
        "--json",
    ]);
    assert_eq!(batch["batch"], 4);
    let text = stdout(&[
        "model",
        "bench",
        &model(),
        "--backend",
        "cpu",
        "--runs",
        "5",
    ]);
    assert!(text.contains("median") && text.contains("CONV2D"), "{text}");
    let (code, message) = fails(&["model", "bench", &model(), "--threads", "2"]);
    assert_eq!(code, 2);
    assert!(message.contains("--backend cpu"), "{message}");
}

#[test]
fn compare_names_the_first_layer_that_differs() {
    let folder = Folder::new("compare");
    let input = folder.write("in.npy", &npy("(1, 28, 28, 1)", &images(1)));
    let report = json(&[
        "model",
        "compare",
        &model(),
        &model(),
        "--input",
        &input,
        "--json",
    ]);
    assert_eq!(report["equal"], true);
    assert_eq!(
        (&report["first_difference"], &report["graphs_part"]),
        (&Value::Null, &Value::Null)
    );

    // One weight of the first dense layer, which RESHAPE brings into the shape of a convolution.
    let mut changed = fs::read(model()).expect("the model");
    let middle = changed.len() / 2;
    changed[middle] ^= 0x04;
    let changed = folder.write("changed.tosa", &changed);
    let output = aivm(&[
        "model",
        "compare",
        &model(),
        &changed,
        "--input",
        &input,
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(4));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["equal"], false);
    let found = &report["first_difference"];
    assert_eq!(found["operator"], "RESHAPE");
    assert_eq!(found["difference"]["elements"], 64 * 800);
    assert_eq!(found["difference"]["differing"], 1);
    assert_eq!(found["difference"]["max_difference"], 4);
    let text = aivm(&["model", "compare", &model(), &changed, "--input", &input]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        text.contains("first difference: node 12, RESHAPE"),
        "{text}"
    );
}

#[test]
fn compare_tells_where_graphs_part_and_refuses_other_inputs() {
    let models = [0, 1].map(|axis| format!("{ROOT}/tests/oracle/argmax_i8_axis{axis}/model.tosa"));
    let folder = Folder::new("compare_parting");
    let input = folder.write("in.npy", &npy("(3, 5, 4)", &[0; 60]));
    let output = aivm(&[
        "model", "compare", &models[0], &models[1], "--input", &input, "--json",
    ]);
    assert_eq!(output.status.code(), Some(4));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&report["alike_nodes"], &report["graphs_part"]["node"]),
        (&0.into(), &0.into())
    );
    assert_eq!(report["outputs"][0]["same_shape"], false);
    let (code, message) = fails(&["model", "compare", &models[0], &model(), "--input", &input]);
    assert_eq!(code, 1);
    assert!(message.contains("inputs are i8[1×28×28×1]"), "{message}");
}

#[test]
fn infer_refuses_bad_tensors_with_place_and_reason() {
    let folder = Folder::new("bad_tensors");
    let image = images(1);
    let big = npy("(1, 28, 28, 1)", &image);
    let big_endian = String::from_utf8_lossy(&big[10..])
        .contains("|i1")
        .then(|| {
            let mut file = big.clone();
            let at = file.windows(3).position(|word| word == b"|i1").unwrap();
            file[at..at + 3].copy_from_slice(b">i2");
            file
        });
    let mut fortran = big.clone();
    let at = fortran
        .windows(5)
        .position(|word| word == b"False")
        .unwrap();
    fortran[at..at + 5].copy_from_slice(b"True ");
    let cases: [(&str, Vec<u8>, &str); 5] = [
        (
            "shape.npy",
            npy("(28, 28)", &image),
            "the model needs (1, 28, 28, 1)",
        ),
        ("type.npy", big_endian.unwrap(), "\"|i1\" in a file"),
        ("order.npy", fortran, "C order"),
        ("short.npy", npy("(1, 28, 28, 1)", &image[1..]), "needs 784"),
        ("empty.npy", Vec::new(), "\\x93NUMPY"),
    ];
    let out = folder.path("out.npy");
    for (name, bytes, reason) in cases {
        let file = folder.write(name, &bytes);
        let (code, message) = fails(&["infer", &model(), "--input", &file, "--output", &out]);
        assert_eq!(code, 1, "{message}");
        assert!(
            message.contains(reason) && message.contains("at byte"),
            "{message}"
        );
        assert!(!Path::new(&out).exists(), "nothing is written");
    }
    let one = folder.write("one.npy", &big);
    let (code, message) = fails(&[
        "infer",
        &model(),
        "--input",
        &one,
        "--output",
        &out,
        "--cases",
    ]);
    assert_eq!(code, 1);
    assert!(message.contains("leading axis"), "{message}");
}

#[test]
fn infer_names_wrong_arguments_and_missing_adapters() {
    let folder = Folder::new("wrong_arguments");
    let one = folder.write("one.npy", &npy("(1, 28, 28, 1)", &images(1)));
    let out = folder.path("out.npy");
    let base = ["infer", &model(), "--input", &one, "--output", &out].map(str::to_owned);
    let run = |more: &[&str]| {
        let mut arguments: Vec<&str> = base.iter().map(String::as_str).collect();
        arguments.extend_from_slice(more);
        fails(&arguments)
    };
    let (code, message) = run(&["--adapter", "x"]);
    assert_eq!(code, 2);
    assert!(message.contains("--backend gpu"), "{message}");
    let (code, message) = run(&["--backend", "gpu", "--adapter", "no such adapter"]);
    assert_eq!(code, 3);
    assert!(message.contains("adapter"), "{message}");
    let (code, message) = run(&["--input", &one]);
    assert_eq!(code, 2);
    assert!(message.contains("two files"), "{message}");
    let (code, _) = run(&["--backend", "abacus"]);
    assert_eq!(code, 2);
    let unwritable = folder.path("no_such_folder/out.npy");
    let (code, message) = fails(&["infer", &model(), "--input", &one, "--output", &unwritable]);
    assert_eq!(code, 3);
    assert!(message.contains("no_such_folder"), "{message}");
}

#[test]
fn run_prints_a_receipt_for_every_call_over_one_state() {
    let image = hex(&images(1));
    let mut receipts = Vec::new();
    for mode in ["interpret", "jit", "compare"] {
        receipts.push(json(&[
            "run",
            &contract(),
            "--call",
            &image,
            "--call",
            "0x00",
            "--call",
            &image,
            "--mode",
            mode,
            "--gas",
            LARGE_GAS,
            "--model",
            &model(),
            "--json",
        ]));
    }
    assert_eq!(receipts[0], receipts[1]);
    assert_eq!(receipts[0], receipts[2]);
    let list = receipts[0].as_array().expect("an array");
    let status: Vec<_> = list
        .iter()
        .map(|receipt| receipt["status"].as_str())
        .collect();
    assert_eq!(status, [Some("ok"), Some("revert"), Some("ok")]);
    for receipt in list {
        let keys: Vec<&String> = receipt.as_object().expect("an object").keys().collect();
        let all = ["gas_used", "inferences", "logs", "output", "status", "trap"];
        assert_eq!(keys, all);
        assert_eq!(receipt["trap"], Value::Null);
    }
    let inference = &list[0]["inferences"][0];
    assert_eq!(
        inference["model"],
        "0xc45a66e019b9b3d736e51c56facd636cda6fa9779984afd853a8f6d8297af01a"
    );
    assert_eq!(inference["output"].as_str().map(str::len), Some(66));
    assert_eq!(list[0]["inferences"], list[2]["inferences"]);
    assert!(list[1]["inferences"].as_array().is_some_and(Vec::is_empty));
    let class = format!("0x{:064x}", labels(1)[0]);
    assert_eq!(list[0]["output"], class.as_str());
    assert_eq!(list[0]["logs"][0]["data"], class.as_str());
    let topic = "0x40b920cb6805ba3f8c612914f6fe4ef9416facb466b4a30e9357889b233291ee";
    assert_eq!(list[0]["logs"][0]["topics"], serde_json::json!([topic]));
    assert_eq!(list[1]["output"], "0xfffffffe");
    assert!(list[1]["logs"].as_array().is_some_and(Vec::is_empty));
    let text = stdout(&["run", &contract(), "--call", "00", "--gas", "700"]);
    assert!(
        text.starts_with("call 0: out_of_gas, gas used 700"),
        "{text}"
    );
}

/// Returns caller and value, 20 and 32 bytes; traps if there is call data.
const WHO: &str = r#"
(module
  (import "vm_hooks" "msg_sender" (func $msg_sender (param i32)))
  (import "vm_hooks" "msg_value" (func $msg_value (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "user_entrypoint") (param $len i32) (result i32)
    (drop (i32.div_u (i32.const 1) (i32.eqz (local.get $len))))
    (call $msg_sender (i32.const 0))
    (call $msg_value (i32.const 20))
    (call $write_result (i32.const 0) (i32.const 52))
    (i32.const 0)))
"#;

#[test]
fn run_passes_sender_and_value_and_says_why_a_call_trapped() {
    let folder = Folder::new("who");
    let text = folder.write("who.wat", WHO.as_bytes());
    let binary = folder.write("who.wasm", &wat::parse_str(WHO).unwrap());
    let sender = "0x00000000000000000000000000000000000000aB";
    for file in [&text, &binary] {
        let receipts = json(&[
            "run", file, "--call", "", "--gas", "100000", "--sender", sender, "--value", "0x102",
            "--json",
        ]);
        let output = format!("0x{:040x}{:064x}", 0xab, 0x102);
        assert_eq!(receipts[0]["output"], output.as_str());
    }
    let trapped = aivm(&["run", &text, "--call", "01", "--gas", "100000", "--json"]);
    assert_eq!(trapped.status.code(), Some(0), "a trap is a receipt");
    let receipts: Value = serde_json::from_slice(&trapped.stdout).unwrap();
    assert_eq!(
        (&receipts[0]["status"], &receipts[0]["gas_used"]),
        (&"trap".into(), &100_000.into())
    );
    assert_eq!(receipts[0]["trap"], "IntegerDivisionByZero");
    let text = stdout(&["run", &text, "--call", "01", "--gas", "100000"]);
    assert!(
        text.starts_with("call 0: trap (IntegerDivisionByZero), gas used"),
        "{text}"
    );
}

#[test]
fn run_refuses_bad_code_and_bad_arguments() {
    let folder = Folder::new("bad_code");
    let float = r#"(module (memory (export "memory") 1)
        (func (export "user_entrypoint") (param i32) (result i32) (drop (f32.const 1)) (i32.const 0)))"#;
    let cases = [
        ("float.wat", float.as_bytes(), "at byte"),
        ("typo.wat", b"(module (memroy 1))", "typo.wat:1:10"),
        ("empty.wasm", b"", "empty.wasm: no WebAssembly"),
        ("text.wasm", b"(module)", "ends with .wat"),
    ];
    for (name, bytes, reason) in cases {
        let file = folder.write(name, bytes);
        let (code, message) = fails(&["run", &file, "--call", "", "--gas", "1000000"]);
        assert_eq!(code, 1, "{message}");
        assert!(message.contains(reason), "{message}");
    }
    let contract = contract();
    for arguments in [
        &["run", &contract, "--call", "0", "--gas", "1"][..],
        &["run", &contract, "--call", "zz", "--gas", "1"],
        &["run", &contract, "--call", "", "--gas", "-1"],
        &["run", &contract, "--call", ""],
        &["run", &contract, "--gas", "1"],
        &[
            "run", &contract, "--call", "", "--gas", "1", "--mode", "fast",
        ],
        &[
            "run", &contract, "--call", "", "--gas", "1", "--sender", "0x12",
        ],
        &[
            "run", &contract, "--call", "", "--gas", "1", "--value", "much",
        ],
        &["infer", "x.tosa"],
        &["model"],
        &[],
    ] {
        let output = aivm(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert!(!output.stderr.is_empty());
    }
    let (code, message) = fails(&[
        "run", &contract, "--call", "", "--gas", "1", "--model", &contract,
    ]);
    assert_eq!(code, 1, "{message}");
}
