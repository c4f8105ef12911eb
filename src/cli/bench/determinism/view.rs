//! What `aivm bench determinism` says: for people as text, for programs as JSON.

use std::time::{SystemTime, UNIX_EPOCH};

use aivm_coprocessor::determinism::{Cell, FamilyReport, Mismatch, Report};
use aivm_gpu::AdapterInfo;
use serde::Serialize;
use synergy_aivm::keccak256;

use super::super::super::failure::Failure;
use super::super::super::hex;

/// What `--json` prints. Hashes are hex; those of a family cover its outputs in order, those of `all` the families'.
#[derive(Serialize)]
pub(super) struct View {
    pub(super) version: &'static str,
    /// Of the end of the run, UTC.
    pub(super) date: String,
    pub(super) system: &'static str,
    pub(super) architecture: &'static str,
    pub(super) cores: usize,
    pub(super) adapters: Vec<Adapter>,
    pub(super) seed: u64,
    pub(super) shapes: u64,
    pub(super) cases: u64,
    /// Over the models and inputs: reports can be compared where this is equal.
    pub(super) cases_hash: String,
    pub(super) agree: bool,
    /// Cases on some path whose answer is not the reference's.
    pub(super) wrong: u64,
    pub(super) paths: Vec<String>,
    pub(super) families: Vec<Row>,
    pub(super) all: Row,
    pub(super) mismatches: Vec<MismatchView>,
    pub(super) skipped: Vec<SkippedView>,
    pub(super) invalid: Vec<String>,
}

/// An adapter, used or not.
#[derive(Serialize)]
pub(super) struct Adapter {
    pub(super) name: String,
    pub(super) driver: String,
    pub(super) driver_info: String,
    pub(super) backend: String,
    pub(super) device_type: String,
    /// Why it could not be opened.
    pub(super) error: Option<String>,
}

/// A family, or all of them.
#[derive(Serialize)]
pub(super) struct Row {
    pub(super) family: String,
    pub(super) shapes: u64,
    pub(super) cases: u64,
    pub(super) hash: String,
    pub(super) reference_cases_per_second: u64,
    /// In the order of [`View::paths`].
    pub(super) paths: Vec<PathCell>,
}

/// A family on a path.
#[derive(Serialize)]
pub(super) struct PathCell {
    pub(super) hash: String,
    /// Whether every case ran and has the reference's answer.
    pub(super) agrees: bool,
    pub(super) cases: u64,
    pub(super) wrong: u64,
    pub(super) cases_per_second: u64,
    pub(super) prepare_ms: u64,
}

/// A model whose answer differs, with what it takes to see it again.
#[derive(Serialize)]
pub(super) struct MismatchView {
    pub(super) path: String,
    pub(super) family: &'static str,
    pub(super) shape: u64,
    pub(super) wrong: u32,
    pub(super) operators: String,
    pub(super) detail: String,
    pub(super) reproduce: String,
}

/// Models that gave no answer on a path.
#[derive(Serialize)]
pub(super) struct SkippedView {
    pub(super) path: String,
    pub(super) shapes: u64,
    pub(super) reason: String,
}

impl Adapter {
    pub(super) fn new(info: &AdapterInfo) -> Adapter {
        Adapter {
            name: info.name.clone(),
            driver: info.driver.clone(),
            driver_info: info.driver_info.clone(),
            backend: info.backend.clone(),
            device_type: info.device_type.to_string(),
            error: None,
        }
    }
}

impl View {
    /// Of a report on `planned` cases, or on one shape of them.
    pub(super) fn new(report: &Report, planned: u64, adapters: Vec<Adapter>) -> View {
        let mismatches = report.mismatches.iter();
        let skipped = report.skipped.iter().map(|skipped| SkippedView {
            path: skipped.path.clone(),
            shapes: skipped.shapes,
            reason: skipped.reason.clone(),
        });
        let mut view = View {
            version: env!("CARGO_PKG_VERSION"),
            date: date(),
            system: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            seed: report.seed,
            shapes: report.shapes,
            cases: report.cases,
            cases_hash: hex(&report.asked),
            agree: false,
            wrong: report.wrong(),
            paths: report.paths.clone(),
            families: report.families.iter().map(row).collect(),
            all: row(&all(report)),
            mismatches: mismatches
                .map(|mismatch| mismatch_view(mismatch, planned))
                .collect(),
            skipped: skipped.collect(),
            invalid: report.invalid.clone(),
            adapters,
        };
        view.agree = view.shortcoming().is_none();
        view
    }

