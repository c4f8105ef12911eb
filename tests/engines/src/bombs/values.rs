//! Bombs of values: chains and graphs of arithmetic, deep operand stacks, loads and stores, bulk operations.

use super::{Bomb, bodies, repeated};

/// Values of a deep operand stack, below the limit of 1,024.
const DEEP: usize = 1000;

/// A chain in which each unit takes what the one before it left.
fn chain(name: &'static str, unit: &'static str) -> Bomb {
    repeated(name, unit).between("local.get 1 ", "local.set 1")
}

/// A chain with another constant in each unit.
fn chain_of_constants(name: &'static str, op: &'static str) -> Bomb {
    bodies(name, move |unit| {
        format!("i64.const {} {op}", unit * 0x9E37 + 3)
    })
    .between("local.get 1 ", "local.set 1")
}

/// A deep stack: every value made by `push`, something done with all on the stack, then `fold` between all.
fn deep(
    name: &'static str,
    push: fn(usize) -> String,
    middle: &'static str,
    fold: &'static str,
) -> Bomb {
    bodies(name, move |_| {
        let values: String = (0..DEEP).map(push).collect();
        format!(
            "{values} {middle} {} drop",
            format!("{fold} ").repeat(DEEP - 1)
        )
    })
}

pub(super) fn families() -> Vec<Bomb> {
    let mut all = arithmetic();
    all.extend(graphs());
    all.extend(stacks());
    all.extend(memory());
    all
}

fn arithmetic() -> Vec<Bomb> {
    vec![
        chain_of_constants("sums", "i64.add"),
        chain_of_constants("products", "i64.mul"),
        chain_of_constants("quotients", "i64.div_s"),
        chain_of_constants("remainders", "i64.rem_u"),
        chain_of_constants("shifts", "i64.shr_s"),
        chain_of_constants("rotations", "i64.rotl"),
        chain_of_constants("comparisons", "i64.lt_s i64.extend_i32_u"),
        chain("shifts by a variable", "local.get 3 i64.shl"),
        chain("quotients by a variable", "local.get 3 i64.div_s"),
        chain("remainders by a variable", "local.get 3 i64.rem_s"),
        chain("bits counted", "i64.popcnt"),
        chain("zeros counted", "i64.clz i64.ctz"),
        chain("tests for zero", "i64.eqz i64.extend_i32_s"),
        chain("widths changed", "i32.wrap_i64 i64.extend_i32_u"),
        chain(
            "signs extended",
            "i64.extend8_s i64.extend16_s i64.extend32_s",
        ),
        bodies("constants", |unit| {
            format!("i64.const {} drop", 0x7FFF_0123_4567_89AB_u64 - unit as u64)
        }),
        bodies("constants kept", |unit| {
            format!(
                "i64.const {} local.set 3",
                0x7FFF_0123_4567_89AB_u64 - unit as u64
            )
        }),
        repeated("nothing at all", "nop"),
        repeated("values dropped", "local.get 1 drop"),
        chain("choices", "i64.const 5 local.get 0 select"),
        chain(
            "smaller of two",
            "local.tee 3 local.get 1 local.get 3 local.get 1 i64.lt_s select",
        ),
    ]
}

fn graphs() -> Vec<Bomb> {
    vec![
        chain("graphs that double", "local.tee 3 local.get 3 i64.add"),
        chain(
            "graphs that double with xor",
            "local.tee 3 i64.const 1 i64.shl local.get 3 i64.xor",
        ),
        repeated(
            "the same again",
            "local.get 1 local.get 1 i64.mul local.set 3",
        ),
        chain(
            "identities",
            "i64.const 0 i64.add i64.const 1 i64.mul i64.const -1 i64.and",
        ),
        chain(
            "sums of known numbers",
            "i64.const 3 i64.const 5 i64.mul i64.add",
        ),
        chain(
            "masks joined",
            "local.tee 3 i64.const 0xff00ff i64.and local.get 3 i64.const -16711936 i64.and i64.or",
        ),
        chain(
            "shifts of shifts",
            "i64.const 3 i64.shl i64.const 5 i64.shr_u i64.const 7 i64.shl",
        ),
        chain(
            "differences of sums",
            "local.tee 3 local.get 1 i64.add local.get 3 i64.sub",
        ),
        chain("negations", "i64.const -1 i64.xor i64.const 0 i64.sub"),
        chain(
            "bytes swapped by hand",
            "local.tee 3 i64.const 8 i64.shl local.get 3 i64.const 56 i64.shr_u i64.or",
        ),
        chain(
            "powers of two divided",
            "i64.const 8 i64.div_u i64.const 8 i64.mul i64.const 16 i64.rem_u",
        ),
        chain(
            "choices of comparisons",
            "local.tee 3 local.get 1 i64.lt_u i64.extend_i32_u local.get 3 local.get 1 i64.gt_u i64.extend_i32_u i64.xor",
        ),
    ]
}

