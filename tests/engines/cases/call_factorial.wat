;; Recursion with a result on 64 bits.
;; call fac(0) => 1
;; call fac(10) => 3628800
;; call fac(20) => 2432902008176640000
;; call fac(25) => 7034535277573963776
(module
  (func $fac (export "fac") (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0))
      (then (i64.const 1))
      (else (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1))))))))