    /// Fails unless every path gave every answer.
    pub(super) fn outcome(&self) -> Result<(), Failure> {
        match self.shortcoming() {
            None => Ok(()),
            Some(what) if self.wrong > 0 || !self.invalid.is_empty() => Err(Failure::Tests(what)),
            Some(what) => Err(Failure::Machine(what)),
        }
    }

    /// Why not every path gave every answer; the worst first.
    pub(super) fn shortcoming(&self) -> Option<String> {
        if self.wrong > 0 {
            return Some(format!("{} answers are not the reference's", self.wrong));
        }
        if let Some(what) = self.invalid.first() {
            return Some(what.clone());
        }
        if let Some(skipped) = self.skipped.first() {
            let SkippedView {
                path,
                shapes,
                reason,
            } = skipped;
            return Some(format!("{shapes} models did not run on {path}: {reason}"));
        }
        self.adapters
            .iter()
            .find_map(|adapter| adapter.error.clone())
    }

    pub(super) fn text(&self) -> String {
        let mut lines = vec![
            format!(
                "aivm {} on {} {}, {} cores, {}",
                self.version, self.system, self.architecture, self.cores, self.date
            ),
            format!(
                "seed {}: {} cases of {} shapes, which hash to {}",
                self.seed, self.cases, self.shapes, self.cases_hash
            ),
        ];
        lines.extend(self.adapters.iter().map(Adapter::line));
        if self.adapters.is_empty() {
            lines.push("no GPU adapter: only the CPU's paths ran".to_owned());
        }
        lines.push(String::new());
        let numbered = self.paths.iter().zip(1..);
        lines.extend(numbered.map(|(path, number)| format!("[{number}] {path}")));
        lines.push(String::new());
        lines.extend(self.hashes());
        lines.push(String::new());
        lines.extend(self.throughputs());
        lines.push(String::new());
        lines.extend(self.findings());
        lines.push(match self.shortcoming() {
            None => format!(
                "every path gave the reference's bytes in all {} cases",
                self.cases
            ),
            Some(what) if self.wrong > 0 => format!("NOT equal: {what}"),
            Some(what) => format!("NOT complete: {what}"),
        });
        lines.join("\n")
    }

    /// `=` where a path has the reference's hash, else its own.
    fn hashes(&self) -> Vec<String> {
        let numbers = (1..=self.paths.len()).map(|number| format!("{:>18}", format!("[{number}]")));
        let head = format!(
            "{:<18}{:>8}{:>10}  {:<18}{}",
            "outputs",
            "shapes",
            "cases",
            "reference",
            numbers.collect::<String>()
        );
        let row = |row: &Row| {
            let cells = row.paths.iter().map(|cell| match cell {
                PathCell { agrees: true, .. } => format!("{:>18}", "="),
                PathCell { cases: 0, .. } => format!("{:>18}", "did not run"),
                cell => format!("{:>18}", short(&cell.hash)),
            });
            format!(
                "{:<18}{:>8}{:>10}  {:<18}{}",
                row.family,
                row.shapes,
                row.cases,
                short(&row.hash),
                cells.collect::<String>()
            )
        };
        let rows = self.families.iter().chain([&self.all]).map(row);
        std::iter::once(head).chain(rows).collect()
    }

    fn throughputs(&self) -> Vec<String> {
        let numbers = (1..=self.paths.len()).map(|number| format!("{:>12}", format!("[{number}]")));
        let head = format!(
            "{:<18}{:>12}{}",
            "cases a second",
            "reference",
            numbers.collect::<String>()
        );
        let row = |row: &Row| {
            let cells = row.paths.iter();
            let cells = cells.map(|cell| format!("{:>12}", cell.cases_per_second));
            format!(
                "{:<18}{:>12}{}",
                row.family,
                row.reference_cases_per_second,
                cells.collect::<String>()
            )
        };
        let rows = self.families.iter().chain([&self.all]).map(row);
        std::iter::once(head).chain(rows).collect()
    }

