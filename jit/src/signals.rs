//! Traps that the processor raises in native code: from a signal to the status of a call.
//!
//! ```text
//! +-----------------------------------------------------------------------------------------+
//! | DANGER: the handler decides which faults of the process are traps of a contract. If it  |
//! | took one fault too many, a bug of the node would pass for a trap and the node go on.    |
//! |                                                                                         |
//! | The rule: a signal is ours only if                                                      |
//! | - this thread is inside an invocation ([`Entered`]),                                    |
//! | - the program counter is exactly at an instruction of that instance's code which the    |
//! |   compiler has listed as one that may trap,                                             |
//! | - the signal is one that such an instruction raises, and                                |
//! | - for a memory access, the address is in that instance's reservation.                   |
//! | Everything else goes to whoever handled the signal before, or ends the process.         |
//! |                                                                                         |
//! | The handler takes no lock, allocates nothing and cannot panic.                          |
//! |                                                                                         |
//! | A change of this file needs two readers.                                                |
//! +-----------------------------------------------------------------------------------------+
//! ```
//!
//! What a trap does is set the thread's registers as if the instruction had called
//! [`leave`](crate::boundary::leave).

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr;

use crate::context::VmContext;
use crate::traps::TrapKind;

thread_local! {
    /// The context of the innermost invocation that runs on this thread.
    static ENTERED: Cell<*mut VmContext> = const { Cell::new(ptr::null_mut()) };
}

/// While this lives, traps of the thread are traps of its context. Nested ones end in reverse order.
pub(crate) struct Entered {
    outer: *mut VmContext,
    /// Belongs to one thread.
    thread: PhantomData<*mut ()>,
}

