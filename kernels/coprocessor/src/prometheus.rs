//! The counts of a coprocessor in Prometheus' text format, for whoever exports them.

use std::fmt::Write;

use aivm_tosa::{FaultKind, Figure};

use crate::metrics::{Metrics, Skip};

/// Names one figure of each back end.
type Of = fn(&crate::BackendMetrics) -> u64;

const COUNTS: &[(&str, Of)] = &[
    ("runs_total", |b| b.runs),
    ("cases_total", |b| b.cases),
    ("run_microseconds_total", |b| b.run_us),
    ("prepared_models_total", |b| b.prepared),
    ("prepare_microseconds_total", |b| b.prepare_us),
    ("self_checks_total", |b| b.checks),
    ("self_check_failures_total", |b| b.failed_checks),
    ("recoveries_total", |b| b.recoveries),
    ("failed_recoveries_total", |b| b.failed_recoveries),
];

impl Metrics {
    /// One line a figure, each labelled with its back end, names beginning with `aivm_`.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, lines: &[(String, u64)]| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# TYPE aivm_{name} {kind}");
            for (labels, value) in lines {
                let _ = writeln!(text, "aivm_{name}{{{labels}}} {value}");
            }
        };
        let own = |name: &str| format!("backend=\"{}\"", escaped(name));
        for (name, figure) in COUNTS {
            let lines = self.backends.iter().map(|b| (own(&b.name), figure(b)));
            family(name, "counter", &lines.collect::<Vec<_>>());
        }
        let usable = self.backends.iter();
        let usable = usable.map(|b| (own(&b.name), u64::from(b.usable())));
        family("backend_usable", "gauge", &usable.collect::<Vec<_>>());
        let mut faults = Vec::new();
        let mut skips = Vec::new();
        for b in &self.backends {
            let own = own(&b.name);
            for kind in FaultKind::ALL {
                let name = kind.name();
                for (stage, counts) in [
                    ("prepare", &b.prepare_faults_by_kind),
                    ("run", &b.run_faults_by_kind),
                ] {
                    let labels = format!("{own},stage=\"{stage}\",kind=\"{name}\"");
                    faults.push((labels, counts[kind as usize]));
                }
            }
            for reason in Skip::ALL {
                let labels = format!("{own},reason=\"{}\"", reason.name());
                skips.push((labels, b.skips[reason as usize]));
            }
        }
        family("faults_total", "counter", &faults);
        family("skips_total", "counter", &skips);
        for place in 0..aivm_tosa::ExecutorMetrics::default().figures().len() {
            let figures = self
                .backends
                .iter()
                .map(|b| (b, b.executor.figures()[place]));
            let lines: Vec<_> = figures
                .map(|(b, (_, _, value))| (own(&b.name), value))
                .collect();
            let (name, moves, _) = aivm_tosa::ExecutorMetrics::default().figures()[place];
            match moves {
                Figure::Count => family(&format!("executor_{name}_total"), "counter", &lines),
                Figure::Level => family(&format!("executor_{name}"), "gauge", &lines),
            }
        }
        text
    }
}

/// A label's value: a driver may name its device as it likes.
fn escaped(name: &str) -> String {
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
    escaped.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Coprocessor;
    use aivm_tosa::{ModelLimits, PriceTable};

    #[test]
    fn every_figure_has_a_line_of_each_back_end_and_one_type() {
        let coprocessor = Coprocessor::new(Vec::new(), ModelLimits::CHAIN, PriceTable::V1);
        let text = coprocessor.metrics().prometheus();
        let types: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
        let mut unique = types.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), types.len());
        assert!(text.contains("aivm_runs_total{backend=\"reference\"} 0\n"));
        assert!(text.contains(
            "aivm_faults_total{backend=\"reference\",stage=\"run\",kind=\"out_of_memory\"} 0\n"
        ));
        assert!(text.contains("# TYPE aivm_executor_buffer_bytes gauge\n"));
        assert!(text.contains("aivm_backend_usable{backend=\"reference\"} 1\n"));
        let lines = text.lines().filter(|line| !line.starts_with('#')).count();
        let per_back_end = COUNTS.len() + 1 + 2 * FaultKind::ALL.len() + Skip::ALL.len() + 13;
        assert_eq!(lines, 2 * per_back_end);
        assert_eq!(escaped("a \"b\"\\\n"), "a \\\"b\\\"\\\\\\n");
    }
}