    fn findings(&self) -> Vec<String> {
        let mismatches = self.mismatches.iter().map(|found| {
            format!(
                "differs: {} ({}) on {}: {}; {} cases of this shape; see it again with `{}`",
                found.family,
                found.operators,
                found.path,
                found.detail,
                found.wrong,
                found.reproduce
            )
        });
        let skipped = self.skipped.iter().map(|skipped| {
            format!(
                "did not run: {} models on {}: {}",
                skipped.shapes, skipped.path, skipped.reason
            )
        });
        let invalid = self
            .invalid
            .iter()
            .map(|what| format!("a mistake of the bench: {what}"));
        mismatches.chain(skipped).chain(invalid).collect()
    }
}

impl Adapter {
    /// Name, driver, and whether it opened.
    fn line(&self) -> String {
        let Adapter {
            name,
            driver,
            driver_info,
            backend,
            device_type,
            error,
        } = self;
        let error = error.as_ref().map(|error| format!("; not opened: {error}"));
        format!(
            "adapter {name}: {device_type} through {backend}, driver {driver} {driver_info}{}",
            error.unwrap_or_default()
        )
    }
}

/// All families as one.
fn all(report: &Report) -> FamilyReport {
    let families = &report.families;
    let folded = |hashes: &mut dyn Iterator<Item = [u8; 32]>| {
        keccak256(hashes.flatten().collect::<Vec<u8>>()).0
    };
    let cell = |path: usize| {
        let cells = || families.iter().map(move |family| &family.cells[path]);
        Cell {
            hash: folded(&mut cells().map(|cell| cell.hash)),
            cases: cells().map(|cell| cell.cases).sum(),
            wrong: cells().map(|cell| cell.wrong).sum(),
            prepare_ns: cells().map(|cell| cell.prepare_ns).sum(),
            run_ns: cells().map(|cell| cell.run_ns).sum(),
        }
    };
    FamilyReport {
        name: "all",
        shapes: report.shapes,
        cases: report.cases,
        hash: folded(&mut families.iter().map(|family| family.hash)),
        reference_ns: families.iter().map(|family| family.reference_ns).sum(),
        cells: (0..report.paths.len()).map(cell).collect(),
    }
}

fn row(family: &FamilyReport) -> Row {
    let cell = |cell: &Cell| PathCell {
        hash: hex(&cell.hash),
        agrees: cell.hash == family.hash && cell.cases == family.cases && cell.wrong == 0,
        cases: cell.cases,
        wrong: cell.wrong,
        cases_per_second: super::super::per_second(cell.cases, cell.run_ns),
        prepare_ms: cell.prepare_ns / 1_000_000,
    };
    Row {
        family: family.name.to_owned(),
        shapes: family.shapes,
        cases: family.cases,
        hash: hex(&family.hash),
        reference_cases_per_second: super::super::per_second(family.cases, family.reference_ns),
        paths: family.cells.iter().map(cell).collect(),
    }
}

fn mismatch_view(mismatch: &Mismatch, planned: u64) -> MismatchView {
    MismatchView {
        path: mismatch.path.clone(),
        family: mismatch.family,
        shape: mismatch.shape,
        wrong: mismatch.wrong,
        operators: mismatch.operators.join("+"),
        detail: mismatch.detail.clone(),
        reproduce: format!(
            "aivm bench determinism --seed {} --cases {planned} --shape {}",
            mismatch.seed, mismatch.shape
        ),
    }
}

/// The first eight bytes of a hash in hex: enough to compare by eye.
pub(super) fn short(hash: &str) -> &str {
    hash.get(2..18).unwrap_or(hash)
}

/// Date and time now, UTC.
fn date() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let (days, seconds) = (now.as_secs() / 86_400, now.as_secs() % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year}-{month:02}-{day:02} {:02}:{:02} UTC",
        seconds / 3600,
        seconds / 60 % 60
    )
}

/// The Gregorian date a number of days after 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    // Years begin in March, so that a leap day ends one; 400 years have 146,097 days.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (month, late) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + late, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(11_017), (2000, 3, 1));
        assert_eq!(civil(20_453), (2025, 12, 31));
        assert_eq!(civil(20_454), (2026, 1, 1));
    }
}
