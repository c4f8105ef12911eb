//! Bombs of control flow: nests, branches, tables, values that branches carry, locals that paths change.

use super::{Bomb, bodies, repeated};

/// Depth of nests, below the limit of 256 with what surrounds them.
const DEEP: usize = 240;
/// Locals besides those that every body has, up to the limit.
const LOCALS: usize = 344;

const SIXTEEN: &str = "local.get 1 local.get 1 local.get 1 local.get 1 local.get 1 local.get 1 local.get 1 local.get 1 \
     local.get 1 local.get 1 local.get 1 local.get 1 local.get 1 local.get 1 local.get 1 local.get 1 ";
const DROP_SIXTEEN: &str =
    "drop drop drop drop drop drop drop drop drop drop drop drop drop drop drop drop ";

/// Units of a nest: `open` as often as nests are deep, and what closes them.
fn nest(name: &'static str, open: &'static str) -> Bomb {
    bodies(name, move |_| open.repeat(DEEP) + &"end ".repeat(DEEP))
}

/// Units inside of as many blocks as are allowed.
fn inside(
    name: &'static str,
    block: &str,
    unit: impl Fn(usize) -> String + Send + Sync + 'static,
) -> Bomb {
    bodies(name, unit).between(block.repeat(DEEP), "end ".repeat(DEEP))
}

/// All depths of a nest, for a `br_table`.
fn depths(first: usize) -> String {
    (first..DEEP).map(|depth| format!("{depth} ")).collect()
}

/// The local that is a unit's turn.
fn local(unit: usize) -> usize {
    4 + unit % LOCALS
}

/// Reads every local at the end, so that all live until then.
fn read_all() -> String {
    (4..4 + LOCALS)
        .map(|local| format!("local.get {local} global.set $i64 "))
        .collect()
}

/// Gives every local a value of its own.
fn write_all() -> String {
    (4..4 + LOCALS)
        .map(|local| format!("i64.const {local} local.set {local} "))
        .collect()
}

/// A loop over states, each of which may go on to each by one table.
fn machine(states: usize) -> String {
    let table: String = (0..states).map(|state| format!("{state} ")).collect();
    let cases: String = (0..states)
        .map(|state| {
            let next = state * 7 % states;
            let again = states - 1 - state;
            format!("end i64.const {state} local.set 3 i32.const {next} local.set 2 local.get 0 br_if {again} ")
        })
        .collect();
    format!(
        "loop {} local.get 2 br_table {table} 0 {cases} end",
        "block ".repeat(states)
    )
}

pub(super) fn families() -> Vec<Bomb> {
    let mut all = nests_and_branches();
    all.extend(carried_values());
    all.extend(locals_and_paths());
    all
}

fn nests_and_branches() -> Vec<Bomb> {
    vec![
        nest("nested blocks", "block "),
        nest("nested loops", "loop "),
        nest("nested ifs", "local.get 0 if "),
        nest("nested second arms", "local.get 0 if else "),
        repeated("empty blocks", "block end"),
        repeated("empty loops", "loop end"),
        repeated("empty ifs", "local.get 0 if end"),
        repeated("empty second arms", "local.get 0 if else end"),
        repeated("branches out of blocks", "block local.get 0 br_if 0 end"),
        repeated("loops that come round", "loop local.get 0 br_if 0 end"),
        repeated("branches to the end", "local.get 0 br_if 0"),
        inside("branches to 240 blocks", "block ", |unit| {
            format!("local.get 0 br_if {}", unit % DEEP)
        }),
        inside("branches to 240 loops", "loop ", |unit| {
            format!("local.get 0 br_if {}", unit % DEEP)
        }),
        bodies("tables of one target", |_| {
            format!("block local.get 0 br_table {} end", "0 ".repeat(400))
        }),
        bodies("a table of 4,096 targets", |_| {
            format!("block local.get 0 br_table {} end", "0 ".repeat(4097))
        }),
        inside("tables of 240 blocks", "block ", |_| {
            format!("block local.get 0 br_table {} end", depths(0))
        }),
        inside("tables of 240 loops", "loop ", |_| {
            format!("block local.get 0 br_table {} end", depths(1))
        }),
        repeated(
            "tables of two targets",
            "block block local.get 0 br_table 0 1 end end",
        ),
        bodies("machines of states", |_| machine(200)),
        repeated("returns in ifs", "local.get 0 if return end"),
        repeated("traps in ifs", "local.get 0 if unreachable end"),
        repeated(
            "dead code after a branch",
            "block br 0 i32.const 1 i32.const 2 i32.add drop end",
        ),
        repeated(
            "dead code after a trap",
            "local.get 0 if unreachable i32.add i64.extend_i32_u drop end",
        ),
        repeated(
            "dead nests",
            "block br 0 block loop i32.const 1 if else end end end end",
        ),
    ]
}

