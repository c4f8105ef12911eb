;; The host reads and writes linear memory, also in pages that were grown in the same call.
;; call load_word(65536) => 0xfffefdfcfbfaf9f8
;; call sender(131052) =>
;; host storage_load_bytes32(0, 65536)
;; host msg_sender(131052)
;; memory 131052 = 11 11 11 11
(module
  (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
  (import "vm_hooks" "msg_sender" (func $sender (param i32)))
  (memory (export "memory") 1 2)
  (data (i32.const 0) "\07\06\05\04\03\02\01\00")
  (func (export "load_word") (param i32) (result i64)
    (drop (memory.grow (i32.const 1)))
    (call $load (i32.const 0) (local.get 0))
    (i64.load (local.get 0)))
  (func (export "sender") (param i32) (call $sender (local.get 0))))
