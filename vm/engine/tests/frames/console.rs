//! The console of debug mode: what contracts print in every frame, and that it does not exist otherwise.

use aivm_core::{Address, B256, Status, TrapCode, U256};
use aivm_engine::{DeployError, State};

use crate::puppet::{CALLER, World, debugging, engine};

/// Call data: the address of a callee, or nothing. Prints three lines, calls the callee without call data and prints its
/// status; without a callee prints text that is not quite UTF-8 and ends as text outside of memory ends: with a trap.
const TALKATIVE: &str = r#"
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (import "console" "log_i32" (func $log_i32 (param i32)))
  (import "console" "log_i64" (func $log_i64 (param i64)))
  (import "console" "log_txt" (func $log_txt (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "text, a line\n and \c3\bc; \ff")
  (func (export "user_entrypoint") (param $len i32) (result i32)
    (call $read_args (i32.const 128))
    (call $log_i32 (i32.const 0x80000000))
    (call $log_i64 (i64.const 0x8000000000000000))
    (call $log_txt (i32.const 8) (i32.const 20))
    (if (local.get $len)
      (then
        (call $log_i32 (call $call
          (i32.const 128) (i32.const 0) (i32.const 0) (i32.const 64) (i64.const -1) (i32.const 96))))
      (else
        (call $log_txt (i32.const 28) (i32.const 3))
        (call $log_txt (i32.const 65530) (i32.const 7))))
    (i32.const 0)))
"#;

fn code() -> Vec<u8> {
    wat::parse_str(TALKATIVE).expect("good text")
}

#[test]
fn every_mode_prints_every_frames_lines_once_and_in_order() {
    let mut world = World::with(debugging(), &code());
    let b = world.b;
    // All three modes and the trace, one after the other.
    let receipt = world.call_bytes(b.to_vec(), U256::ZERO, 10_000_000);
    assert_eq!(receipt.status, Status::Ok);
    let three = [
        "-2147483648",
        "-9223372036854775808",
        "text, a line\n and \u{fc}",
    ];
    let mut lines = [&three[..], &three[..]].concat();
    // What a frame printed stays printed when it is undone.
    lines.extend(["; \u{fffd}", "2"]);
    assert_eq!(world.engine.take_console(), [&lines[..]; 4].concat());
    assert!(world.engine.take_console().is_empty());

    let receipt = world.call_bytes(Vec::new(), U256::ZERO, 10_000_000);
    let trap = Some(TrapCode::MemoryOutOfBounds);
    assert_eq!((receipt.status, receipt.trap), (Status::Trap, trap));
    let lines = [&three[..], &["; \u{fffd}"]].concat();
    assert_eq!(world.engine.take_console(), [&lines[..]; 4].concat());
}

#[test]
fn a_contract_that_prints_is_deployed_in_debug_mode_only() {
    let mut state = State::default();
    let before = state.clone();
    let refused = engine().deploy(&mut state, CALLER, B256::ZERO, &code());
    let Err(error @ DeployError::Refused(_)) = refused else {
        panic!("{refused:?}");
    };
    assert!(error.to_string().contains("console.log_i32"), "{error}");
    assert_eq!(state, before);
    let deployed = debugging().deploy(&mut state, CALLER, B256::ZERO, &code());
    assert_ne!(deployed.expect("good in debug mode"), Address::ZERO);
}
