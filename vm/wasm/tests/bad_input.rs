//! Bad input is refused or accepted, never a panic, and never costs more heap than its length allows.
#![allow(unsafe_code)] // An allocator that counts is the only way to see the heap.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use aivm_core::{GasSchedule, Limits};
use aivm_wasm::{Refusal, Rules, ValidatedModule, meter, validate};
use support::Random;

/// Counts what the current thread holds and held at most.
struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

fn count(taken: usize, given_back: usize) {
    let held = HELD.get().saturating_add(taken).saturating_sub(given_back);
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches two thread-local cells
// that need no allocation and no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both blocks exist while bytes are moved.
        count(size, 0);
        // SAFETY: the caller keeps `realloc`'s contract.
        let moved = unsafe { System.realloc(pointer, layout, size) };
        count(0, layout.size());
        moved
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Validates, and checks the heap that it took.
fn validate_counted(bytes: &[u8], rules: Rules) -> (Result<ValidatedModule, Refusal>, usize) {
    let before = HELD.get();
    PEAK.set(before);
    let result = validate(bytes, &Limits::CONTRACT, rules);
    let heap = PEAK.get() - before;
    let allowed = 4 * bytes.len() + (1 << 20);
    assert!(
        heap <= allowed,
        "{heap} bytes of heap for {} of code",
        bytes.len()
    );
    (result, heap)
}

#[test]
fn the_counter_counts() {
    let before = HELD.get();
    PEAK.set(before);
    let bytes = std::hint::black_box(vec![0_u8; 3 << 20]);
    assert_eq!(HELD.get() - before, 3 << 20);
    drop(bytes);
    assert_eq!(HELD.get(), before);
    assert_eq!(PEAK.get() - before, 3 << 20);
}

/// A contract near the code size limit: some hundreds of functions with every kind of statement.
fn large_contract() -> Vec<u8> {
    let mut text = String::from(
        r#"(module
        (import "vm_hooks" "read_args" (func (param i32)))
        (memory (export "memory") 2)
        (table 64 funcref)
        (global (mut i32) (i32.const 1024))
        (data (i32.const 64) "some bytes that the contract starts with")
        (elem (i32.const 0) func 1 2 3)
        (func (export "user_entrypoint") (param i32) (result i32) i32.const 0 call 0 i32.const 0)"#,
    );
    for index in 0..900 {
        text.push_str(&format!(
            "(func (param i32 i64) (result i64) (local i32 i64 i32)
                block
                    loop
                        local.get 0 i32.const {index} i32.sub local.tee 2 br_if 1
                        local.get 2 i32.load offset={index} global.set 0
                        local.get 1 i64.const {index} i64.rotl local.set 3
                        block block block local.get 2 br_table 0 1 2 end unreachable end
                            local.get 0 if (result i64) i64.const 7 else local.get 3 end return
                        end
                        local.get 2 local.get 3 local.get 2 call_indirect (param i32 i64) (result i64)
                        local.set 1 br 0
                    end
                end
                i64.const {index})"
        ));
    }
    text.push(')');
    wat::parse_str(&text).expect("a module")
}

/// Truncates a module or flips some of its bits.
fn mutate(random: &mut Random, module: &[u8]) -> Vec<u8> {
    let mut bytes = module.to_vec();
    match random.below(4) {
        0 => bytes.truncate(random.below(module.len())),
        1 => {
            let at = random.below(bytes.len());
            bytes[at] = random.bits().to_le_bytes()[0];
        }
        _ => {
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
        }
    }
    bytes
}

