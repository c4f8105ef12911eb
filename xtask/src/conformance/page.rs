//! `docs/conformance.md`: counts by operator and back end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use super::Outcome;
use super::suite::{OPTIONS, TOOL};

const PAGE: &str = "docs/conformance.md";

/// Writes the page.
pub(super) fn write(root: &Path, outcomes: &[Outcome]) -> Result<(), String> {
    let path = root.join(PAGE);
    std::fs::write(&path, page(outcomes)).map_err(|error| format!("{}: {error}", path.display()))
}

/// A JSON string; empty for anything else.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn page(outcomes: &[Outcome]) -> String {
    let mut page = format!(
        "# Conformance\n\n\
         Written by `cargo xtask conformance`; do not edit.\n\n\
         TOSA's official suite, by its official generator (`{TOOL}`):\n\n\
         ```\n{}\n```\n\n\
         A test passes if every output equals the reference model's, bit for bit. A test of an ERROR_IF passes if \
         the model is refused before anything runs, with a code that belongs to the ERROR_IF that the test names \
         (`src/cli/conformance/error_if.rs`). The suite has no tests of EXT-VARIABLE.\n\n",
        options()
    );
    // Writing to a string cannot fail.
    let _ = table(&mut page, outcomes);
    let _ = exceptions(&mut page, outcomes);
    page
}

/// The generator's options, a line for each.
fn options() -> String {
    let mut lines = String::from("tosa_verif_conformance_generator");
    for word in OPTIONS {
        let separator = if word.starts_with("--") {
            " \\\n    "
        } else {
            " "
        };
        lines.push_str(separator);
        lines.push_str(word);
    }
    lines
}

fn count(counts: &Value, what: &str) -> u64 {
    counts[what].as_u64().unwrap_or(0)
}

/// Tests that ended as they should.
fn good(counts: &Value) -> u64 {
    count(counts, "passed") + count(counts, "refused_as_expected")
}

/// Tests.
fn all(counts: &Value) -> u64 {
    good(counts) + count(counts, "failed") + count(counts, "unsupported")
}

/// A row for each operator, a column for each back end.
fn table(page: &mut String, outcomes: &[Outcome]) -> std::fmt::Result {
    write!(page, "| operator | tests |")?;
    for outcome in outcomes {
        write!(page, " {} |", text(&outcome.report["backend"]))?;
    }
    writeln!(page, "\n|---|--:|{}", "--:|".repeat(outcomes.len()))?;
    let operators: BTreeSet<&String> = outcomes
        .iter()
        .filter_map(|outcome| outcome.report["operators"].as_object())
        .flat_map(serde_json::Map::keys)
        .collect();
    for operator in operators {
        let counts = outcomes
            .iter()
            .map(|outcome| &outcome.report["operators"][operator.as_str()]);
        row(page, operator, counts)?;
    }
    let totals = outcomes.iter().map(|outcome| &outcome.report["total"]);
    row(page, "**all**", totals)
}

fn row<'a>(
    page: &mut String,
    name: &str,
    counts: impl Iterator<Item = &'a Value> + Clone,
) -> std::fmt::Result {
    let tests = counts.clone().map(all).max().unwrap_or(0);
    write!(page, "| {name} | {tests} |")?;
    for counts in counts {
        write!(page, " {} |", good(counts))?;
    }
    writeln!(page)
}

/// What the table's gaps are.
fn exceptions(page: &mut String, outcomes: &[Outcome]) -> std::fmt::Result {
    for outcome in outcomes {
        let report = &outcome.report;
        let total = &report["total"];
        let (passed, refused) = (count(total, "passed"), count(total, "refused_as_expected"));
        writeln!(page, "\n## {}\n", text(&report["backend"]))?;
        writeln!(
            page,
            "Outputs as expected: {passed}. Refused as expected: {refused}. Failed: {}. Skipped: {}.",
            count(total, "failed"),
            count(total, "unsupported")
        )?;
        writeln!(
            page,
            "Of the outputs, {} ‰ were computed there.",
            outcome.share()
        )?;
        if count(total, "unsupported") > 0 {
            writeln!(
                page,
                "\nSkipped are tests whose graph exceeds a limit of the adapter or the planner; the coprocessor runs such a \
                 model on the CPU. They are:\n"
            )?;
            for (reason, tests) in reasons(report) {
                writeln!(page, "- {reason}: `{}`", tests.join("`, `"))?;
            }
        }
        let failed = report["failed"].as_array().into_iter().flatten();
        for (index, finding) in failed.enumerate() {
            if index == 0 {
                writeln!(page, "\nFailed:\n")?;
            }
            let (test, reason) = (text(&finding["test"]), text(&finding["reason"]));
            writeln!(page, "- `{test}`: {reason}")?;
        }
    }
    Ok(())
}

/// Which tests are skipped for which reason, without the names of the back end and of nodes.
fn reasons(report: &Value) -> BTreeMap<&str, Vec<&str>> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in report["unsupported"].as_array().into_iter().flatten() {
        let reason = text(&finding["reason"]);
        let reason = reason
            .strip_prefix(text(&report["backend"]))
            .unwrap_or(reason);
        let reason = reason.strip_prefix(": ").unwrap_or(reason);
        let reason = match reason.split_once(", ") {
            Some((node, rest)) if node.starts_with("node ") => rest,
            _ => reason,
        };
        let test = text(&finding["test"]);
        // The name of its folder says all.
        let test = test.rsplit('/').next().unwrap_or(test);
        reasons.entry(reason).or_default().push(test);
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_count_and_every_failure_is_on_the_page() {
        let counts = |passed: u32, failed: u32, unsupported: u32| {
            json!({"passed": passed, "refused_as_expected": 1, "failed": failed,
                   "unsupported": unsupported})
        };
        let outcome = |backend: &str, counts: Value, failed: Value| Outcome {
            report: json!({"backend": backend, "operators": {"ADD": counts}, "total": counts,
                           "failed": failed, "unsupported": [
                               {"test": "ew_binary/add_2", "operator": "ADD",
                                "reason": format!("{backend}: node 3, ADD: no kernel")},
                               {"test": "add_3", "operator": "ADD",
                                "reason": format!("{backend}: node 12, ADD: no kernel")}]}),
            passed: true,
        };
        let finding = json!([{"test": "add_1", "operator": "ADD", "reason": "differs"}]);
        let page = page(&[
            outcome("reference", counts(11, 0, 0), json!([])),
            outcome("gpu:x", counts(5, 1, 5), finding),
        ]);
        for line in [
            "| operator | tests | reference | gpu:x |",
            "| ADD | 12 | 12 | 6 |",
            "| **all** | 12 | 12 | 6 |",
            "Outputs as expected: 11. Refused as expected: 1. Failed: 0. Skipped: 0.",
            "Outputs as expected: 5. Refused as expected: 1. Failed: 1. Skipped: 5.",
            "Of the outputs, 1000 ‰ were computed there.",
            "Of the outputs, 545 ‰ were computed there.",
            "- `add_1`: differs",
            "- ADD: no kernel: `add_2`, `add_3`",
        ] {
            assert!(page.lines().any(|other| other == line), "{line}\n{page}");
        }
    }
}
