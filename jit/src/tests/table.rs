//! `call_indirect`, table operations, element segments.

use super::*;

const WAT: &str = "(module
  (type $to_i32 (func (result i32))) (type $to_i64 (func (result i64)))
  (table 6 funcref)
  (elem (i32.const 0) $one $two)
  (elem $more func $two $wide $one)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func $wide (result i64) (i64.const 3))
  (func (export \"call\") (param i32) (result i32) (call_indirect (type $to_i32) (local.get 0)))
  (func (export \"copy\") (param i32 i32 i32)
    (table.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export \"init\") (param i32 i32 i32)
    (table.init $more (local.get 0) (local.get 1) (local.get 2)))
  (func (export \"drop\") (elem.drop $more)))";

const OUT: Exit = Exit::Trap(TrapCode::TableOutOfBounds);
const NULL: Exit = Exit::Trap(TrapCode::IndirectCallToNull);

#[test]
fn index_null_and_type_are_checked() {
    let mut instance = instance(WAT);
    assert_eq!(instance.exit("call", &[0]), returns(&[1]));
    assert_eq!(instance.exit("call", &[1]), returns(&[2]));
    assert_eq!(instance.exit("call", &[2]), NULL);
    assert_eq!(instance.exit("call", &[5]), NULL);
    assert_eq!(instance.exit("call", &[6]), OUT);
    assert_eq!(instance.exit("call", &[0xffff_ffff]), OUT);
    assert_eq!(instance.exit("init", &[2, 1, 1]), returns(&[]));
    assert_eq!(instance.exit("call", &[2]), traps(TrapCode::BadSignature));
}

#[test]
fn table_operations_act_on_all_or_nothing() {
    let mut instance = instance(WAT);
    assert_eq!(instance.exit("copy", &[1, 0, 2]), returns(&[]));
    assert_eq!(instance.exit("call", &[1]), returns(&[1]));
    assert_eq!(instance.exit("call", &[2]), returns(&[2]));
    for (name, arguments) in [
        ("copy", [5, 0, 2]),
        ("copy", [0, 5, 2]),
        ("copy", [7, 0, 0]),
        ("copy", [0xffff_ffff, 0xffff_ffff, 0xffff_ffff]),
        ("init", [5, 0, 2]),
        ("init", [0, 2, 2]),
        ("init", [0, 4, 0]),
    ] {
        assert_eq!(instance.exit(name, &arguments), OUT, "{name} {arguments:?}");
    }
    assert_eq!(instance.exit("call", &[0]), returns(&[1]));
    assert_eq!(instance.exit("call", &[5]), NULL);
    assert_eq!(instance.exit("init", &[3, 0, 3]), returns(&[]));
    assert_eq!(instance.exit("call", &[5]), returns(&[1]));
    assert_eq!(instance.exit("drop", &[]), returns(&[]));
    assert_eq!(instance.exit("init", &[0, 0, 1]), OUT);
    assert_eq!(instance.exit("init", &[0, 0, 0]), returns(&[]));
}

#[test]
fn table_operations_charge_each_entry_before_the_check() {
    let module = plan(WAT);
    let entry = module.dynamic_costs.table_entry;
    let index = module.exported_function("copy").expect("an export") as usize;
    let Op::Charge(base) = module.functions[index].ops[0] else {
        panic!("a charge comes first");
    };
    let mut instance = instance(WAT);
    let full = base + 7 * entry;
    assert_eq!(instance.run("copy", &[0, 0, 7], full), (OUT, 0));
    assert_eq!(
        instance.run("copy", &[0, 0, 7], full - 1),
        (Exit::OutOfInk, 0)
    );
}

#[test]
fn a_module_whose_table_is_empty_traps_on_any_index() {
    let wat = "(module (table 0 funcref)
      (func (export \"f\") (param i32) (call_indirect (local.get 0))))";
    assert_eq!(exit(wat, &[0]), OUT);
    assert_eq!(exit(wat, &[1]), OUT);
}

#[test]
fn an_active_segment_is_applied_once_and_dropped() {
    let wat = "(module (table 2 funcref) (elem (i32.const 1) $f)
      (func $f (export \"f\") (table.init 0 (i32.const 0) (i32.const 0) (i32.const 1)))
      (func (export \"g\") (call_indirect (i32.const 1))))";
    assert_eq!(exit(wat, &[]), OUT);
    assert_eq!(instance(wat).exit("g", &[]), OUT, "the call reached f");
}

#[test]
fn a_segment_out_of_bounds_traps_the_instantiation() {
    let module = plan("(module (table 1 funcref) (elem (i32.const 1) $f) (func $f))");
    let compiled = Arc::new(CompiledModule::compile(&Arc::new(module)).expect("compiles"));
    assert_eq!(
        Instance::new(&compiled).err(),
        Some(TrapCode::TableOutOfBounds)
    );
}
