;; Operands and locals survive a host call that changes memory.
;; call run(5) => 5, 1, 0x6c6c6163
;; host read_args(0)
;; host msg_reentrant()
(module
  (import "vm_hooks" "read_args" (func $args (param i32)))
  (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
  (memory (export "memory") 1 1)
  (func (export "run") (param i32) (result i32 i32 i32)
    (local.get 0)
    (call $args (i32.const 0))
    (call $reentrant)
    (i32.load (i32.const 0))))