/// 10,000 modules, or `AIVM_MUTATIONS`.
#[test]
fn damaged_modules() {
    let turns =
        std::env::var("AIVM_MUTATIONS").map_or(10_000, |turns| turns.parse().expect("a number"));
    let mut originals = vec![large_contract()];
    originals.extend((0..7).map(|seed| support::module(seed, 4_000)));
    println!(
        "lengths: {:?}",
        originals.iter().map(Vec::len).collect::<Vec<_>>()
    );
    assert!(
        originals[0].len() > 64 * 1024,
        "no real size: {}",
        originals[0].len()
    );
    let (contract, _) = validate_counted(&originals[0], Rules::Contract);
    contract.expect("the large contract is valid");
    let mut random = Random(10_000);
    let (mut accepted, mut refused, mut highest) = (0_usize, 0_usize, 0);
    for turn in 0..turns {
        // The large one takes its share of time: every 16th.
        let original = if turn % 16 == 0 { 0 } else { 1 + turn % 7 };
        let bytes = mutate(&mut random, &originals[original]);
        let (result, heap) = validate_counted(&bytes, Rules::Generic);
        highest = highest.max(heap);
        match result {
            Ok(module) => {
                accepted += 1;
                let plan = meter(&module, &GasSchedule::V1);
                std::hint::black_box(plan);
            }
            Err(refusal) => {
                refused += 1;
                let offset = usize::try_from(refusal.offset).expect("an offset");
                assert!(offset <= bytes.len(), "{refusal} in {} bytes", bytes.len());
            }
        }
    }
    println!("at most {highest} bytes of heap");
    println!("campaign: wasm_files={turns} wasm_accepted={accepted}");
    assert!(accepted > turns / 20 && refused > turns / 2);
}

/// Small files whose contents claim or make much.
#[test]
fn heap_bombs() {
    let wrap = |fields: &str| wat::parse_str(format!("(module {fields})")).expect("a module");
    let limits = Limits::CONTRACT;
    let bombs = [
        ("header of 2^32 - 1 types", {
            let sections = [1, 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x60];
            [b"\0asm\x01\0\0\0".as_slice(), &sections].concat()
        }),
        ("rec group of a million types", {
            let sections = [1, 6, 1, 0x4e, 0xc0, 0x84, 0x3d, 0x60];
            [b"\0asm\x01\0\0\0".as_slice(), &sections].concat()
        }),
        ("the most and largest types", {
            let types: String = (0..1024_u32)
                .map(|index| {
                    let parameters: String = (0..10)
                        .map(|bit| {
                            if index >> bit & 1 == 0 {
                                " i32"
                            } else {
                                " i64"
                            }
                        })
                        .collect();
                    format!(
                        "(type (func (param{parameters}{}) (result{})))",
                        " i64".repeat(54),
                        " i64".repeat(16)
                    )
                })
                .collect();
            wrap(&types)
        }),
        (
            "tiny functions",
            wrap(&"(func)".repeat(limits.functions as usize)),
        ),
        (
            "operands",
            wrap(&format!(
                "(func {} unreachable)",
                "i32.const 0 ".repeat(30_000)
            )),
        ),
        (
            "blocks",
            wrap(&format!(
                "(func {} {})",
                "block ".repeat(10_000),
                "end ".repeat(10_000)
            )),
        ),
        (
            "branch targets",
            wrap(&format!(
                "(func i32.const 0 br_table {})",
                "0 ".repeat(60_000)
            )),
        ),
        (
            "local groups",
            wrap(&format!(
                "(func {})",
                "(local i32) (local i64) ".repeat(170)
            )),
        ),
        ("empty local groups", {
            // 30,000 groups of no locals: function 0 of type 0.
            let mut body = vec![0xb0, 0xea, 0x01];
            body.extend([0, 0x7f, 0, 0x7e].repeat(15_000));
            body.push(0x0b);
            let leb = |n: usize| {
                [n & 127 | 128, n >> 7 & 127 | 128, n >> 14]
                    .map(|b| u8::try_from(b).expect("a byte"))
            };
            let mut code = vec![1];
            code.extend(leb(body.len()));
            code.extend(body);
            let mut file = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a".to_vec();
            file.extend(leb(code.len()));
            file.extend(code);
            file
        }),
        (
            "elements",
            wrap(&format!(
                "(elem funcref {})",
                "(ref.null func) ".repeat(40_000)
            )),
        ),
        (
            "typed selects",
            wrap(&format!(
                "(func unreachable {})",
                "select (result i32) ".repeat(10_000)
            )),
        ),
        (
            "custom section",
            wrap(&format!(
                r#"(@custom "{}" "{}")"#,
                "n".repeat(60_000),
                "x".repeat(60_000)
            )),
        ),
    ];
    for (name, bytes) in &bombs {
        let (result, heap) = validate_counted(bytes, Rules::Generic);
        let verdict = result.map_or_else(|refusal| refusal.to_string(), |_| "accepted".into());
        println!("{name}: {} bytes, {heap} of heap: {verdict}", bytes.len());
    }
}
