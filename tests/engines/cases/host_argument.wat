;; A host function may refuse its arguments with a trap of its own.
;; call log(4) =>
;; call log(5) => trap HostArgument
;; host emit_log(0, 32, 4)
;; host emit_log(0, 32, 5)
(module
  (import "vm_hooks" "emit_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1 1)
  (func (export "log") (param i32) (call $log (i32.const 0) (i32.const 32) (local.get 0))))
