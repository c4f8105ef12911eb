//! `aivm model`: inspect, bench and compare.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{Folder, ROOT, aivm, fails, images, json, model, npy, stdout};

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

#[test]
fn inspect_says_what_self_checks_cost_and_find() {
    let report = json(&["model", "inspect", &model(), "--json"]);
    let check = &report["self_check"];
    assert_eq!(check["share_per_mille"], 2);
    assert_eq!(check["unit"], "step");
    assert!(check["nodes_by_sums"].as_u64() >= Some(1));
    let number = |check: &Value, name: &str| check[name].as_u64().expect("a number");
    // 1 − 0.998^100.
    let found = number(check, "found_within_100_runs_ppm");
    assert!((181_430..=181_440).contains(&found), "{found}");
    let (share, all) = (number(check, "share_cost"), number(check, "case_cost"));
    assert_eq!(share, all.div_ceil(500));
    assert!(all < report["macs"].as_u64().expect("a number") / 4);
    let report = json(&["model", "inspect", &model(), "--checks", "1000", "--json"]);
    let check = &report["self_check"];
    assert_eq!(number(check, "share_cost"), all);
    assert_eq!(number(check, "found_within_100_runs_ppm"), 1_000_000);
    let text = stdout(&["model", "inspect", &model(), "--checks", "0"]);
    assert!(text.contains("self-check   0 ‰ of steps"), "{text}");
    let file = conformance_model("while_loop");
    let report = json(&["model", "inspect", &file, "--json"]);
    assert_eq!(report["self_check"]["unit"], "case");
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
