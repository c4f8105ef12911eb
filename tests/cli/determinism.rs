//! `aivm bench determinism`: agreement, a planted bug, the page, and one shape alone.

use std::fs;

use serde_json::Value;

use crate::{Folder, aivm, json, stdout};

const FEW: [&str; 4] = ["bench", "determinism", "--cases", "1500"];

fn few(more: &[&'static str]) -> Vec<&'static str> {
    FEW.iter().chain(more).copied().collect()
}

#[test]
fn every_path_agrees_and_the_same_seed_gives_the_same_hashes() {
    let report = json(&few(&["--json", "--seed", "3"]));
    assert_eq!(
        (&report["agree"], &report["cases"]),
        (&Value::Bool(true), &1500.into())
    );
    let paths = report["paths"].as_array().expect("a list");
    assert_eq!(paths[0], "cpu:portable");
    let families = report["families"].as_array().expect("a list");
    assert!(families.len() >= 25, "{}", families.len());
    for family in families {
        let cells = family["paths"].as_array().expect("a list");
        assert_eq!(cells.len(), paths.len());
        assert!(
            cells.iter().all(|cell| cell["hash"] == family["hash"]),
            "{family}"
        );
    }
    let one_worker = json(&few(&["--json", "--seed", "3", "--workers", "1"]));
    assert_eq!(report["all"]["hash"], one_worker["all"]["hash"]);
    let other = json(&few(&["--json", "--seed", "4"]));
    assert_ne!(report["cases_hash"], other["cases_hash"]);
    assert_ne!(report["all"]["hash"], other["all"]["hash"]);
}

#[test]
fn a_planted_bug_turns_table_page_and_exit_code_red() {
    let folder = Folder::new("a_planted_bug_turns_table_page_and_exit_code_red");
    let page = folder.path("report.html");
    let wrong = [
        "bench",
        "determinism",
        "--cases",
        "12000",
        "--plant-bug",
        "--html",
        &page,
    ];
    let output = aivm(&wrong);
    let (text, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        text.contains("NOT equal") && text.contains("differs: "),
        "{text}"
    );
    let page = fs::read_to_string(page).expect("the page was written");
    assert!(page.contains("verdict bad") && page.contains("hash bad"));

    // The report says how to see one of them again.
    let (_, command) = text
        .split_once("see it again with `aivm ")
        .expect("a command");
    let (command, _) = command.split_once('`').expect("its end");
    let mut again: Vec<&str> = command.split(' ').collect();
    again.push("--json");
    let right = json(&again);
    assert_eq!(
        (&right["shapes"], &right["agree"]),
        (&1.into(), &Value::Bool(true))
    );
    again.push("--plant-bug");
    let output = aivm(&again);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        report["mismatches"][0]["path"],
        "cpu:portable, one bit flipped"
    );
}

#[test]
fn a_page_of_agreement_is_written_beside_the_table() {
    let folder = Folder::new("a_page_of_agreement_is_written_beside_the_table");
    let page = folder.path("report.html");
    let text = stdout(&["bench", "determinism", "--cases", "600", "--html", &page]);
    assert!(
        text.contains("every path gave the reference's bytes in all 600 cases"),
        "{text}"
    );
    let page = fs::read_to_string(page).expect("the page was written");
    assert!(page.contains("verdict good") && page.contains("<svg") && !page.contains("hash bad"));
}

#[test]
fn a_page_that_cannot_be_written_and_a_shape_that_is_not_there_are_errors() {
    let output = aivm(&few(&["--shape", "100000"]));
    assert_eq!(output.status.code(), Some(2));
    let output = aivm(&few(&["--html", "/no/such/folder/report.html"]));
    assert_eq!(output.status.code(), Some(3));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("cases"), "it ran before: {errors}");
}
