//! What a run of conformance tests found, for people and as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::failure::Failure;
use super::{Tested, Verdict};

/// What `--json` prints.
#[derive(Serialize)]
pub(super) struct Report {
    backend: String,
    total: Counts,
    operators: BTreeMap<String, Counts>,
    failed: Vec<Finding>,
    unsupported: Vec<Finding>,
}

/// How many tests ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Counts {
    passed: u32,
    refused_as_expected: u32,
    failed: u32,
    unsupported: u32,
}

/// A test that did not pass.
#[derive(Serialize)]
struct Finding {
    test: String,
    operator: String,
    reason: String,
}

impl Counts {
    fn add(&mut self, verdict: &Verdict) {
        *match verdict {
            Verdict::Passed => &mut self.passed,
            Verdict::RefusedAsExpected => &mut self.refused_as_expected,
            Verdict::Failed(_) => &mut self.failed,
            Verdict::Unsupported(_) => &mut self.unsupported,
        } += 1;
    }

    fn all(&self) -> u32 {
        self.passed + self.refused_as_expected + self.failed + self.unsupported
    }

    fn line(&self, name: &str) -> String {
        let Counts {
            passed,
            refused_as_expected,
            failed,
            unsupported,
        } = self;
        format!("{name:<24}{passed:>8}{refused_as_expected:>8}{failed:>8}{unsupported:>12}")
    }
}

impl Report {
    /// Counts `tested` by operator.
    pub(super) fn new(backend: &str, tested: &[Tested]) -> Report {
        let mut report = Report {
            backend: backend.to_owned(),
            total: Counts::default(),
            operators: BTreeMap::new(),
            failed: Vec::new(),
            unsupported: Vec::new(),
        };
        for test in tested {
            let operator = report.operators.entry(test.operator.clone()).or_default();
            operator.add(&test.verdict);
            report.total.add(&test.verdict);
            let (list, reason) = match &test.verdict {
                Verdict::Passed | Verdict::RefusedAsExpected => continue,
                Verdict::Failed(reason) => (&mut report.failed, reason),
                Verdict::Unsupported(reason) => (&mut report.unsupported, reason),
            };
            list.push(Finding {
                test: test.name.clone(),
                operator: test.operator.clone(),
                reason: reason.clone(),
            });
        }
        report
    }

    /// The findings, then a table by operator.
    pub(super) fn text(&self) -> String {
        let mut lines = Vec::new();
        for (what, findings) in [("unsupported", &self.unsupported), ("failed", &self.failed)] {
            lines.extend(findings.iter().map(|finding| {
                let Finding { test, reason, .. } = finding;
                format!("{what}: {test}: {reason}")
            }));
        }
        lines.push(format!(
            "{:<24}{:>8}{:>8}{:>8}{:>12}",
            self.backend, "passed", "refused", "failed", "unsupported"
        ));
        let operators = self.operators.iter();
        lines.extend(operators.map(|(operator, counts)| counts.line(operator)));
        lines.push(self.total.line("total"));
        lines.join("\n")
    }

    /// A failure unless every test ended as it should.
    pub(super) fn outcome(&self, allow_unsupported: bool) -> Result<(), Failure> {
        let Counts {
            failed,
            unsupported,
            ..
        } = self.total;
        if self.total.all() == 0 {
            return Err(Failure::Tests("no test was found".to_owned()));
        }
        if failed > 0 || (unsupported > 0 && !allow_unsupported) {
            let what = format!("of {} tests {failed} failed", self.total.all());
            return Err(Failure::Tests(format!(
                "{what}, {unsupported} have a graph that {} cannot prepare",
                self.backend
            )));
        }
        Ok(())
    }
}
