;; As for 32 bits; only the whole 64 bits of a divisor count.
;; call div_s(7, 0) => trap IntegerDivisionByZero
;; call div_u(7, 0) => trap IntegerDivisionByZero
;; call rem_s(7, 0) => trap IntegerDivisionByZero
;; call rem_u(7, 0) => trap IntegerDivisionByZero
;; call div_s(0x8000000000000000, -1) => trap IntegerOverflow
;; call rem_s(0x8000000000000000, -1) => 0
;; call div_u(0x8000000000000000, -1) => 0
;; call rem_u(0x8000000000000000, -1) => 0x8000000000000000
;; call div_u(7, 0x100000000) => 0
;; call rem_u(7, 0x100000000) => 7
;; call div_s(-7, 2) => -3
;; call rem_s(-7, 2) => -1
;; call div_s(0x8000000000000000, 0xffffffff) => -2147483648
(module
  (func (export "div_s") (param i64 i64) (result i64) (i64.div_s (local.get 0) (local.get 1)))
  (func (export "div_u") (param i64 i64) (result i64) (i64.div_u (local.get 0) (local.get 1)))
  (func (export "rem_s") (param i64 i64) (result i64) (i64.rem_s (local.get 0) (local.get 1)))
  (func (export "rem_u") (param i64 i64) (result i64) (i64.rem_u (local.get 0) (local.get 1))))
