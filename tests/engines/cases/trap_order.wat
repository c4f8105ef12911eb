;; Operands are evaluated first, so the first trap in program order is the one that counts.
;; call store_of_bad_load() => trap MemoryOutOfBounds
;; call store_of_division() => trap IntegerDivisionByZero
;; call call_before_divide() => trap Unreachable
;; global 0 = 1
(module (memory (export "memory") 1 1)
  (global (export "g") (mut i32) (i32.const 0))
  (func $fail (result i32) (global.set 0 (i32.const 1)) (unreachable))
  (func (export "store_of_bad_load") (i32.store (i32.const 0) (i32.load (i32.const -4))))
  (func (export "store_of_division")
    (i32.store (i32.const -4) (i32.div_u (i32.const 1) (i32.const 0))))
  (func (export "call_before_divide") (result i32) (i32.div_u (call $fail) (i32.const 0))))