impl Entered {
    /// # Safety
    /// `context` is valid until the value is dropped, and so are the module and the memory it owns.
    pub(crate) unsafe fn new(context: *mut VmContext) -> Entered {
        Entered {
            outer: ENTERED.replace(context),
            thread: PhantomData,
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        ENTERED.set(self.outer);
    }
}

/// The status that a fault of this thread ends the running call with, if it is a trap of it.
///
/// `address` is what the faulting instruction touched, for [`TrapKind::Access`].
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn trap_of(
    kind: TrapKind,
    program_counter: usize,
    address: usize,
) -> Option<(*mut VmContext, u32)> {
    // Also while the thread ends and its variables are gone: then nothing of ours runs.
    let entered = ENTERED.try_with(Cell::get).ok()?;
    if entered.is_null() {
        return None;
    }
    // SAFETY: `Entered` keeps the context valid. Only fields are read that nobody writes while an
    // invocation runs: the module, and where its memory lies.
    let (module, memory) = unsafe { (&(*entered).store.module, &(*entered).store.memory) };
    let site = module.trap_site(program_counter)?;
    if site.kind != kind {
        return None;
    }
    let is_ours = match kind {
        TrapKind::Access => memory
            .as_ref()
            .is_some_and(|memory| memory.reserves(address)),
        TrapKind::Instruction => true,
    };
    is_ours.then_some((entered, u32::from(site.status)))
}

/// Whether traps of the processor are handled on this system; installs the handlers the first time.
pub(crate) fn are_handled() -> bool {
    system::install()
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod system {
    use std::mem::MaybeUninit;
    use std::ptr;
    use std::sync::OnceLock;

    use libc::{SIGBUS, SIGFPE, SIGILL, SIGSEGV, c_int, c_void, sigaction, siginfo_t, ucontext_t};

    use super::{TrapKind, VmContext, trap_of};
    use crate::boundary::leave;

    /// The signals of traps, and who handled them before.
    static PREVIOUS: [(c_int, OnceLock<sigaction>); 4] = [
        (SIGSEGV, OnceLock::new()),
        (SIGBUS, OnceLock::new()),
        (SIGILL, OnceLock::new()),
        (SIGFPE, OnceLock::new()),
    ];

    /// Installs the handlers once; whether all are.
    pub(super) fn install() -> bool {
        static INSTALLED: OnceLock<bool> = OnceLock::new();
        *INSTALLED.get_or_init(|| {
            PREVIOUS
                .iter()
                .all(|(signal, previous)| install_one(*signal, previous))
        })
    }

    fn install_one(signal: c_int, previous: &OnceLock<sigaction>) -> bool {
        let mut before = MaybeUninit::<sigaction>::uninit();
        // SAFETY: the arguments are valid; asking for the present handler changes nothing.
        if unsafe { libc::sigaction(signal, ptr::null(), before.as_mut_ptr()) } != 0 {
            return false;
        }
        // Known before our handler can run, since it may have to go on to that one.
        // SAFETY: the call succeeded, so the structure is written.
        if previous.set(unsafe { before.assume_init() }).is_err() {
            return false;
        }
        // SAFETY: all zero bytes are a valid `sigaction`: an empty mask, no flags.
        let mut ours: sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        ours.sa_sigaction = handle as *const () as usize;
        // On the alternative stack where the thread has one, as Rust's own handler for stack overflows, which
        // may come after ours, needs it. Not deferred: a fault inside a handler ends the process.
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
        // SAFETY: `handle` has the signature that `SA_SIGINFO` asks for and is async-signal-safe.
        unsafe { libc::sigaction(signal, &raw const ours, ptr::null_mut()) == 0 }
    }

    extern "C" fn handle(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        let kind = match signal {
            SIGSEGV | SIGBUS => TrapKind::Access,
            _ => TrapKind::Instruction,
        };
        // SAFETY: the kernel passes a valid `siginfo_t` and, with `SA_SIGINFO`, an `ucontext_t`, which is
        // this handler's alone. A signal sent by a process has no fault address; it is caught by `si_code`.
        let (raised_here, address, registers) = unsafe {
            (
                (*info).si_code > 0,
                (*info).si_addr() as usize,
                &mut *context.cast::<ucontext_t>(),
            )
        };
        if raised_here
            && let Some((entered, status)) = trap_of(kind, program_counter(registers), address)
        {
            call_leave(registers, entered, status);
            return;
        }
        pass_on(signal, raised_here, info, context);
    }

    /// To who was there before us. If that is the system, its handling is restored and the signal raised again,
    /// so that the process ends as if we had not been here.
    fn pass_on(signal: c_int, raised_here: bool, info: *mut siginfo_t, context: *mut c_void) {
        let previous = PREVIOUS
            .iter()
            .find(|(ours, _)| *ours == signal)
            .and_then(|(_, previous)| previous.get());
        let Some(previous) = previous else { return };
        match previous.sa_sigaction {
            libc::SIG_IGN if !raised_here => {}
            libc::SIG_DFL | libc::SIG_IGN => {
                // SAFETY: a `sigaction` that the system gave us, and a signal that is sent to this thread. A
                // fault is raised again by its instruction.
                unsafe {
                    libc::sigaction(signal, ptr::from_ref(previous), ptr::null_mut());
                    if !raised_here {
                        libc::raise(signal);
                    }
                }
            }
            handler if previous.sa_flags & libc::SA_SIGINFO != 0 => {
                // SAFETY: with this flag the handler has this signature.
                let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
                    unsafe { std::mem::transmute(handler) };
                handler(signal, info, context);
            }
            handler => {
                // SAFETY: without the flag the handler takes the signal alone.
                let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(handler) };
                handler(signal);
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn program_counter(registers: &ucontext_t) -> usize {
        registers.uc_mcontext.gregs[libc::REG_RIP as usize] as usize
    }

    /// Lets the thread go on in `leave(context, status)`, which needs no return address.
    #[cfg(target_arch = "x86_64")]
    fn call_leave(registers: &mut ucontext_t, context: *mut VmContext, status: u32) {
        let registers = &mut registers.uc_mcontext.gregs;
        registers[libc::REG_RIP as usize] = leave as *const () as i64;
        registers[libc::REG_RDI as usize] = context as i64;
        registers[libc::REG_RSI as usize] = i64::from(status);
    }

    #[cfg(target_arch = "aarch64")]
    fn program_counter(registers: &ucontext_t) -> usize {
        registers.uc_mcontext.pc as usize
    }

    /// Lets the thread go on in `leave(context, status)`, which needs no return address.
    #[cfg(target_arch = "aarch64")]
    fn call_leave(registers: &mut ucontext_t, context: *mut VmContext, status: u32) {
        registers.uc_mcontext.pc = leave as *const () as u64;
        registers.uc_mcontext.regs[0] = context as u64;
        registers.uc_mcontext.regs[1] = u64::from(status);
    }
}

/// Elsewhere all tests are in the code.
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
mod system {
    pub(super) fn install() -> bool {
        false
    }
}
