//! `cargo xtask campaign NAME`: a test at a length that CI has no time for, recorded in
//! `docs/campaigns.md` with date, commit and counts.
//!
//! A test reports what it did on a line `campaign: key=value key=value …`; counts of the same key add up
//! over the lines of a campaign, and so do the tests that passed. A campaign in which no test ran has failed.

mod list;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use self::list::{CAMPAIGNS, Campaign, Run};
use crate::workspace;

const RECORD: &str = "docs/campaigns.md";
const SUMMARY: &str = "campaign: ";
const PASSED: &str = "test result: ok. ";
const TESTS: &str = "tests";
/// Prints the campaigns.
pub(crate) fn list() {
    for campaign in CAMPAIGNS {
        println!("{:24} {}", campaign.name, campaign.what);
    }
}

/// Runs a campaign and records it.
///
/// # Errors
/// When there is no such campaign, something it needs is missing, or a test fails or reports nothing.
pub(crate) fn run(name: &str) -> Result<(), String> {
    let campaign = CAMPAIGNS
        .iter()
        .find(|campaign| campaign.name == name)
        .ok_or_else(|| format!("no campaign {name}; `cargo xtask campaign` lists them"))?;
    if let Some((file, package)) = campaign.needs
        && !Path::new(file).exists()
    {
        return Err(format!(
            "{name} needs {file}, which the Debian package {package} has"
        ));
    }
    let root = workspace::root();
    // Before the tests run: the tree may go on while they do.
    let commit = commit(&root)?;
    let begun = Instant::now();
    let mut counts = BTreeMap::new();
    for run in campaign.runs {
        run_tests(&root, run, &mut counts)?;
    }
    if counts.get(TESTS).is_none_or(|&tests| tests == 0) {
        return Err(format!("{name}: no test ran"));
    }
    let row = row(campaign, &commit, &counts, begun.elapsed());
    append(&root.join(RECORD), &row)?;
    print!("recorded in {RECORD}:\n{row}");
    Ok(())
}

fn run_tests(root: &Path, run: &Run, counts: &mut BTreeMap<String, u64>) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["test", "--release"])
        .args(run.arguments)
        .env("AIVM_NO_SKIP", "1")
        .current_dir(root)
        .stdout(Stdio::piped());
    for (key, value) in run.environment {
        let number = key.starts_with("AIVM_");
        if !number || std::env::var_os(key).is_none() {
            command.env(key, value);
        }
    }
    println!(
        "{:?} cargo test --release {}",
        run.environment,
        run.arguments.join(" ")
    );
    let mut child = command.spawn().map_err(|error| format!("cargo: {error}"))?;
    let output = child.stdout.take().ok_or("cargo: no output")?;
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|error| format!("cargo: {error}"))?;
        println!("{line}");
        count(&line, counts);
    }
    let status = child.wait().map_err(|error| format!("cargo: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo test: {status}"))
    }
}

/// Adds the counts of a summary line, ours or the test runner's, which may have printed `test name ... `
/// before ours.
fn count(line: &str, counts: &mut BTreeMap<String, u64>) {
    if let Some(passed) = line.strip_prefix(PASSED)
        && let Some(Ok(passed)) = passed.split(' ').next().map(str::parse::<u64>)
    {
        *counts.entry(TESTS.to_owned()).or_default() += passed;
    }
    let Some((_, summary)) = line.split_once(SUMMARY) else {
        return;
    };
    for word in summary.split_whitespace() {
        if let Some((key, value)) = word.split_once('=')
            && let Ok(value) = value.parse::<u64>()
        {
            *counts.entry(key.to_owned()).or_default() += value;
        }
    }
}

/// The commit that is checked out, marked when the tree holds more than it.
fn commit(root: &Path) -> Result<String, String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(root)
            .output()
            .map_err(|error| format!("git: {error}"))?;
        Ok::<_, String>(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let hash = git(&["rev-parse", "--short=10", "HEAD"])?;
    let changed = !git(&["status", "--porcelain", "--", ".", ":!docs"])?.is_empty();
    Ok(if changed {
        format!("{hash} and changes")
    } else {
        hash
    })
}

fn row(
    campaign: &Campaign,
    commit: &str,
    counts: &BTreeMap<String, u64>,
    elapsed: Duration,
) -> String {
    let counts: Vec<String> = counts
        .iter()
        .map(|(key, value)| format!("{} {value}", key.replace('_', " ")))
        .collect();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    format!(
        "| {} | {commit} | {} | {} | {} s |\n",
        date(now.as_secs() / 86_400),
        campaign.name,
        counts.join(", "),
        elapsed.as_secs()
    )
}

fn append(path: &Path, row: &str) -> Result<(), String> {
    OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(row.as_bytes()))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// The date (UTC, Gregorian) a number of days after 1970-01-01.
fn date(mut days: u64) -> String {
    let leap =
        |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(date(11_017), "2000-03-01");
        assert_eq!(date(20_453), "2025-12-31");
        assert_eq!(date(20_454), "2026-01-01");
    }

    #[test]
    fn counts_of_summary_lines_add_up() {
        let mut counts = BTreeMap::new();
        count("campaign: modules=10 refused=1", &mut counts);
        count(
            "test differential ... campaign: modules=5 note=fast",
            &mut counts,
        );
        count("modules=7", &mut counts);
        count(
            "test result: ok. 3 passed; 0 failed; 0 ignored",
            &mut counts,
        );
        let expected = [("modules", 15), ("refused", 1), ("tests", 3)];
        let expected = expected.map(|(key, value)| (key.to_owned(), value));
        assert_eq!(counts, BTreeMap::from(expected));
    }

    #[test]
    fn a_row_has_as_many_cells_as_the_record_has_columns() {
        let counts = BTreeMap::from([("cases".to_owned(), 3)]);
        let row = row(
            &CAMPAIGNS[0],
            "0123456789",
            &counts,
            Duration::from_secs(61),
        );
        let record = std::fs::read_to_string(workspace::root().join(RECORD)).expect("the record");
        let header = record
            .lines()
            .find(|line| line.starts_with("| date"))
            .expect("a header");
        assert_eq!(row.matches('|').count(), header.matches('|').count());
        assert!(
            record.ends_with('\n'),
            "the next row begins on a line of its own"
        );
    }
}
