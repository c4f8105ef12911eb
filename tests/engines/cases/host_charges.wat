;; The host charges by its argument, and may use up the ink.
;; no third opinion: it has no ink
;; call pay(3) =>
;; call pay(1000000) => out of ink
;; host pay_for_memory_grow(3)
;; host pay_for_memory_grow(1000000)
(module
  (import "vm_hooks" "pay_for_memory_grow" (func $pay (param i32)))
  (func (export "pay") (param i32) (call $pay (local.get 0))))
