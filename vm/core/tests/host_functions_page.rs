//! `docs/host-functions.md` is what the table of host functions and the gas schedule say.
//!
//! `AIVM_BLESS=1 cargo test --release -p aivm-core --test host_functions_page` writes it anew.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use aivm_core::{GasSchedule, HostFunction, HostSignature, INK_PER_GAS, ValueType};

const HEAD: &str = "# Host functions

What a contract may import. Names and types of `vm_hooks` and `console` are those that `stylus-sdk` 0.10 declares;
`aivm` is this machine's own. Pointers and lengths are i32, words are 32 bytes big-endian, addresses 20 bytes. A
pointer that leaves linear memory is a trap. What the functions mean in detail is said where they are implemented, in
`vm/host/src`, and where that differs from Stylus in [ADR 13](adr/0013-calls-between-contracts.md).

Every function takes its fixed price before it does anything, and what comes on top before the work that it pays for.
Prices are in ink, 10,000 to a gas; their names are fields of `GasSchedule` (`vm/core/src/schedule.rs`).

Written by `vm/core/tests/host_functions_page.rs` from the table in `vm/core/src/host_function.rs`.
";

#[test]
fn the_page_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/host-functions.md");
    let page = page();
    if std::env::var_os("AIVM_BLESS").is_some() {
        std::fs::write(&path, page).expect("the page");
        return;
    }
    let written = std::fs::read_to_string(&path).expect("the page");
    assert!(
        written == page,
        "{} is not what the table says; AIVM_BLESS=1 writes it anew",
        path.display()
    );
}

#[test]
fn whatever_a_price_names_is_a_field_of_the_schedule() {
    for function in HostFunction::ALL {
        for field in named_fields(function.signature()) {
            assert!(price_of(&field).is_some(), "{function:?}: {field}");
        }
    }
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for module in ["vm_hooks", "console", "aivm"] {
        let _ = write!(page, "\n## `{module}`\n\n");
        if module == aivm_core::host_function::DEBUG_MODULE {
            page.push_str(
                "A module that imports one of these is refused, except in debug mode.\n\n",
            );
        }
        page.push_str("| function | fixed price | on top | what it does |\n|---|---|---|---|\n");
        for function in HostFunction::ALL {
            let signature = function.signature();
            if signature.module == module {
                let _ = writeln!(page, "{}", row(*function, signature));
            }
        }
    }
    page.push_str("\n## Prices\n\n| name | ink |\n|---|---|\n");
    let fields: BTreeSet<String> = HostFunction::ALL
        .iter()
        .flat_map(|function| named_fields(function.signature()))
        .collect();
    for field in fields {
        let price = price_of(&field).expect("the other test says so");
        let _ = writeln!(page, "| `{field}` | {} |", grouped(price));
    }
    page
}

fn row(function: HostFunction, signature: &HostSignature) -> String {
    let terms: Vec<String> = signature
        .price
        .iter()
        .map(|(count, field)| match count {
            1 => format!("`{field}`"),
            _ => format!("{count} × `{field}`"),
        })
        .collect();
    let ink = function.fixed_price(&GasSchedule::V1);
    let types: Vec<&str> = signature
        .parameters
        .iter()
        .map(|ty| type_name(*ty))
        .collect();
    let result = signature.result.map(|ty| format!(" → {}", type_name(ty)));
    format!(
        "| `{}` ({}){} | {} = {}{} | {} | {} |",
        signature.name,
        types.join(", "),
        result.unwrap_or_default(),
        terms.join(" + "),
        grouped(ink),
        match ink / INK_PER_GAS {
            0 => String::new(),
            gas => format!(" ({} gas)", grouped(gas)),
        },
        signature.price_on_top,
        signature.doc,
    )
}

fn type_name(ty: ValueType) -> &'static str {
    match ty {
        ValueType::I32 => "i32",
        ValueType::I64 => "i64",
    }
}

/// The fields of the schedule that a function's price names.
fn named_fields(signature: &HostSignature) -> Vec<String> {
    let fixed = signature.price.iter().map(|(_, field)| (*field).to_owned());
    // Every second piece between backticks, except the names of other functions.
    let on_top = signature.price_on_top.split('`').skip(1).step_by(2);
    let on_top = on_top.filter(|name| HostFunction::find("vm_hooks", name).is_none());
    fixed.chain(on_top.map(str::to_owned)).collect()
}

/// The price of this name, read from what the schedule prints of itself.
fn price_of(field: &str) -> Option<u64> {
    let printed = format!("{:#?}", GasSchedule::V1);
    let mut lines = printed.lines().map(str::trim);
    let value = lines.find_map(|line| line.strip_prefix(field)?.strip_prefix(": "))?;
    value.trim_end_matches(',').parse().ok()
}

/// A number with commas between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
