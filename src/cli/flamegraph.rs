//! `aivm run --flamegraph`: where ink went, as a picture or as the collapsed stacks that profilers' viewers read.
//!
//! A line of those is a stack, outermost first, divided by semicolons, then a space and the ink that its top spent. The
//! picture has a row for each depth and widths in proportion to ink; pointing at a box shows its name and share.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use aivm_core::gas;
use synergy_aivm::{B256, Callee, Receipt, State, Trace};

use super::trace::Names;

/// Width of the picture, in the unit of all lengths in it.
const WIDTH: u64 = 120_000;
const ROW: u64 = 1_800;
/// Boxes narrower than this are left out.
const WIDTH_MIN: u64 = 20;
const FONT: u64 = 1_200;
/// Width of a character, nearly; names are cut to their boxes.
const CHARACTER: u64 = 700;

/// What a file is to hold, by the end of its name.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) path: PathBuf,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Collapsed,
    Svg,
}

impl Output {
    /// Reads the argument.
    pub(crate) fn parse(path: PathBuf) -> Result<Output, &'static str> {
        let form = match path.extension().and_then(|extension| extension.to_str()) {
            Some("svg") => Form::Svg,
            Some("folded") => Form::Collapsed,
            _ => return Err("the name ends with .svg or .folded"),
        };
        Ok(Output { path, form })
    }

    pub(crate) fn text(&self, stacks: &Stacks) -> String {
        match self.form {
            Form::Collapsed => stacks.collapsed(),
            Form::Svg => stacks.svg(),
        }
    }
}

/// What is spent on no code: the base price, the first pages, and what is lost where ink is rounded up to gas.
const AROUND: &str = "(base price, first pages, rounding)";

/// Ink by stacks of names.
#[derive(Default)]
pub(crate) struct Stacks(BTreeMap<Vec<String>, u64>);

impl Stacks {
    /// Adds what a call spent.
    pub(crate) fn add(
        &mut self,
        receipt: &Receipt,
        trace: &Trace,
        names: &mut Names,
        state: &State,
    ) {
        let mut around = gas::gas_to_ink(receipt.gas_used);
        for stack in trace.stacks() {
            let mut running = B256::ZERO;
            let callees = stack.callees.iter().map(|&callee| {
                if let Callee::Contract { code, .. } = callee {
                    running = code;
                }
                names.of(callee, running, state)
            });
            self.spend(callees.collect(), stack.ink);
            around = around.saturating_sub(stack.ink);
        }
        self.spend(vec![AROUND.to_owned()], around);
    }

    fn spend(&mut self, names: Vec<String>, ink: u64) {
        let spent = self.0.entry(names).or_default();
        *spent = spent.saturating_add(ink);
    }

    fn collapsed(&self) -> String {
        let mut text = String::new();
        for (names, ink) in &self.0 {
            let names: Vec<String> = names.iter().map(|name| name.replace(';', ":")).collect();
            let _ = writeln!(text, "{} {ink}", names.join(";"));
        }
        text
    }

    fn svg(&self) -> String {
        let mut all = Node::default();
        for (names, ink) in &self.0 {
            all.add(names, *ink);
        }
        let height = ROW * all.depth();
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             font-family=\"monospace\" font-size=\"{FONT}\">\n\
             <style>rect {{ stroke: white; stroke-width: 50 }} text {{ pointer-events: none }}</style>\n"
        );
        all.draw("all", 0, 0, all.ink, &mut text);
        text.push_str("</svg>\n");
        text
    }
}

/// A box of the picture.
#[derive(Default)]
struct Node {
    /// With what is in the boxes below it.
    ink: u64,
    callees: BTreeMap<String, Node>,
}

impl Node {
    fn add(&mut self, names: &[String], ink: u64) {
        let mut node = self;
        node.ink = node.ink.saturating_add(ink);
        for name in names {
            node = node.callees.entry(name.clone()).or_default();
            node.ink = node.ink.saturating_add(ink);
        }
    }

    /// Rows that it and what is below it take.
    fn depth(&self) -> u64 {
        1 + self.callees.values().map(Node::depth).max().unwrap_or(0)
    }

    /// Draws it and what is below it, so much ink from the left, `row` rows from the top.
    fn draw(&self, name: &str, left: u64, row: u64, total: u64, text: &mut String) {
        let x = part(WIDTH, left, total);
        let width = part(WIDTH, left.saturating_add(self.ink), total) - x;
        if width < WIDTH_MIN {
            return;
        }
        let y = row * ROW;
        let (gas, ink) = (self.ink / 10_000, self.ink % 10_000);
        let share = part(10_000, self.ink, total);
        let _ = write!(
            text,
            "<g><title>{}: {gas}.{ink:04} gas, {}.{:02} %</title>\
             <rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{ROW}\" fill=\"{}\"/>",
            escaped(name),
            share / 100,
            share % 100,
            colour(name)
        );
        let characters = (width / CHARACTER) as usize;
        if characters > 2 {
            let label: String = name.chars().take(characters).collect();
            let (x, y) = (x + CHARACTER / 4, y + FONT);
            let _ = write!(text, "<text x=\"{x}\" y=\"{y}\">{}</text>", escaped(&label));
        }
        text.push_str("</g>\n");
        let mut left = left;
        for (name, callee) in &self.callees {
            callee.draw(name, left, row + 1, total, text);
            left = left.saturating_add(callee.ink);
        }
    }
}

/// `whole` · `ink` ÷ `total`, rounded down; none of nothing.
fn part(whole: u64, ink: u64, total: u64) -> u64 {
    let part = u128::from(whole) * u128::from(ink) / u128::from(total.max(1));
    part as u64
}

/// The same name has the same colour everywhere, between yellow and red.
fn colour(name: &str) -> String {
    let sum = name.bytes().fold(0_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    format!("hsl({} 80% 65%)", sum % 50)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stacks() -> Stacks {
        let own = |names: &[&str], ink| (names.iter().map(|&name| name.to_owned()).collect(), ink);
        Stacks(BTreeMap::from([
            own(&["main"], 1),
            own(&["main", "Vec<u8>;"], 2),
            own(&["main", "Vec<u8>;", "grow & copy"], 7),
        ]))
    }

    #[test]
    fn collapsed_stacks_have_a_line_each() {
        let expected = "main 1\nmain;Vec<u8>: 2\nmain;Vec<u8>:;grow & copy 7\n";
        assert_eq!(stacks().collapsed(), expected);
    }

    #[test]
    fn a_box_is_as_wide_as_its_share() {
        let svg = stacks().svg();
        let boxes: Vec<&str> = svg.lines().filter(|line| line.starts_with("<g>")).collect();
        assert_eq!(boxes.len(), 4);
        assert!(boxes[2].contains("<title>Vec&lt;u8&gt;;: 0.0009 gas, 90.00 %</title>"));
        assert!(boxes[2].contains("width=\"108000\""));
        assert!(boxes[3].contains("grow &amp; copy</text>"));
        assert!(svg.contains("viewBox=\"0 0 120000 7200\""));
    }
}
