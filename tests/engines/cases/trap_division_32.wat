;; The divisor is checked for zero before overflow; the remainder of the minimum by -1 is 0.
;; call div_s(7, 0) => trap IntegerDivisionByZero
;; call div_u(7, 0) => trap IntegerDivisionByZero
;; call rem_s(7, 0) => trap IntegerDivisionByZero
;; call rem_u(7, 0) => trap IntegerDivisionByZero
;; call div_s(0x80000000, 0) => trap IntegerDivisionByZero
;; call div_s(0x80000000, -1) => trap IntegerOverflow
;; call rem_s(0x80000000, -1) => 0
;; call div_u(0x80000000, -1) => 0
;; call rem_u(0x80000000, -1) => 0x80000000
;; call div_s(-7, 2) => -3
;; call div_s(7, -2) => -3
;; call rem_s(-7, 2) => -1
;; call rem_s(7, -2) => 1
;; call div_u(-7, 2) => 0x7ffffffc
;; call rem_u(-7, 10) => 9
;; call div_s(0x80000000, 1) => 0x80000000
;; call div_s(0x80000000, 2) => 0xc0000000
(module
  (func (export "div_s") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "div_u") (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
  (func (export "rem_s") (param i32 i32) (result i32) (i32.rem_s (local.get 0) (local.get 1)))
  (func (export "rem_u") (param i32 i32) (result i32) (i32.rem_u (local.get 0) (local.get 1))))
