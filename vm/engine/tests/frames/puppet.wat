;; A contract that does what its call data says, for tests of nested frames.
;;
;; Call data: what (1 byte), how to call (1), gas (8, little-endian), value (32), address (20), pages to grow
;; by (1), and the rest is call data for the callee. `what`: low two bits how it ends (0 return 0, 1 return 1,
;; 2 unreachable, 3 divide by zero), 16 store 7 under key 1 first, 32 emit a log first, 64 use up a lot of stack
;; first. How to call: 0 call, 1 delegate, 2 static, 3 nobody.
;; Output: status of the call (1 byte, 255 none), what memory.grow answered (4), ink left before (8), after the
;; call (8), sender (20), contract (20), value (32), reentrant (1), then the callee's return data.
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
  (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
  (import "vm_hooks" "emit_log" (func $log (param i32 i32 i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "delegate_call_contract" (func $delegate (param i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "static_call_contract" (func $static (param i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "read_return_data" (func $read_return_data (param i32 i32 i32) (result i32)))
  (import "vm_hooks" "return_data_size" (func $return_data_size (result i32)))
  (import "vm_hooks" "evm_ink_left" (func $ink (result i64)))
  (import "vm_hooks" "msg_sender" (func $sender (param i32)))
  (import "vm_hooks" "contract_address" (func $address (param i32)))
  (import "vm_hooks" "msg_value" (func $value (param i32)))
  (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
  (memory (export "memory") 2)

  ;; Calls itself `depth` times and runs the rest of the contract at the bottom.
  (func $deep (param $depth i32) (param $len i32) (result i32)
    (if (result i32) (local.get $depth)
      (then (i32.add (call $deep (i32.sub (local.get $depth) (i32.const 1)) (local.get $len)) (i32.const 0)))
      (else (call $body (local.get $len)))))

  (func $body (param $len i32) (result i32)
    (local $what i32) (local $kind i32) (local $status i32) (local $size i32) (local $n i32) (local $gas i64)
    (local.set $what (i32.load8_u (i32.const 4096)))
    (local.set $kind (i32.load8_u (i32.const 4097)))
    (local.set $gas (i64.load (i32.const 4098)))
    (local.set $size (i32.sub (local.get $len) (i32.const 63)))
    (i32.store8 (i32.const 31) (i32.const 1))
    (i32.store8 (i32.const 63) (i32.const 7))
    (if (i32.and (local.get $what) (i32.const 16))
      (then
        (call $cache (i32.const 0) (i32.const 32))
        (call $flush (i32.const 0))))
    (if (i32.and (local.get $what) (i32.const 32))
      (then (call $log (i32.const 0) (i32.const 32) (i32.const 1))))
    (i32.store (i32.const 65537) (memory.grow (i32.load8_u (i32.const 4158))))
    (i64.store (i32.const 65541) (call $ink))
    (local.set $status (i32.const 255))
    (if (i32.eqz (local.get $kind))
      (then (local.set $status (call $call
        (i32.const 4138) (i32.const 4159) (local.get $size) (i32.const 4106) (local.get $gas) (i32.const 128)))))
    (if (i32.eq (local.get $kind) (i32.const 1))
      (then (local.set $status (call $delegate
        (i32.const 4138) (i32.const 4159) (local.get $size) (local.get $gas) (i32.const 128)))))
    (if (i32.eq (local.get $kind) (i32.const 2))
      (then (local.set $status (call $static
        (i32.const 4138) (i32.const 4159) (local.get $size) (local.get $gas) (i32.const 128)))))
    (i64.store (i32.const 65549) (call $ink))
    (i32.store8 (i32.const 65536) (local.get $status))
    (call $sender (i32.const 65557))
    (call $address (i32.const 65577))
    (call $value (i32.const 65597))
    (i32.store8 (i32.const 65629) (call $reentrant))
    (local.set $n (call $return_data_size))
    (drop (call $read_return_data (i32.const 65630) (i32.const 0) (local.get $n)))
    (call $write_result (i32.const 65536) (i32.add (i32.const 94) (local.get $n)))
    (local.set $what (i32.and (local.get $what) (i32.const 3)))
    (if (i32.eq (local.get $what) (i32.const 2)) (then (unreachable)))
    (if (i32.eq (local.get $what) (i32.const 3)) (then (drop (i32.div_u (i32.const 1) (i32.const 0)))))
    (local.get $what))

  (func (export "user_entrypoint") (param $len i32) (result i32)
    (local $depth i32)
    (call $read_args (i32.const 4096))
    (if (i32.and (i32.load8_u (i32.const 4096)) (i32.const 64))
      (then (local.set $depth (i32.const DEPTH))))
    (call $deep (local.get $depth) (local.get $len))))
