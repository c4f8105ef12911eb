//! Code from a folder does what freshly compiled code does, and is never taken for another plan's.

use std::path::PathBuf;

use super::*;
use crate::artefact::Artefact;
use crate::{CodeFolder, Origin};

/// Calls, a division, memory, a table and an import's thunk: everything that a layout names.
const MODULE: &str = r#"(module
    (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
    (memory 1) (table 1 funcref) (elem (i32.const 0) $divide)
    (func $divide (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func (export "f") (param i32 i32) (result i32)
        (i32.store (local.get 0) (local.get 1))
        (call_indirect (param i32 i32) (result i32) (local.get 0) (local.get 1) (i32.const 0)))
    (func (export "g") (result i32) (call $reentrant)))"#;

/// A new folder, and its path for the end.
fn folder(name: &str) -> (CodeFolder, PathBuf) {
    let name = format!("aivm-jit-{name}-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let folder = CodeFolder::open(&path, 1 << 20).expect("a private folder");
    (folder, path)
}

fn load(module: &Arc<MeteredModule>, folder: &CodeFolder) -> (Instance, Origin) {
    let (compiled, origin) = CompiledModule::load_or_compile(module, folder).expect("compiles");
    let instance = Instance::new(&Arc::new(compiled)).expect("segments within bounds");
    (instance, origin)
}

#[test]
fn code_from_a_folder_runs_as_compiled_code_does() {
    let (folder, path) = folder("runs");
    let module = Arc::new(plan(MODULE));
    for origin in [Origin::Compiled, Origin::Folder, Origin::Folder] {
        let (mut instance, came_from) = load(&module, &folder);
        assert_eq!(came_from, origin);
        assert_eq!(instance.exit("f", &[20, 5]), returns(&[4]));
        let zero = traps(TrapCode::IntegerDivisionByZero);
        assert_eq!(instance.exit("f", &[20, 0]), zero);
        let outside = traps(TrapCode::MemoryOutOfBounds);
        assert_eq!(instance.exit("f", &[65_533, 1]), outside);
        let (exit, ink) = instance.run("f", &[20, 5], 1);
        assert_eq!((exit, ink), (Exit::OutOfInk, 0));
    }
    std::fs::remove_dir_all(path).expect("ours");
}

#[test]
fn another_plan_has_code_of_its_own() {
    let (folder, path) = folder("plans");
    let module = plan(MODULE);
    let dearer = {
        let bytes = wat::parse_str(MODULE).expect("well-formed text");
        let validated = validate(&bytes, &Limits::CONTRACT, Rules::Generic).expect("valid");
        let schedule = GasSchedule {
            version: 2,
            divide: GasSchedule::V1.divide + 1,
            ..GasSchedule::V1
        };
        meter(&validated, &schedule)
    };
    for module in [module, dearer].map(Arc::new) {
        let (mut first, origin) = load(&module, &folder);
        assert_eq!(origin, Origin::Compiled);
        let (mut second, origin) = load(&module, &folder);
        assert_eq!(origin, Origin::Folder);
        let arguments = [20, 5];
        assert_eq!(
            first.run("f", &arguments, PLENTY),
            second.run("f", &arguments, PLENTY)
        );
    }
    std::fs::remove_dir_all(path).expect("ours");
}

/// The checksum of a folder's file is right here: the bytes were written so.
#[test]
fn bytes_that_are_no_artefact_of_the_module_are_refused() {
    let module = plan(MODULE);
    let compiled = CompiledModule::compile(&Arc::new(module.clone())).expect("compiles");
    let bytes = compiled.to_bytes();
    let artefact = Artefact::from_bytes(&bytes, &module).expect("its own bytes");
    assert_eq!(artefact.layout.to_bytes(&artefact.code), bytes);
    for len in 0..bytes.len() {
        assert_eq!(
            Artefact::from_bytes(&bytes[..len], &module),
            None,
            "{len} bytes"
        );
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Artefact::from_bytes(&longer, &module), None);
    // Another module has other functions.
    let other = plan("(module (func (export \"f\")))");
    assert_eq!(Artefact::from_bytes(&bytes, &other), None);
    // Offsets outside the code, lengths beyond the bytes.
    for at in 0..bytes.len() - 3 {
        let mut bad = bytes.clone();
        bad[at..at + 4].fill(0xFF);
        if let Some(read) = Artefact::from_bytes(&bad, &module) {
            let len = read.code.len() as u32;
            assert!(read.layout.functions.iter().all(|offset| *offset < len));
            assert!(read.layout.entries.values().all(|offset| *offset < len));
        }
    }
}

#[test]
fn a_file_that_is_no_artefact_is_replaced() {
    let (folder, path) = folder("replaced");
    let module = Arc::new(plan(MODULE));
    assert_eq!(load(&module, &folder).1, Origin::Compiled);
    let key = crate::compile::key(&module, Traps::best()).expect("a host that is compiled for");
    folder.write(&key, b"no artefact");
    assert_eq!(load(&module, &folder).1, Origin::Compiled);
    assert_eq!(load(&module, &folder).1, Origin::Folder);
    std::fs::remove_dir_all(path).expect("ours");
}
