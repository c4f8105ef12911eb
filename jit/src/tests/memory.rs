//! Bounds of loads and stores, growth, bulk operations.

use super::*;

const OUT: Exit = Exit::Trap(TrapCode::MemoryOutOfBounds);
const PAGE: u64 = 65_536;

/// Load, its width, and what it makes of the bytes 0x80, 0x81, … 0x87.
const LOADS: [(&str, u64, u64); 12] = [
    ("i32.load", 4, 0x8382_8180),
    ("i32.load8_s", 1, 0xffff_ff80),
    ("i32.load8_u", 1, 0x80),
    ("i32.load16_s", 2, 0xffff_8180),
    ("i32.load16_u", 2, 0x8180),
    ("i64.load", 8, 0x8786_8584_8382_8180),
    ("i64.load8_s", 1, 0xffff_ffff_ffff_ff80),
    ("i64.load8_u", 1, 0x80),
    ("i64.load16_s", 2, 0xffff_ffff_ffff_8180),
    ("i64.load16_u", 2, 0x8180),
    ("i64.load32_s", 4, 0xffff_ffff_8382_8180),
    ("i64.load32_u", 4, 0x8382_8180),
];

const STORES: [(&str, u64); 7] = [
    ("i32.store", 4),
    ("i32.store8", 1),
    ("i32.store16", 2),
    ("i64.store", 8),
    ("i64.store8", 1),
    ("i64.store16", 2),
    ("i64.store32", 4),
];

/// A memory of one page that code never grows, and one of the same size whose code could.
const SHAPES: [&str; 2] = ["", "(func (drop (memory.grow (i32.const 0))))"];

