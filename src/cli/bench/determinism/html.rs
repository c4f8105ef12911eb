//! The report as one page: no script, no font, no picture from elsewhere, so it can be sent to others as it is.

#![allow(
    clippy::float_arithmetic,
    reason = "lengths of bars in a plot, from rates that reach no result"
)]

use super::view::{Row, View, short};

/// Colours of the paths in plots; the reference has the first one.
const COLOURS: [&str; 8] = [
    "#6b7280", "#2563eb", "#0d9488", "#9333ea", "#d97706", "#db2777", "#65a30d", "#0891b2",
];

const STYLE: &str = "
:root { color-scheme: light dark; --good: #15803d; --bad: #b91c1c; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .6rem; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; }
code, td.hash { font-family: ui-monospace, monospace; font-size: .85em; }
.scroll { overflow-x: auto; }
.verdict { border-left: .4rem solid; padding: .4rem 1rem; font-size: 1.1rem; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 700; }
td.good::before { content: '\\2713  '; } td.bad::before { content: '\\2717  '; }
svg text { fill: currentColor; font: 12px system-ui, sans-serif; }
";

/// The page.
pub(super) fn page(view: &View) -> String {
    let (class, verdict) = match view.shortcoming() {
        None => {
            let all = format!(
                "Every path gave the bytes of the reference in all {} cases.",
                view.cases
            );
            ("good", all)
        }
        Some(what) if view.wrong > 0 => ("bad", format!("Not equal: {what}.")),
        Some(what) => ("bad", format!("Not complete: {what}.")),
    };
    [
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n".to_owned(),
        "<meta name=\"viewport\" content=\"width=device-width\">\n".to_owned(),
        format!("<title>aivm bench determinism</title>\n<style>{STYLE}</style>\n"),
        "<h1>aivm bench determinism</h1>\n".to_owned(),
        format!("<p class=\"verdict {class}\">{}</p>\n", escaped(&verdict)),
        machine(view),
        findings(view),
        hashes(view),
        plot(view),
        "</html>\n".to_owned(),
    ]
    .concat()
}

/// Text in which nothing is markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

fn machine(view: &View) -> String {
    let mut out = format!(
        "<h2>What ran</h2>\n<p>aivm {} on {} {}, {} cores, {}.<br>\n\
         Seed {}: {} cases of {} random models. Two reports are about the same cases if these hash to the same:\n\
         <code>{}</code></p>\n<div class=\"scroll\"><table>\n\
         <tr><th>adapter<th>kind<th>interface<th>driver<th></tr>\n",
        escaped(view.version),
        escaped(view.system),
        escaped(view.architecture),
        view.cores,
        escaped(&view.date),
        view.seed,
        view.cases,
        view.shapes,
        escaped(&view.cases_hash)
    );
    for adapter in &view.adapters {
        let state = adapter.error.as_deref().unwrap_or("opened");
        let class = if adapter.error.is_some() {
            "bad"
        } else {
            "good"
        };
        out += &format!(
            "<tr><td>{}<td>{}<td>{}<td>{} {}<td class=\"{class}\">{}</tr>\n",
            escaped(&adapter.name),
            escaped(&adapter.device_type),
            escaped(&adapter.backend),
            escaped(&adapter.driver),
            escaped(&adapter.driver_info),
            escaped(state)
        );
    }
    if view.adapters.is_empty() {
        out += "<tr><td colspan=\"5\">no GPU adapter: only the CPU's paths ran</tr>\n";
    }
    out + "</table></div>\n"
}

fn findings(view: &View) -> String {
    if view.mismatches.is_empty() && view.skipped.is_empty() && view.invalid.is_empty() {
        return String::new();
    }
    let mut out = "<h2>What differs</h2>\n<ul>\n".to_owned();
    for found in &view.mismatches {
        out += &format!(
            "<li class=\"bad\">{} on {}: {} ({} cases of the shape; {})<br><code>{}</code></li>\n",
            escaped(found.family),
            escaped(&found.path),
            escaped(&found.detail),
            found.wrong,
            escaped(&found.operators),
            escaped(&found.reproduce)
        );
    }
    for skipped in &view.skipped {
        out += &format!(
            "<li class=\"bad\">{} models did not run on {}: {}</li>\n",
            skipped.shapes,
            escaped(&skipped.path),
            escaped(&skipped.reason)
        );
    }
    for what in &view.invalid {
        out += &format!("<li class=\"bad\">{}</li>\n", escaped(what));
    }
    out + "</ul>\n"
}

fn hashes(view: &View) -> String {
    let mut out = "<h2>Hashes of all outputs</h2>\n<p>A row is a family of random models. Equal letters in the same \
                   row of two reports mean equal bytes on both machines.</p>\n<div class=\"scroll\"><table>\n\
                   <tr><th>family<th class=\"number\">shapes<th class=\"number\">cases<th>reference"
        .to_owned();
    for path in &view.paths {
        out += &format!("<th>{}", escaped(path));
    }
    out += "</tr>\n";
    for row in view.families.iter().chain([&view.all]) {
        out += &format!(
            "<tr><th>{}<td class=\"number\">{}<td class=\"number\">{}<td class=\"hash\">{}",
            escaped(&row.family),
            row.shapes,
            row.cases,
            escaped(short(&row.hash))
        );
        for cell in &row.paths {
            let class = if cell.agrees { "good" } else { "bad" };
            let text = if cell.cases == 0 {
                "did not run"
            } else {
                short(&cell.hash)
            };
            out += &format!("<td class=\"hash {class}\">{}", escaped(text));
        }
        out += "</tr>\n";
    }
    out + "</table></div>\n"
}

/// Left edge of the bars.
const LEFT: f64 = 150.0;
/// Length of the longest bar.
const LENGTH: f64 = 640.0;
/// Height of a bar.
const BAR: usize = 9;

/// Cases a second of each family on each path, as bars on a logarithmic scale.
fn plot(view: &View) -> String {
    let rates = |row: &Row| {
        let paths = row.paths.iter().map(|cell| cell.cases_per_second);
        std::iter::once(row.reference_cases_per_second)
            .chain(paths)
            .collect::<Vec<u64>>()
    };
    let rows: Vec<&Row> = view.families.iter().chain([&view.all]).collect();
    let most = rows.iter().flat_map(|row| rates(row)).max().unwrap_or(1);
    let decades = f64::from(most.max(10).ilog10() + 1);
    let length = |rate: u64| (rate.max(1) as f64).log10() / decades * LENGTH;
    let group = BAR * (view.paths.len() + 1) + 8;
    let height = group * rows.len() + 40;
    let mut out = format!(
        "<h2>Cases a second</h2>\n<p>Runs only, without the preparation of a model; each step to the right is ten \
         times as many. Models are tiny, so this says more about the cost of a run than about large ones.</p>\n<p>{}</p>\n\
         <div class=\"scroll\"><svg width=\"{}\" height=\"{height}\" role=\"img\" aria-label=\"cases a second\">\n",
        legend(view),
        LEFT + LENGTH + 110.0
    );
    for decade in 0..=decades as u32 {
        let x = LEFT + f64::from(decade) / decades * LENGTH;
        out += &format!(
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{}\" stroke=\"#8886\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
            height - 30,
            height - 12,
            10_u64.pow(decade)
        );
    }
    for (index, row) in rows.iter().enumerate() {
        let top = index * group;
        let middle = top + group / 2;
        out += &format!(
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>\n",
            LEFT - 8.0,
            escaped(&row.family)
        );
        for (path, rate) in rates(row).into_iter().enumerate() {
            let name = path
                .checked_sub(1)
                .map_or("reference", |path| &*view.paths[path]);
            out += &format!(
                "<rect x=\"{LEFT}\" y=\"{}\" width=\"{:.1}\" height=\"{}\" fill=\"{}\"><title>{}: {}: {rate}</title></rect>\n",
                top + path * BAR,
                length(rate),
                BAR - 1,
                COLOURS[path % COLOURS.len()],
                escaped(&row.family),
                escaped(name)
            );
        }
    }
    out + "</svg></div>\n"
}

/// The paths with their colours.
fn legend(view: &View) -> String {
    let names = std::iter::once("reference").chain(view.paths.iter().map(String::as_str));
    let entry = |(name, colour): (&str, &&str)| {
        format!(
            "<svg width=\"12\" height=\"12\"><rect width=\"12\" height=\"12\" fill=\"{colour}\"/></svg> {}",
            escaped(name)
        )
    };
    let entries: Vec<String> = names.zip(COLOURS.iter().cycle()).map(entry).collect();
    entries.join(" &ensp; ")
}

#[cfg(test)]
mod tests {
    use super::super::view::Adapter;
    use super::*;
    use aivm_coprocessor::determinism::{Settings, cpu_paths, run};

    fn view(adapter: &str, error: Option<&str>) -> View {
        let settings = Settings {
            seed: 1,
            cases: 300,
            only: None,
            workers: 1,
        };
        let mut paths = cpu_paths().expect("the CPU executor starts");
        paths.truncate(1);
        let adapter = Adapter {
            name: adapter.to_owned(),
            driver: "d".to_owned(),
            driver_info: "1".to_owned(),
            backend: "vulkan".to_owned(),
            device_type: "CPU".to_owned(),
            error: error.map(str::to_owned),
        };
        View::new(&run(&settings, &paths, &|_| ()), 300, vec![adapter])
    }

    #[test]
    fn a_page_escapes_names_and_needs_nothing_from_elsewhere() {
        let page = page(&view("<b>&\"'", None));
        assert!(page.contains("&lt;b&gt;&amp;&quot;&#39;"));
        for foreign in [
            "<b>", "http:", "https:", "src=", "href=", "<script", "@import", "url(",
        ] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        for part in ["<svg", "verdict good", "cpu:portable", "Every path"] {
            assert!(page.contains(part), "{part}");
        }
    }

    #[test]
    fn an_adapter_that_does_not_open_is_no_wrong_answer() {
        let view = view("a", Some("a wrong known answer"));
        let page = page(&view);
        assert!(page.contains("Not complete: a wrong known answer."));
        assert!(!page.contains("verdict good") && !page.contains("0 answers"));
        let text = view.text();
        assert!(
            text.ends_with("NOT complete: a wrong known answer"),
            "{text}"
        );
        assert!(!view.agree && view.outcome().is_err());
    }
}
