//! The boundary between Rust and native code: [`enter`] goes in and remembers the stack pointer, and [`leave`]
//! comes back from any depth.
//!
//! ```text
//! invoke ── enter ── entry ── guest ── guest ── … ── guest ── (trap)
//!             ▲                                                  │
//!             └────────────────────── leave ◄────────────────────┘
//! ```
//!
//! `leave` drops every frame between the two at once. All of them are frames of compiled code, which own
//! nothing: no frame of Rust lies between, since a runtime function returns to native code before its
//! status ends the call, and a nested invocation has a context, and so an `enter`, of its own.

use crate::abi::Entry;
use crate::context::VmContext;

/// Calls `entry(context, code, values, stack_words)`. Returns its status, or the one that [`leave`] is
/// called with meanwhile.
///
/// # Safety
/// What `entry` asks for. `context` stays where it is until this returns, and nobody else enters with it.
pub(crate) type Enter =
    unsafe extern "C" fn(*mut VmContext, *const u8, *mut u64, u64, Entry) -> u32;

/// Ends the innermost [`enter`] with this context: its caller goes on with `status`.
///
/// # Safety
/// `enter` runs with this context on this thread, and only frames of native code are above it.
pub(crate) type Leave = unsafe extern "C" fn(*mut VmContext, u32) -> !;

#[cfg(all(unix, target_arch = "x86_64"))]
pub(crate) use x86_64::{enter, leave};

#[cfg(all(unix, target_arch = "aarch64"))]
pub(crate) use aarch64::{enter, leave};

#[cfg(not(all(unix, any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub(crate) use nowhere::{enter, leave};

/// The System V convention: rbx, rbp and r12 to r15 belong to the caller.
#[cfg(all(unix, target_arch = "x86_64"))]
mod x86_64 {
    use std::arch::naked_asm;

    use super::{Entry, VmContext};
    use crate::context::offset;

    /// # Safety
    /// See [`super::Enter`].
    // SAFETY: saves and restores what the convention asks for; the call is made with an aligned stack: the
    // return address, six registers and eight bytes are 64.
    #[unsafe(naked)]
    pub(crate) unsafe extern "C" fn enter(
        context: *mut VmContext,
        code: *const u8,
        values: *mut u64,
        stack_words: u64,
        entry: Entry,
    ) -> u32 {
        naked_asm!(
            "push rbp",
            "push rbx",
            "push r12",
            "push r13",
            "push r14",
            "push r15",
            "sub rsp, 8",
            "mov [rdi + {stack}], rsp",
            "call r8",
            "add rsp, 8",
            "pop r15",
            "pop r14",
            "pop r13",
            "pop r12",
            "pop rbx",
            "pop rbp",
            "ret",
            stack = const offset::ENTERED_AT,
        )
    }

    /// # Safety
    /// See [`super::Leave`].
    // SAFETY: the stack pointer is the one that `enter` stored, whose frame is alive by the caller's promise;
    // what follows is what `enter` does after its call.
    #[unsafe(naked)]
    pub(crate) unsafe extern "C" fn leave(context: *mut VmContext, status: u32) -> ! {
        naked_asm!(
            "mov rsp, [rdi + {stack}]",
            "mov eax, esi",
            "add rsp, 8",
            "pop r15",
            "pop r14",
            "pop r13",
            "pop r12",
            "pop rbx",
            "pop rbp",
            "ret",
            stack = const offset::ENTERED_AT,
        )
    }
}

/// The procedure call standard: x19 to x30 and the low halves of v8 to v15 belong to the caller.
#[cfg(all(unix, target_arch = "aarch64"))]
mod aarch64 {
    use std::arch::naked_asm;

    use super::{Entry, VmContext};
    use crate::context::offset;

    /// # Safety
    /// See [`super::Enter`].
    // SAFETY: saves and restores what the convention asks for; 160 bytes keep the stack aligned.
    #[unsafe(naked)]
    pub(crate) unsafe extern "C" fn enter(
        context: *mut VmContext,
        code: *const u8,
        values: *mut u64,
        stack_words: u64,
        entry: Entry,
    ) -> u32 {
        naked_asm!(
            "stp x29, x30, [sp, #-160]!",
            "mov x29, sp",
            "stp x19, x20, [sp, #16]",
            "stp x21, x22, [sp, #32]",
            "stp x23, x24, [sp, #48]",
            "stp x25, x26, [sp, #64]",
            "stp x27, x28, [sp, #80]",
            "stp d8, d9, [sp, #96]",
            "stp d10, d11, [sp, #112]",
            "stp d12, d13, [sp, #128]",
            "stp d14, d15, [sp, #144]",
            "str x29, [x0, #{stack}]",
            "blr x4",
            "ldp x19, x20, [sp, #16]",
            "ldp x21, x22, [sp, #32]",
            "ldp x23, x24, [sp, #48]",
            "ldp x25, x26, [sp, #64]",
            "ldp x27, x28, [sp, #80]",
            "ldp d8, d9, [sp, #96]",
            "ldp d10, d11, [sp, #112]",
            "ldp d12, d13, [sp, #128]",
            "ldp d14, d15, [sp, #144]",
            "ldp x29, x30, [sp], #160",
            "ret",
            stack = const offset::ENTERED_AT,
        )
    }

    /// # Safety
    /// See [`super::Leave`].
    // SAFETY: the stack pointer is the one that `enter` stored, whose frame is alive by the caller's promise;
    // what follows is what `enter` does after its call.
    #[unsafe(naked)]
    pub(crate) unsafe extern "C" fn leave(context: *mut VmContext, status: u32) -> ! {
        naked_asm!(
            "ldr x9, [x0, #{stack}]",
            "mov sp, x9",
            "mov w0, w1",
            "ldp x19, x20, [sp, #16]",
            "ldp x21, x22, [sp, #32]",
            "ldp x23, x24, [sp, #48]",
            "ldp x25, x26, [sp, #64]",
            "ldp x27, x28, [sp, #80]",
            "ldp d8, d9, [sp, #96]",
            "ldp d10, d11, [sp, #112]",
            "ldp d12, d13, [sp, #128]",
            "ldp d14, d15, [sp, #144]",
            "ldp x29, x30, [sp], #160",
            "ret",
            stack = const offset::ENTERED_AT,
        )
    }
}

/// Where nothing is compiled, nothing is entered.
#[cfg(not(all(unix, any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod nowhere {
    use super::{Entry, VmContext};

    pub(crate) unsafe extern "C" fn enter(
        _: *mut VmContext,
        _: *const u8,
        _: *mut u64,
        _: u64,
        _: Entry,
    ) -> u32 {
        unreachable!("no native code on this host")
    }

    pub(crate) unsafe extern "C" fn leave(_: *mut VmContext, _: u32) -> ! {
        unreachable!("no native code on this host")
    }
}

const _: Enter = enter;
const _: Leave = leave;