fn carried_values() -> Vec<Bomb> {
    vec![
        repeated(
            "blocks with a result",
            "block (result i64) i64.const 1 end drop",
        ),
        bodies("nested blocks with a result", |_| {
            format!(
                "{} i64.const 1 {} drop",
                "block (result i64) ".repeat(DEEP),
                "end ".repeat(DEEP)
            )
        }),
        repeated(
            "branches with a value",
            "block (result i64) i64.const 1 local.get 0 br_if 0 end drop",
        ),
        repeated(
            "ifs with a value",
            "local.get 0 if (result i64) i64.const 1 else local.get 1 end local.set 1",
        ),
        bodies("blocks with sixteen results", |_| {
            format!("block (type $r16) {SIXTEEN} end {DROP_SIXTEEN}")
        }),
        bodies("loops with sixteen parameters", |_| {
            format!("{SIXTEEN} loop (type $p16) {DROP_SIXTEEN} end")
        }),
        bodies("loops that carry sixteen round", |_| {
            format!("{SIXTEEN} loop (type $p16r16) local.get 0 br_if 0 end {DROP_SIXTEEN}")
        }),
        bodies("ifs with sixteen", |_| {
            format!("{SIXTEEN} local.get 0 if (type $p16r16) else end {DROP_SIXTEEN}")
        }),
        bodies("branches with sixteen", |_| {
            format!("{SIXTEEN} local.get 0 br_if 0 {DROP_SIXTEEN}")
        })
        .between(
            "block (type $r16) ",
            format!("{SIXTEEN} end {DROP_SIXTEEN}"),
        ),
        bodies("tables with sixteen", |_| {
            format!(
                "block (type $r16) {SIXTEEN} local.get 0 br_table {} end {DROP_SIXTEEN}",
                depths(0)
            )
        })
        .between(
            "block (type $r16) ".repeat(DEEP),
            format!("{SIXTEEN} {} {DROP_SIXTEEN}", "end ".repeat(DEEP)),
        ),
    ]
}

fn locals_and_paths() -> Vec<Bomb> {
    let alive = |name, unit| {
        repeated(name, unit)
            .locals(LOCALS)
            .between(write_all(), read_all())
    };
    vec![
        bodies("a local written in two arms", |_| {
            "local.get 0 if i64.const 1 local.set 3 else i64.const 2 local.set 3 end".to_owned()
        }),
        bodies("locals written in two arms", |unit| {
            let local = local(unit);
            format!("local.get 0 if i64.const 1 local.set {local} else i64.const 2 local.set {local} end")
        })
        .locals(LOCALS)
        .between("", read_all()),
        bodies("twenty locals written in an arm", |unit| {
            let writes: String = (0..20)
                .map(|next| format!("i64.const {next} local.set {} ", local(unit * 20 + next)))
                .collect();
            format!("local.get 0 if {writes} end")
        })
        .locals(LOCALS)
        .between("", read_all()),
        bodies("locals counted in loops", |unit| {
            let local = local(unit);
            format!("loop local.get {local} i64.const 1 i64.add local.set {local} local.get 0 br_if 0 end")
        })
        .locals(LOCALS)
        .between("", read_all()),
        bodies("locals counted in nested loops", |unit| {
            let counts: String = (0..DEEP)
                .map(|next| {
                    let local = local(unit + next);
                    format!("loop local.get {local} i64.const 1 i64.add local.set {local} ")
                })
                .collect();
            counts + &"local.get 0 br_if 0 end ".repeat(DEEP)
        })
        .locals(LOCALS)
        .between("", read_all()),
        bodies("locals changed places in a loop", |unit| {
            let (a, b) = (local(unit), local(unit + 1));
            format!("local.get {a} local.get {b} local.set {a} local.set {b}")
        })
        .locals(LOCALS)
        .between("loop ", format!("local.get 0 br_if 0 end {}", read_all())),
        bodies("locals copied on", |unit| {
            format!("local.get {} local.set {}", local(unit), local(unit * 31 + 7))
        })
        .locals(LOCALS)
        .between("", read_all()),
        bodies("chains of local.tee", |unit| {
            let (a, b, c) = (local(unit), local(unit + 100), local(unit + 200));
            format!("local.get {a} local.tee {b} local.tee {c} drop")
        })
        .locals(LOCALS)
        .between("", read_all()),
        alive("locals alive over branches", "local.get 0 br_if 0"),
        alive("locals alive over blocks", "block local.get 0 br_if 0 end"),
        alive("locals alive over loops", "loop local.get 0 br_if 0 end"),
        alive("locals alive over tables", "block local.get 0 br_table 0 0 end"),
        alive("locals alive over calls", "call $nothing"),
        alive("locals alive over host calls", "call $host drop"),
        alive("locals alive over loads", "local.get 0 i32.load drop"),
        alive("locals alive over divisions", "local.get 1 local.get 1 i64.div_s local.set 1"),
        alive("locals alive over memory.grow", "local.get 0 memory.grow drop"),
        alive("locals alive over ifs", "local.get 0 if local.get 1 i64.const 1 i64.add local.set 1 end"),
        repeated("locals never used", "nop").locals(LOCALS),
    ]
}
