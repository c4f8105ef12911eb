;; A host function that is given memory out of bounds traps and writes nothing; an empty range may be at the end.
;; call sender(65517) => trap MemoryOutOfBounds
;; call sender(-1) => trap MemoryOutOfBounds
;; call result(65536, 0) =>
;; call result(65537, 0) => trap MemoryOutOfBounds
;; call result(65535, 2) => trap MemoryOutOfBounds
;; call result(-1, -1) => trap MemoryOutOfBounds
;; host msg_sender(65517)
;; host msg_sender(4294967295)
;; host write_result(65536, 0)
;; host write_result(65537, 0)
;; host write_result(65535, 2)
;; host write_result(4294967295, 4294967295)
;; memory 65517 = 00 00 00
(module
  (import "vm_hooks" "msg_sender" (func $sender (param i32)))
  (import "vm_hooks" "write_result" (func $result (param i32 i32)))
  (memory (export "memory") 1 1)
  (func (export "sender") (param i32) (call $sender (local.get 0)))
  (func (export "result") (param i32 i32) (call $result (local.get 0) (local.get 1))))
