;; A contract that ends as its call data says, for tests of traps inside nested frames.
;;
;; Call data: how it calls (1 byte: 0 call, 1 delegate, 2 static, 3 nobody), how it ends (1: see $end; plus 128:
;; first it stores 7 under key 1), how many times it calls (1), gas for each call (8, little-endian), the callee's
;; address (20), and the rest is the callee's call data.
;; Output: status of the last call (1, 255 for none), ink that all calls took (8).
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
  (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "delegate_call_contract" (func $delegate (param i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "static_call_contract" (func $static (param i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "evm_ink_left" (func $ink (result i64)))
  (memory (export "memory") 1 1)
  (table 3 funcref)
  (elem (i32.const 0) $nothing)
  (data $bytes "four")

  (func $nothing)
  (func $for_ever (param i32) (result i32)
    (i32.add (call $for_ever (local.get 0)) (i32.const 1)))

  (func $store
    (i32.store8 (i32.const 31) (i32.const 1))
    (i32.store8 (i32.const 63) (i32.const 7))
    (call $cache (i32.const 0) (i32.const 32))
    (call $flush (i32.const 0)))

  ;; The address of the callee is at 1035, its call data at 1055.
  (func $once (param $kind i32) (param $len i32) (param $gas i64) (result i32)
    (if (i32.eqz (local.get $kind))
      (then (return (call $call
        (i32.const 1035) (i32.const 1055) (local.get $len) (i32.const 128) (local.get $gas) (i32.const 96)))))
    (if (i32.eq (local.get $kind) (i32.const 1))
      (then (return (call $delegate
        (i32.const 1035) (i32.const 1055) (local.get $len) (local.get $gas) (i32.const 96)))))
    (call $static (i32.const 1035) (i32.const 1055) (local.get $len) (local.get $gas) (i32.const 96)))

  (func $end (param $how i32)
    (local $zero i32) (local $minimum i32)
    ;; Not known to a compiler.
    (local.set $zero (i32.load (i32.const 65000)))
    (local.set $minimum (i32.sub (local.get $zero) (i32.const 0x80000000)))
    (block $out_of_ink (block $signature (block $null (block $table (block $recursion (block $copy (block $fill
    (block $far (block $store (block $load (block $overflow (block $remainder (block $division (block $unreachable
    (block $return
      (br_table $return $unreachable $division $remainder $overflow $load $store $far $fill $copy $recursion $table
        $null $signature $out_of_ink (local.get $how)))
      (return))
      (unreachable))
      (drop (i32.div_u (i32.const 1) (local.get $zero))) (return))
      (drop (i64.rem_s (i64.const 1) (i64.extend_i32_u (local.get $zero)))) (return))
      (drop (i32.div_s (local.get $minimum) (i32.sub (local.get $zero) (i32.const 1)))) (return))
      (drop (i64.load (i32.sub (i32.const 65529) (local.get $zero)))) (return))
      (i32.store8 (i32.add (i32.const 65536) (local.get $zero)) (i32.const 1)) (return))
      (drop (i32.load offset=0xfffffffc (i32.sub (local.get $zero) (i32.const 1)))) (return))
      (memory.fill (i32.const 65535) (i32.const 1) (i32.const 2)) (return))
      (memory.init $bytes (i32.const 0) (i32.const 3) (i32.const 2)) (return))
      (drop (call $for_ever (local.get $zero))) (return))
      (call_indirect (i32.const 3)) (return))
      (call_indirect (i32.const 1)) (return))
      (drop (call_indirect (param i32) (result i32) (i32.const 1) (local.get $zero))) (return))
    (loop $again (br $again)))

  (func (export "user_entrypoint") (param $len i32) (result i32)
    (local $kind i32) (local $how i32) (local $times i32) (local $status i32) (local $before i64)
    (call $read_args (i32.const 1024))
    (local.set $kind (i32.load8_u (i32.const 1024)))
    (local.set $how (i32.load8_u (i32.const 1025)))
    (local.set $times (i32.load8_u (i32.const 1026)))
    (local.set $status (i32.const 255))
    (if (i32.and (local.get $how) (i32.const 128)) (then (call $store)))
    (local.set $before (call $ink))
    (if (i32.ne (local.get $kind) (i32.const 3))
      (then
        (loop $again
          (local.set $status (call $once
            (local.get $kind) (i32.sub (local.get $len) (i32.const 31)) (i64.load (i32.const 1027))))
          (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))))
    (i64.store (i32.const 513) (i64.sub (local.get $before) (call $ink)))
    (i32.store8 (i32.const 512) (local.get $status))
    (call $write_result (i32.const 512) (i32.const 9))
    (call $end (i32.and (local.get $how) (i32.const 127)))
    (i32.const 0)))