#[test]
fn loads_extend_and_stop_at_the_last_byte() {
    for shape in SHAPES {
        for (load, width, value) in LOADS {
            let ty = &load[..3];
            for offset in [
                0,
                1,
                4096,
                PAGE - width,
                0x7fff_ffff,
                0x8000_0000,
                0xffff_ffff,
            ] {
                let wat = format!(
                    "(module (memory 1 2) {shape}
                       (data (i32.const {end}) \"\\80\\81\\82\\83\\84\\85\\86\\87\")
                       (func (export \"f\") (param i32) (result {ty})
                         local.get 0 {load} offset={offset}))",
                    end = PAGE - 8
                );
                for mut instance in each_form(&wat) {
                    let mut at = |address: u64| instance.exit("f", &[address]);
                    for address in [0xffff_ffff, 0xffff_0000, 0x8000_0000, 0x7fff_ffff] {
                        assert_eq!(at(address), OUT, "{load} {offset} {address}");
                    }
                    if let Some(data) = (PAGE - 8).checked_sub(offset) {
                        assert_eq!(at(data), returns(&[value]), "{load} {offset}");
                    }
                    match (PAGE - width).checked_sub(offset) {
                        Some(last) => {
                            assert!(matches!(at(last), Exit::Return(_)), "{load} {offset}");
                            assert_eq!(at(last + 1), OUT, "{load} {offset}");
                        }
                        None => assert_eq!(at(0), OUT, "{load} {offset}"),
                    }
                }
            }
        }
    }
}

#[test]
fn stores_write_their_width_and_stop_at_the_last_byte() {
    for shape in SHAPES {
        for (store, width) in STORES {
            let ty = &store[..3];
            let wat = format!(
                "(module (memory 1 2) {shape}
                   (func (export \"f\") (param i32 {ty}) local.get 0 local.get 1 {store} offset=3))"
            );
            for mut instance in each_form(&wat) {
                let value = 0x8877_6655_4433_2211_u64;
                assert_eq!(instance.exit("f", &[97, value]), returns(&[]), "{store}");
                let mut expected = vec![0; 8];
                expected[..width as usize].copy_from_slice(&value.to_le_bytes()[..width as usize]);
                assert_eq!(&instance.memory()[100..108], expected, "{store}");

                let last = PAGE - width - 3;
                assert_eq!(instance.exit("f", &[last, value]), returns(&[]), "{store}");
                let before = instance.memory().to_vec();
                for address in [last + 1, PAGE, 0xffff_ffff, 0xffff_fffd] {
                    assert_eq!(instance.exit("f", &[address, value]), OUT, "{store}");
                }
                assert_eq!(instance.memory(), before, "{store}: a trap writes nothing");
            }
        }
    }
}

#[test]
fn a_check_is_left_out_only_where_a_larger_one_was_passed() {
    // The second access is covered by the first, the third is not.
    let covered = "(module (memory 1)
      (func (export \"f\") (param i32) (result i32)
        (i32.store8 offset=9 (local.get 0) (i32.const 7))
        (i32.store8 offset=3 (local.get 0) (i32.const 1))
        (i32.load8_u offset=10 (local.get 0))))";
    for mut instance in each_form(covered) {
        assert_eq!(instance.exit("f", &[PAGE - 11]), returns(&[0]));
        assert_eq!(instance.exit("f", &[PAGE - 10]), OUT);
        assert_eq!(
            instance.memory()[PAGE as usize - 7],
            1,
            "the stores were inside"
        );
        assert_eq!(instance.memory()[PAGE as usize - 1], 7);
    }
}

#[test]
fn a_check_in_one_arm_says_nothing_about_the_other_or_the_end() {
    let arms = "(module (memory 1)
      (func (export \"f\") (param i32 i32) (result i32)
        (if (local.get 1)
          (then (drop (i32.load (local.get 0))))
          (else (i32.store8 offset=3 (local.get 0) (i32.const 0))))
        (i32.load offset=0 (local.get 0)))
      (func (export \"g\") (param i32 i32) (result i32)
        (block (br_if 0 (local.get 1)) (drop (i32.load (local.get 0))))
        (i32.load (local.get 0)))
      (func (export \"h\") (param i32 i32) (result i32)
        (loop (if (i32.eqz (local.get 1)) (then (drop (i32.load (local.get 0))))))
        (i32.load (local.get 0))))";
    for mut instance in each_form(arms) {
        for name in ["f", "g", "h"] {
            for arm in [0, 1] {
                assert_eq!(instance.exit(name, &[PAGE - 3, arm]), OUT, "{name} {arm}");
                assert_eq!(
                    instance.exit(name, &[PAGE - 8, arm]),
                    returns(&[0]),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn an_address_that_changes_is_checked_again() {
    let moving = "(module (memory 1)
      (func (export \"f\") (param i32)
        (loop
          (i32.store8 (local.get 0) (i32.const 5))
          (local.set 0 (i32.add (local.get 0) (i32.const 1)))
          (br 0))))";
    for mut instance in each_form(moving) {
        assert_eq!(instance.exit("f", &[PAGE - 3]), OUT);
        assert_eq!(&instance.memory()[PAGE as usize - 4..], [0, 5, 5, 5]);
    }
}

#[test]
fn constant_addresses_are_inside_the_smallest_size_or_checked() {
    let wat = "(module (memory 1 2)
      (func (export \"last\") (result i32) (i32.load (i32.const 65532)))
      (func (export \"past\") (result i32) (i32.load (i32.const 65533)))
      (func (export \"far\") (result i32) (i32.load offset=0xffffffff (i32.const 0xffffffff)))
      (func (export \"grow\") (result i32) (memory.grow (i32.const 1))))";
    for mut instance in each_form(wat) {
        assert_eq!(instance.exit("last", &[]), returns(&[0]));
        assert_eq!(instance.exit("past", &[]), OUT);
        assert_eq!(instance.exit("far", &[]), OUT);
        assert_eq!(instance.exit("grow", &[]), returns(&[1]));
        assert_eq!(instance.exit("past", &[]), returns(&[0]));
        assert_eq!(instance.exit("far", &[]), OUT);
    }
}

#[test]
fn a_module_without_pages_has_no_byte() {
    let wat =
        "(module (memory 0 0) (func (export \"f\") (result i32) (i32.load8_u (i32.const 0))))";
    for mut instance in each_form(wat) {
        assert_eq!(instance.exit("f", &[]), OUT);
        assert!(instance.memory().is_empty());
    }
}

#[test]
fn memory_grows_to_its_limit_and_no_further() {
    let wat = "(module (memory 1 5)
      (func (export \"grow\") (param i32) (result i32 i32)
        (memory.grow (local.get 0)) (memory.size))
      (func (export \"touch\") (param i32) (i32.store (local.get 0) (i32.const -1))))";
    for mut instance in each_form(wat) {
        let base = instance.memory().as_ptr();
        assert_eq!(instance.exit("touch", &[PAGE]), OUT);
        assert_eq!(instance.exit("grow", &[3]), returns(&[1, 4]));
        assert_eq!(instance.exit("grow", &[2]), returns(&[0xffff_ffff, 4]));
        assert_eq!(
            instance.exit("grow", &[0xffff_ffff]),
            returns(&[0xffff_ffff, 4])
        );
        assert_eq!(instance.exit("grow", &[1]), returns(&[4, 5]));
        assert_eq!(instance.exit("grow", &[1]), returns(&[0xffff_ffff, 5]));
        assert_eq!(instance.exit("grow", &[0]), returns(&[5, 5]));
        assert_eq!(instance.exit("touch", &[5 * PAGE - 4]), returns(&[]));
        assert_eq!(instance.exit("touch", &[5 * PAGE - 3]), OUT);
        assert_eq!(instance.memory().len() as u64, 5 * PAGE);
        assert_eq!(instance.memory().as_ptr(), base, "the base never moves");
    }
}

#[test]
fn a_callee_that_grows_memory_is_noticed() {
    let wat = "(module (memory 1 2) (table funcref (elem $grow))
      (func $grow (drop (memory.grow (i32.const 1))))
      (func (export \"f\") (param i32) (result i32)
        (if (local.get 0) (then (call $grow)) (else (call_indirect (i32.const 0))))
        (i32.load (i32.const 65536))))";
    for arm in [0, 1] {
        for mut instance in each_form(wat) {
            assert_eq!(instance.exit("f", &[arm]), returns(&[0]));
        }
    }
}

#[test]
fn growth_is_charged_only_when_it_happens() {
    let wat = "(module (memory 1 3)
      (func (export \"f\") (param i32) (result i32) (memory.grow (local.get 0))))";
    let module = plan(wat);
    let [Op::Charge(base), ..] = module.functions[0].ops[..] else {
        panic!("a charge comes first");
    };
    let page = module.dynamic_costs.memory_page;
    let grow = |pages, ink| instance(wat).run("f", &[pages], ink);
    assert_eq!(grow(2, base + 2 * page), (returns(&[1]), 0));
    assert_eq!(grow(2, base + 2 * page - 1), (Exit::OutOfInk, 0));
    assert_eq!(grow(3, base), (returns(&[0xffff_ffff]), 0));
    assert_eq!(grow(0, base + 5), (returns(&[1]), 5));
}

#[test]
fn bulk_operations_charge_then_check_then_act_on_all_or_nothing() {
    let wat = "(module (memory 1)
      (data $text \"abcdef\")
      (data (i32.const 16) \"0123456789\")
      (func (export \"copy\") (param i32 i32 i32)
        (memory.copy (local.get 0) (local.get 1) (local.get 2)))
      (func (export \"fill\") (param i32 i32 i32)
        (memory.fill (local.get 0) (local.get 1) (local.get 2)))
      (func (export \"init\") (param i32 i32 i32)
        (memory.init $text (local.get 0) (local.get 1) (local.get 2)))
      (func (export \"drop\") (data.drop $text)))";
    let module = plan(wat);
    let [Op::Charge(base), ..] = module.functions[0].ops[..] else {
        panic!("a charge comes first");
    };
    let byte = module.dynamic_costs.bulk_byte;

    for mut instance in each_form(wat) {
        assert_eq!(instance.exit("copy", &[18, 16, 8]), returns(&[]));
        assert_eq!(&instance.memory()[16..26], b"0101234567", "overlap upwards");
        assert_eq!(instance.exit("copy", &[16, 18, 8]), returns(&[]));
        assert_eq!(
            &instance.memory()[16..26],
            b"0123456767",
            "overlap downwards"
        );
        assert_eq!(instance.exit("fill", &[16, 0x1_41, 2]), returns(&[]));
        assert_eq!(&instance.memory()[15..19], b"\0AA2");
        assert_eq!(instance.exit("init", &[0, 1, 3]), returns(&[]));
        assert_eq!(&instance.memory()[0..4], b"bcd\0");

        let before = instance.memory().to_vec();
        for (name, arguments) in [
            ("copy", [PAGE - 1, 0, 2]),
            ("copy", [0, PAGE - 1, 2]),
            ("copy", [PAGE + 1, 0, 0]),
            ("copy", [0xffff_ffff, 0, 0xffff_ffff]),
            ("fill", [PAGE - 1, 7, 2]),
            ("fill", [PAGE + 1, 7, 0]),
            ("init", [PAGE - 1, 0, 2]),
            ("init", [0, 5, 2]),
            ("init", [0, 7, 0]),
        ] {
            assert_eq!(instance.exit(name, &arguments), OUT, "{name} {arguments:?}");
        }
        assert_eq!(instance.memory(), before);
        assert_eq!(instance.exit("copy", &[PAGE, PAGE, 0]), returns(&[]));
        assert_eq!(instance.exit("init", &[PAGE, 6, 0]), returns(&[]));

        // Out of bounds, but the charge comes first.
        let short = base + byte * 0x1_0001 - 1;
        assert_eq!(
            instance.run("fill", &[0, 1, 0x1_0001], short),
            (Exit::OutOfInk, 0)
        );
        assert_eq!(instance.run("fill", &[0, 1, 0x1_0001], short + 4), (OUT, 0));

        assert_eq!(instance.exit("drop", &[]), returns(&[]));
        assert_eq!(instance.exit("drop", &[]), returns(&[]));
        assert_eq!(instance.exit("init", &[0, 0, 1]), OUT);
        assert_eq!(instance.exit("init", &[0, 0, 0]), returns(&[]));
    }
}

#[test]
fn an_active_segment_is_applied_once_and_dropped() {
    let wat = "(module (memory 1) (data (i32.const 3) \"xyz\")
      (func (export \"f\") (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1))))";
    assert_eq!(&instance(wat).memory()[..8], b"\0\0\0xyz\0\0");
    assert_eq!(exit(wat, &[]), OUT);
}

#[test]
fn a_segment_out_of_bounds_traps_the_instantiation() {
    let module = plan("(module (memory 1) (data (i32.const 65534) \"abc\"))");
    let compiled = Arc::new(CompiledModule::compile(&Arc::new(module)).expect("compiles"));
    assert_eq!(
        Instance::new(&compiled).err(),
        Some(TrapCode::MemoryOutOfBounds)
    );
}
