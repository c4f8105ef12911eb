//! `cargo xtask web`: the web page in headless Chromium, with every case: a front end (Tint) and a WebGPU (Dawn) that
//! share nothing with ours have to give the bytes of the reference. `--write` makes the page's cases anew.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use aivm_browser::{Site, WEBGPU};
use serde_json::Value;

use crate::workspace;

const DEADLINE: Duration = Duration::from_secs(300);
/// The page's files.
const FILES: [&str; 6] = [
    "index.html",
    "style.css",
    "cases.js",
    "run.js",
    "report.js",
    "page.js",
];
/// Sends the report to whoever serves the page.
const SENDER: &str = r#"document.addEventListener("aivm-report", (event) => {
    fetch("/report", { method: "POST", body: JSON.stringify(event.detail) });
});
"#;

/// Writes the cases anew.
///
/// # Errors
/// If they cannot be made.
pub(crate) fn write() -> Result<(), String> {
    cases(&workspace::root(), true)
}

/// Checks that the cases are those of the sources, and runs the page.
///
/// # Errors
/// If the cases are old, or the page does not say that all agree.
pub(crate) fn run() -> Result<(), String> {
    let root = workspace::root();
    cases(&root, false)?;
    let report = visit(site(&root)?, WEBGPU)?;
    print(&report);
    match report["verdict"].as_str() {
        Some("agrees") => Ok(()),
        verdict => Err(format!("web: {}", verdict.unwrap_or("no verdict"))),
    }
}

/// Runs the test that makes the cases, or compares them with the file.
fn cases(root: &Path, write: bool) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["test", "--release", "--quiet", "--package", "aivm-gpu"])
        .args(["--test", "gpu", "web::", "--", "--ignored"])
        .current_dir(root);
    if write {
        command.env("AIVM_BLESS", "1");
    }
    let status = command
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("web: the cases are not those of the sources".to_owned())
    }
}

/// The page as it lies in the repository, with the sender in front of its scripts.
fn site(root: &Path) -> Result<Site, String> {
    let mut site = Site::new();
    for name in FILES {
        let path = root.join("web").join(name);
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        site.insert(format!("/{name}"), bytes);
    }
    let page = site.remove("/index.html").unwrap_or_default();
    let page = String::from_utf8(page).map_err(|error| format!("index.html: {error}"))?;
    let page = page.replacen(
        "<script",
        "<script defer src=\"sender.js\"></script>\n<script",
        1,
    );
    site.insert("/".to_owned(), page.into_bytes());
    site.insert("/sender.js".to_owned(), SENDER.into());
    Ok(site)
}

/// The report of a visit.
fn visit(site: Site, flags: &[&str]) -> Result<Value, String> {
    let text = aivm_browser::visit(site, flags, DEADLINE)?;
    serde_json::from_str(&text).map_err(|error| format!("the page's report: {error}"))
}

fn print(report: &Value) {
    let list = |key: &str| report[key].as_array().cloned().unwrap_or_default();
    for kernel in list("kernels") {
        println!(
            "{:28}{:14}{:>8} cases {:>10} bytes  {:.16}",
            kernel["kernel"].as_str().unwrap_or_default(),
            kernel["result"].as_str().unwrap_or_default(),
            kernel["cases"].as_u64().unwrap_or(0),
            kernel["bytes"].as_u64().unwrap_or(0),
            kernel["sha256"].as_str().unwrap_or_default(),
        );
    }
    for finding in list("differences").iter().chain(&list("failures")) {
        println!("{finding}");
    }
    if let Some(reason) = report["reason"].as_str() {
        println!("{reason}");
    }
    println!(
        "web: {} on {} in {}: {} of {} runs, {} cases, {} bytes",
        report["verdict"].as_str().unwrap_or_default(),
        report["adapter"],
        report["browser"].as_str().unwrap_or_default(),
        report["runs_done"],
        report["runs"],
        report["cases"],
        report["bytes"],
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARATION: &str = "const AIVM_CASES = ";

    /// The page with three of its runs, changed.
    fn small(change: impl FnOnce(&mut Value)) -> Site {
        let mut site = site(&workspace::root()).expect("the page is there");
        let text = String::from_utf8(site["/cases.js"].clone()).expect("a text");
        let (_, json) = text.split_once(DECLARATION).expect("a declaration");
        let json = json.trim_end().trim_end_matches(';');
        let mut cases: Value = serde_json::from_str(json).expect("JSON");
        let runs = cases["runs"].as_array_mut().expect("a list");
        runs.retain(|run| {
            ["abs", "conv2d_3x3_same", "table_i8"]
                .map(Value::from)
                .contains(&run["name"])
        });
        assert_eq!(runs.len(), 3);
        change(&mut cases);
        site.insert(
            "/cases.js".to_owned(),
            format!("{DECLARATION}{cases};").into(),
        );
        site
    }

    #[test]
    fn the_page_says_that_all_agree() {
        if !aivm_browser::present() {
            return;
        }
        let report = visit(small(|_| {}), WEBGPU).expect("a report");
        assert_eq!(report["verdict"], "agrees", "{report}");
        assert_eq!(
            (&report["runs_done"], &report["runs"]),
            (&3.into(), &3.into())
        );
        assert_eq!(report["differences"], Value::Array(Vec::new()));
    }

    #[test]
    fn a_wrong_byte_turns_the_page_red_and_is_named() {
        if !aivm_browser::present() {
            return;
        }
        // The first byte of the first case changes in its lowest bit but one.
        let plant = |cases: &mut Value| {
            let data = &mut cases["runs"][1]["outputs"][0]["data"];
            let mut text = data.as_str().expect("base64").to_owned();
            let other = if text.starts_with('A') { "B" } else { "A" };
            text.replace_range(..1, other);
            *data = text.into();
        };
        let report = visit(small(plant), WEBGPU).expect("a report");
        assert_eq!(report["verdict"], "differs", "{report}");
        let found = report["differences"].as_array().expect("a list");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["run"], "conv2d_3x3_same");
        assert_eq!(
            (&found[0]["case"], &found[0]["byte"]),
            (&0.into(), &0.into())
        );
        let kernels = report["kernels"].as_array().expect("a list");
        let row = kernels.iter().find(|row| row["kernel"] == "conv2d");
        assert_eq!(row.expect("a row")["result"], "differs");
    }

    #[test]
    fn a_kernel_that_does_not_compile_is_no_agreement() {
        if !aivm_browser::present() {
            return;
        }
        let plant = |cases: &mut Value| {
            let index = cases["runs"][0]["dispatches"][0]["kernel"]
                .as_u64()
                .expect("an index");
            cases["kernels"][index as usize]["source"] = "fn main() { oops }".into();
        };
        let report = visit(small(plant), WEBGPU).expect("a report");
        assert_eq!(report["verdict"], "incomplete", "{report}");
        assert_eq!(report["failures"][0]["run"], "abs");
    }

    #[test]
    fn without_webgpu_the_page_says_so() {
        if !aivm_browser::present() {
            return;
        }
        let flags = ["--disable-features=WebGPU,WebGPUService", "--disable-gpu"];
        let report = visit(small(|_| {}), &flags).expect("a report");
        assert_eq!(report["verdict"], "unavailable", "{report}");
    }
}
