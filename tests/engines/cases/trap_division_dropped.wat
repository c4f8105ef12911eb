;; A division whose result is dropped traps all the same, and so does one by a constant.
;; call drop_div(0) => trap IntegerDivisionByZero
;; call drop_div(1) =>
;; call by_zero() => trap IntegerDivisionByZero
;; call overflow() => trap IntegerOverflow
(module
  (func (export "drop_div") (param i32) (drop (i32.div_u (i32.const 1) (local.get 0))))
  (func (export "by_zero") (drop (i64.rem_s (i64.const 1) (i64.const 0))))
  (func (export "overflow") (drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))))