fn stacks() -> Vec<Bomb> {
    let constant = |index: usize| format!("i64.const {} ", index * 77_777);
    let local = |_| "local.get 1 ".to_owned();
    let load = |index: usize| format!("local.get 0 i64.load offset={} ", index * 8);
    let product = |index: usize| format!("local.get 1 i64.const {} i64.mul ", index * 2 + 3);
    vec![
        deep("deep stacks of constants", constant, "", "i64.add"),
        deep("deep stacks of locals", local, "", "i64.add"),
        deep("deep stacks of loads", load, "", "i64.add"),
        deep("deep stacks of products", product, "", "i64.xor"),
        deep(
            "deep stacks over a call",
            product,
            "call $nothing",
            "i64.xor",
        ),
        deep(
            "deep stacks over calls",
            product,
            "call $nothing call $nothing call $nothing call $nothing call $nothing call $nothing call $nothing call $nothing",
            "i64.xor",
        ),
        deep(
            "deep stacks over a branch",
            product,
            "local.get 0 br_if 0",
            "i64.xor",
        ),
        deep(
            "deep stacks over a loop",
            product,
            "loop local.get 0 br_if 0 end",
            "i64.xor",
        ),
        deep(
            "deep stacks stored",
            load,
            "",
            "local.set 3 local.get 0 local.get 3 i64.store",
        ),
        bodies("products, all alive", |unit| {
            format!(
                "local.get 1 i64.const {} i64.mul local.set {}",
                unit * 2 + 3,
                4 + unit % 344
            )
        })
        .locals(344),
    ]
}

fn memory() -> Vec<Bomb> {
    let offset = |unit: usize| unit * 8 % 60_000;
    vec![
        repeated("loads, each from the last", "i32.load offset=4")
            .between("local.get 0 ", "local.set 2"),
        bodies("loads summed", move |unit| {
            format!("local.get 0 i64.load offset={} i64.add", offset(unit))
        })
        .between("local.get 1 ", "local.set 1"),
        bodies("loads of bytes", move |unit| {
            format!("local.get 0 i64.load8_s offset={} drop", offset(unit))
        }),
        bodies("loads from afar", |unit| {
            format!(
                "local.get 0 i64.load offset={} drop",
                0xFFFF_FFFF_u64 - unit as u64
            )
        }),
        bodies("stores", move |unit| {
            format!("local.get 0 local.get 1 i64.store offset={}", offset(unit))
        }),
        bodies("stores of bytes", move |unit| {
            format!("local.get 0 local.get 1 i64.store8 offset={}", offset(unit))
        }),
        bodies("loads of what was stored", move |unit| {
            let offset = offset(unit);
            format!(
                "local.get 0 local.get 1 i64.store offset={offset} local.get 0 i64.load offset={offset} local.set 1"
            )
        }),
        repeated(
            "loads and stores of one place",
            "local.get 0 local.get 0 i64.load i64.const 1 i64.add i64.store",
        ),
        repeated("memory.size", "memory.size drop"),
        repeated("memory.grow", "i32.const 0 memory.grow drop"),
        repeated(
            "memory.copy",
            "local.get 0 local.get 0 local.get 0 memory.copy",
        ),
        repeated(
            "memory.fill",
            "local.get 0 local.get 0 local.get 0 memory.fill",
        ),
        repeated(
            "memory.init",
            "local.get 0 local.get 0 local.get 0 memory.init $passive",
        ),
        repeated("data.drop", "data.drop $passive"),
        repeated(
            "table.copy",
            "local.get 0 local.get 0 local.get 0 table.copy",
        ),
        repeated(
            "table.init",
            "local.get 0 local.get 0 local.get 0 table.init $passive",
        ),
        repeated("elem.drop", "elem.drop $passive"),
        repeated(
            "a global counted",
            "global.get $i64 i64.const 1 i64.add global.set $i64",
        ),
        bodies("globals copied on", |unit| {
            format!(
                "global.get {} global.set {}",
                2 + unit % 1000,
                2 + unit * 7 % 1000
            )
        })
        .declaring("(global (mut i64) (i64.const 1))".repeat(1000)),
    ]
}
