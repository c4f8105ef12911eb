;; Two functions that call each other, with locals, until the stack words are used up.
;; no third opinion: its stack has another size
;; call even(6) => 1
;; call even(7) => 0
;; call even(1000) => trap StackOverflow
;; call even(4) => 1
(module
  (func $even (export "even") (param i32) (result i32) (local i64 i64)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 1))
      (else (call $odd (i32.sub (local.get 0) (i32.const 1))))))
  (func $odd (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (call $even (i32.sub (local.get 0) (i32.const 1)))))))
