//! Host calls: what the host sees, what it may do, how it ends.

use super::*;
use aivm_core::NodeFault;

/// A host that runs a closure.
struct Scripted<F>(F);

impl<F> Host for Scripted<F>
where
    F: FnMut(HostFunction, &[u64], &mut dyn Guest) -> Result<u64, HostExit>,
{
    fn call(
        &mut self,
        function: HostFunction,
        arguments: &[u64],
        guest: &mut dyn Guest,
    ) -> Result<u64, HostExit> {
        (self.0)(function, arguments, guest)
    }
}

const WAT: &str = "(module
  (import \"aivm\" \"infer\" (func $infer (param i32 i32 i32 i32 i32) (result i32)))
  (import \"vm_hooks\" \"msg_sender\" (func $sender (param i32)))
  (memory 1) (table funcref (elem $infer))
  (type $infer_type (func (param i32 i32 i32 i32 i32) (result i32)))
  (export \"imported\" (func $infer))
  (func (export \"f\") (param i32) (result i32)
    (call $sender (i32.const 64))
    (call $infer (local.get 0) (i32.const -1) (i32.const 2) (i32.const 3) (i32.const 4)))
  (func (export \"g\") (param i32) (result i32)
    (call_indirect (type $infer_type) (local.get 0) (i32.const -1) (i32.const 2) (i32.const 3)
      (i32.const 4) (i32.const 0)))
  (func (export \"only_sender\") (call $sender (i32.const 7))))";

fn invoke(
    name: &str,
    arguments: &[u64],
    ink: &mut u64,
    script: impl FnMut(HostFunction, &[u64], &mut dyn Guest) -> Result<u64, HostExit>,
) -> (Exit, Instance) {
    let mut instance = instance(WAT);
    let function = instance
        .module()
        .exported_function(name)
        .expect("an export");
    let exit = instance.invoke(function, arguments, ink, &mut Scripted(script));
    (exit, instance)
}

#[test]
fn arguments_are_zero_extended_and_results_cut() {
    for name in ["f", "g", "imported"] {
        let mut seen = Vec::new();
        let arguments: &[u64] = match name {
            "imported" => &[5, 0xffff_ffff, 2, 3, 4],
            _ => &[5],
        };
        let (exit, _) = invoke(
            name,
            arguments,
            &mut PLENTY.clone(),
            |function, arguments, _| {
                seen.push((function, arguments.to_vec()));
                Ok(0xdead_beef_ffff_fffe)
            },
        );
        assert_eq!(exit, returns(&[0xffff_fffe]), "{name}");
        let infer = (HostFunction::Infer, vec![5, 0xffff_ffff, 2, 3, 4]);
        assert_eq!(seen.last(), Some(&infer), "{name}");
        if name == "f" {
            assert_eq!(seen[0], (HostFunction::MsgSender, vec![64]));
            assert_eq!(seen.len(), 2);
        }
    }
}

#[test]
fn the_host_reads_and_writes_memory_within_bounds() {
    let (exit, instance) = invoke(
        "only_sender",
        &[],
        &mut PLENTY.clone(),
        |_, arguments, guest| {
            assert_eq!(arguments, [7]);
            guest.write(65_534, &[1, 2])?;
            assert_eq!(guest.read(65_533, 3)?, [0, 1, 2]);
            let out = Err(TrapCode::MemoryOutOfBounds);
            assert_eq!(guest.write(65_535, &[9, 9]), out);
            assert_eq!(guest.write(u32::MAX, &[9]), out);
            assert_eq!(guest.write(65_537, &[]), out);
            assert_eq!(guest.write(65_536, &[]), Ok(()));
            assert_eq!(guest.read(65_535, 2).err(), out.err());
            assert_eq!(guest.read(u32::MAX, u32::MAX).err(), out.err());
            assert_eq!(guest.check_writable(0, 65_537), out);
            assert_eq!(guest.check_writable(0, 65_536), Ok(()));
            Ok(0)
        },
    );
    assert_eq!(exit, returns(&[]));
    assert_eq!(&instance.memory()[65_533..], [0, 1, 2]);
}

#[test]
fn ink_is_exact_for_the_host_and_its_charges_count() {
    let module = plan(WAT);
    let function = &module.functions[2];
    let [Op::Charge(before), ..] = function.ops[..] else {
        panic!("a charge comes first");
    };
    let after: u64 = function.ops[1..]
        .iter()
        .map(|op| if let Op::Charge(ink) = op { *ink } else { 0 })
        .sum();
    let mut ink = before + 100 + after + 9;
    let (exit, _) = invoke("only_sender", &[], &mut ink, |_, _, guest| {
        assert_eq!(guest.ink_left(), 100 + after + 9);
        guest.charge(60)?;
        guest.charge(40)?;
        assert_eq!(guest.ink_left(), after + 9);
        Ok(0)
    });
    assert_eq!((exit, ink), (returns(&[]), 9));

    let mut ink = before + 99;
    let (exit, _) = invoke("only_sender", &[], &mut ink, |_, _, guest| {
        guest.charge(60)?;
        guest.charge(40)?;
        unreachable!("the charge failed");
    });
    assert_eq!((exit, ink), (Exit::OutOfInk, 0));
}

#[test]
fn the_host_ends_the_frame() {
    let fault = NodeFault("disk".into());
    for (outcome, expected) in [
        (
            HostExit::Trap(TrapCode::HostArgument),
            traps(TrapCode::HostArgument),
        ),
        (HostExit::Fault(fault.clone()), Exit::Fault(fault)),
        (HostExit::OutOfInk, Exit::OutOfInk),
    ] {
        for name in ["f", "g"] {
            let (exit, _) = invoke(name, &[1], &mut PLENTY.clone(), |_, _, _| {
                Err(outcome.clone())
            });
            assert_eq!(exit, expected);
        }
    }
}

#[test]
fn a_panic_of_the_host_is_a_fault_and_the_instance_survives() {
    let mut instance = instance(WAT);
    let function = instance.module().exported_function("f").expect("an export");
    let mut panics = Scripted(
        |_: HostFunction, _: &[u64], _: &mut dyn Guest| -> Result<u64, HostExit> {
            panic!("a bug in the host")
        },
    );
    let exit = instance.invoke(function, &[0], &mut PLENTY.clone(), &mut panics);
    assert!(matches!(exit, Exit::Fault(NodeFault(reason)) if reason.contains("msg_sender")));
    let mut works = Scripted(|_: HostFunction, _: &[u64], _: &mut dyn Guest| Ok(3));
    let exit = instance.invoke(function, &[0], &mut PLENTY.clone(), &mut works);
    assert_eq!(exit, returns(&[3]));
}

#[test]
fn a_host_may_run_another_instance() {
    let (exit, _) = invoke("only_sender", &[], &mut PLENTY.clone(), |_, _, guest| {
        let inner = exit(
            "(module (func (export \"f\") (result i32) (i32.const 11)))",
            &[],
        );
        assert_eq!(inner, returns(&[11]));
        guest.charge(1).map(|()| 0)
    });
    assert_eq!(exit, returns(&[]));
}

#[test]
fn wrong_invocations_are_faults() {
    let mut instance = instance(WAT);
    let mut ink = 5;
    for (function, arguments) in [(99, &[][..]), (2, &[]), (2, &[1, 2])] {
        let exit = instance.invoke(function, arguments, &mut ink, &mut NoHost);
        assert!(matches!(exit, Exit::Fault(_)), "{function} {arguments:?}");
    }
    assert_eq!(ink, 5);
}
