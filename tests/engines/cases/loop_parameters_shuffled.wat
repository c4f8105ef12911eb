;; A loop whose branch hands several parameters over in another order (Fibonacci).
;; call fib(0) => 0
;; call fib(1) => 1
;; call fib(10) => 55
;; call fib(50) => 12586269025
(module
  (func (export "fib") (param i32) (result i64) (local i64 i64)
    (i64.const 0) (i64.const 1)
    (loop $again (param i64 i64) (result i64)
      (local.set 2) (local.set 1)
      (if (result i64) (i32.eqz (local.get 0))
        (then (local.get 1))
        (else
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (local.get 2) (i64.add (local.get 1) (local.get 2))
          (br $again))))))
