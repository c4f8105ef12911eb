//! Guard pages and traps by signals: which faults are a contract's, on which thread, and what happens to the
//! others.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::reservation::GUARDED_BYTES;

const OUT: Exit = Exit::Trap(TrapCode::MemoryOutOfBounds);
const PAGE: u64 = 65_536;

/// Set for the process that a test starts to see how it ends.
const CHILD: &str = "AIVM_JIT_TEST_CHILD";

fn guarded(wat: &str) -> Instance {
    instance_with(plan(wat), Traps::Signals)
}

/// A host that runs a closure at each call.
struct Calls<F>(F);

impl<F: FnMut(&mut dyn Guest) -> Result<u64, HostExit>> Host for Calls<F> {
    fn call(&mut self, _: HostFunction, _: &[u64], guest: &mut dyn Guest) -> Result<u64, HostExit> {
        (self.0)(guest)
    }
}

/// Calls the host, then reads at its argument.
const ASKS_THEN_READS: &str = "(module
  (import \"vm_hooks\" \"msg_sender\" (func $sender (param i32)))
  (memory 1)
  (func (export \"f\") (param i32) (result i32)
    (call $sender (i32.const 0))
    (i32.load (local.get 0))))";

fn ask_then_read(address: u64, host: impl FnMut(&mut dyn Guest) -> Result<u64, HostExit>) -> Exit {
    let mut instance = guarded(ASKS_THEN_READS);
    let function = instance.module().exported_function("f").expect("an export");
    instance.invoke(function, &[address], &mut PLENTY.clone(), &mut Calls(host))
}

#[test]
fn this_system_has_guard_pages() {
    assert_eq!(Traps::best(), Traps::Signals);
}

#[test]
fn the_highest_access_is_within_the_reservation() {
    let highest = u64::from(u32::MAX) + u64::from(u32::MAX) + 8;
    assert!(highest <= GUARDED_BYTES);
    for access in ["i64.load", "i32.load8_u"] {
        let ty = &access[..3];
        let mut instance = guarded(&format!(
            "(module (memory 0 0)
               (func (export \"f\") (param i32) (result {ty})
                 ({access} offset=0xffffffff (local.get 0))))"
        ));
        for address in [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] {
            assert_eq!(instance.exit("f", &[address]), OUT, "{access} {address}");
        }
    }
}

#[test]
fn every_border_between_the_memory_and_its_guard_is_exact() {
    // Each size, an access on each side of its end, before and after growth.
    let wat = "(module (memory 0 6)
      (func (export \"grow\") (result i32) (memory.grow (i32.const 1)))
      (func (export \"read\") (param i32) (result i32) (i32.load8_u (local.get 0)))
      (func (export \"write\") (param i32) (i64.store (local.get 0) (i64.const -1))))";
    let mut instance = guarded(wat);
    for pages in 0..=6 {
        let end = pages * PAGE;
        assert_eq!(instance.memory().len() as u64, end);
        assert_eq!(instance.exit("read", &[end]), OUT, "{pages}");
        if pages > 0 {
            assert_eq!(instance.exit("write", &[end - 8]), returns(&[]));
            assert_eq!(instance.exit("write", &[end - 7]), OUT);
            assert_eq!(instance.exit("read", &[end - 1]), returns(&[0xff]));
        }
        let old = if pages == 6 {
            u64::from(u32::MAX)
        } else {
            pages
        };
        assert_eq!(instance.exit("grow", &[]), returns(&[old]));
    }
}

/// Small memories are zeroed by writing, larger ones by the system: both sides of the line, all of each written.
#[test]
fn a_memory_that_never_grew_leaves_nothing_to_the_next() {
    let wat = |pages: u32| {
        format!(
            "(module (memory {pages} 9)
               (func (export \"fill\") (param i32)
                 (memory.fill (i32.const 0) (i32.const 7) (local.get 0))))"
        )
    };
    for pages in [1, 1, 2, 2, 1] {
        let mut instance = guarded(&wat(pages));
        assert!(instance.memory().iter().all(|byte| *byte == 0), "{pages}");
        let bytes = u64::from(pages) * PAGE;
        assert_eq!(instance.exit("fill", &[bytes]), returns(&[]));
        assert!(instance.memory().iter().all(|byte| *byte == 7), "{pages}");
    }
}

#[test]
fn a_reused_reservation_is_zero_and_has_its_own_size() {
    let wat = |pages: u32| {
        format!(
            "(module (memory {pages} 9)
               (func (export \"grow\") (drop (memory.grow (i32.const 2))))
               (func (export \"set\") (param i32) (i32.store8 (local.get 0) (i32.const 7)))
               (func (export \"get\") (param i32) (result i32) (i32.load8_u (local.get 0))))"
        )
    };
    // One thread, so that it takes back what it gave.
    for pages in [3, 1, 7, 0, 2, 7, 3] {
        let mut instance = guarded(&wat(pages));
        let bytes = u64::from(pages) * PAGE;
        assert!(instance.memory().iter().all(|byte| *byte == 0), "{pages}");
        assert_eq!(instance.exit("get", &[bytes]), OUT, "{pages}");
        instance.exit("grow", &[]);
        for at in (0..bytes + 2 * PAGE).step_by(1000) {
            assert_eq!(instance.exit("get", &[at]), returns(&[0]), "{pages} {at}");
            assert_eq!(instance.exit("set", &[at]), returns(&[]));
        }
        assert_eq!(instance.exit("get", &[bytes + 2 * PAGE]), OUT);
    }
}

#[test]
fn threads_trap_side_by_side() {
    let threads: Vec<_> = (0..4)
        .map(|thread: u64| {
            std::thread::spawn(move || {
                let mut instance = guarded(
                    "(module (memory 1)
                       (func (export \"f\") (param i32 i32) (result i32)
                         (i32.store (i32.const 8) (local.get 1))
                         (i32.div_u (i32.load (local.get 0)) (local.get 1))))",
                );
                for round in 0..500 {
                    assert_eq!(instance.exit("f", &[PAGE + 40 * round, thread]), OUT);
                    let divided = instance.exit("f", &[8, thread]);
                    assert_eq!(
                        divided,
                        match thread {
                            0 => traps(TrapCode::IntegerDivisionByZero),
                            _ => returns(&[1]),
                        }
                    );
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no thread fails");
    }
}

#[test]
fn a_trap_of_an_inner_invocation_is_not_the_outer_ones() {
    // The host runs another contract, which traps; the outer one goes on and traps for itself, or not.
    let inner = |_: &mut dyn Guest| {
        for _ in 0..3 {
            assert_eq!(
                ask_then_read(PAGE, |_| {
                    let mut innermost = guarded("(module (func (export \"f\") unreachable))");
                    assert_eq!(innermost.exit("f", &[]), traps(TrapCode::Unreachable));
                    Ok(0)
                }),
                OUT
            );
        }
        Ok(0)
    };
    assert_eq!(ask_then_read(12, inner), returns(&[0]));
    assert_eq!(ask_then_read(PAGE - 3, inner), OUT);
}

#[test]
fn the_host_may_end_the_call_after_an_inner_trap() {
    let exit = ask_then_read(0, |_| {
        assert_eq!(ask_then_read(PAGE, |_| Ok(0)), OUT);
        Err(HostExit::Trap(TrapCode::HostArgument))
    });
    assert_eq!(exit, traps(TrapCode::HostArgument));
}

#[test]
fn traps_leave_from_any_depth_and_the_instance_goes_on() {
    let wat = "(module (memory 1) (table 1 funcref)
      (func $down (param i32 i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1)
            (call $down (i32.sub (local.get 0) (i32.const 1)) (local.get 1))))
          (else (i32.load (local.get 1)))))
      (func (export \"f\") (param i32 i32) (result i32)
        (call $down (local.get 0) (local.get 1))))";
    for mut instance in each_form(wat) {
        for depth in [0, 1, 700] {
            assert_eq!(instance.exit("f", &[depth, PAGE]), OUT);
            assert_eq!(instance.exit("f", &[depth, 0]), returns(&[depth]));
        }
    }
}

#[test]
fn a_trap_on_a_stack_of_its_own_is_a_trap() {
    // A thread too small for the words of a call: the call runs on a stack that is made for it.
    let thread = std::thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(|| assert_eq!(ask_then_read(PAGE, |_| Ok(0)), OUT));
    thread.expect("a thread").join().expect("a trap");
}

#[test]
fn a_module_of_each_form_can_run_inside_the_other() {
    for outer in [Traps::Signals, Traps::Explicit] {
        let mut instance = instance_with(plan(ASKS_THEN_READS), outer);
        let function = instance.module().exported_function("f").expect("an export");
        let mut host = Calls(|_: &mut dyn Guest| {
            for form in FORMS {
                let mut inner = instance_with(
                    plan(
                        "(module (memory 1) (func (export \"f\") (drop (i32.load (i32.const 65533)))))",
                    ),
                    *form,
                );
                assert_eq!(inner.exit("f", &[]), OUT);
            }
            Ok(0)
        });
        let mut at =
            |address| instance.invoke(function, &[address], &mut PLENTY.clone(), &mut host);
        assert_eq!(at(4), returns(&[0]));
        assert_eq!(at(PAGE - 1), OUT);
    }
}

/// Runs one test of this file in a process of its own, where it finds [`CHILD`] set. The signal or code that
/// ended it.
fn end_of(test: &str) -> (Option<i32>, Option<i32>, String) {
    use std::os::unix::process::ExitStatusExt;
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "--nocapture", &format!("tests::signals::{test}")])
        .env(CHILD, "1")
        .output()
        .expect("a process");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.signal(), output.status.code(), text)
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Reads a byte that nobody may read.
fn fault() {
    // SAFETY: none; that is the point. The process ends here.
    unsafe { std::ptr::without_provenance::<u8>(16).read_volatile() };
}

#[test]
fn a_fault_of_the_host_ends_the_process() {
    if is_child() {
        ask_then_read(0, |_| {
            fault();
            Ok(0)
        });
        return;
    }
    let (signal, _, _) = end_of("a_fault_of_the_host_ends_the_process");
    assert_eq!(signal, Some(libc::SIGSEGV));
}

#[test]
fn a_fault_of_the_host_in_the_guard_ends_the_process() {
    // The address is the contract's, but the instruction is not.
    if is_child() {
        ask_then_read(0, |guest| {
            let base = guest.read(0, 1)?.as_ptr();
            // SAFETY: none; see above.
            unsafe { base.wrapping_add(PAGE as usize).read_volatile() };
            Ok(0)
        });
        return;
    }
    let (signal, _, _) = end_of("a_fault_of_the_host_in_the_guard_ends_the_process");
    assert_eq!(signal, Some(libc::SIGSEGV));
}

#[test]
fn a_fault_outside_any_invocation_ends_the_process() {
    if is_child() {
        assert_eq!(ask_then_read(PAGE, |_| Ok(0)), OUT);
        fault();
        return;
    }
    let (signal, _, _) = end_of("a_fault_outside_any_invocation_ends_the_process");
    assert_eq!(signal, Some(libc::SIGSEGV));
}

#[test]
fn the_overflow_of_a_rust_stack_is_still_reported_by_rust() {
    #[allow(unconditional_recursion)]
    fn endless(depth: u64) -> u64 {
        std::hint::black_box(endless(std::hint::black_box(depth + 1)) + depth)
    }
    if is_child() {
        ask_then_read(0, |_| Ok(endless(0)));
        return;
    }
    let (signal, _, _) = end_of("the_overflow_of_a_rust_stack_is_still_reported_by_rust");
    assert_eq!(signal, Some(libc::SIGABRT), "Rust's handler aborts");
}

#[test]
fn an_earlier_handler_gets_what_is_not_ours() {
    static SEEN: AtomicU32 = AtomicU32::new(0);
    extern "C" fn earlier(_: libc::c_int) {
        SEEN.fetch_add(1, Ordering::SeqCst);
        // SAFETY: async-signal-safe; ends the process with a code of its own.
        unsafe { libc::_exit(77) };
    }
    if is_child() {
        // SAFETY: a valid handler; this process runs nothing but this test.
        unsafe { libc::signal(libc::SIGSEGV, earlier as *const () as usize) };
        assert_eq!(ask_then_read(PAGE, |_| Ok(0)), OUT);
        assert_eq!(SEEN.load(Ordering::SeqCst), 0, "a trap is ours");
        fault();
        return;
    }
    let (signal, code, text) = end_of("an_earlier_handler_gets_what_is_not_ours");
    assert_eq!((signal, code), (None, Some(77)), "{text}");
}

#[test]
fn a_signal_that_is_sent_is_not_a_trap() {
    if is_child() {
        assert_eq!(ask_then_read(PAGE, |_| Ok(0)), OUT);
        ask_then_read(0, |_| {
            // SAFETY: sends a signal to this thread.
            unsafe { libc::raise(libc::SIGILL) };
            Ok(0)
        });
        return;
    }
    let (signal, _, _) = end_of("a_signal_that_is_sent_is_not_a_trap");
    assert_eq!(signal, Some(libc::SIGILL));
}
