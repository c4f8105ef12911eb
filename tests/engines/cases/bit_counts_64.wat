;; Bit counts of 64 bits, of zero too, and the test for zero.
;; call clz(0) => 64
;; call clz(1) => 63
;; call clz(-1) => 0
;; call clz(9223372036854775808) => 0
;; call clz(9223372036854775807) => 1
;; call clz(240) => 56
;; call ctz(0) => 64
;; call ctz(1) => 0
;; call ctz(-1) => 0
;; call ctz(9223372036854775808) => 63
;; call ctz(9223372036854775807) => 0
;; call ctz(240) => 4
;; call popcnt(0) => 0
;; call popcnt(1) => 1
;; call popcnt(-1) => 64
;; call popcnt(9223372036854775808) => 1
;; call popcnt(9223372036854775807) => 63
;; call popcnt(240) => 4
;; call eqz(0) => 1
;; call eqz(1) => 0
;; call eqz(0x8000000000000000) => 0
;; call eqz(0x100000000) => 0
(module
  (func (export "clz") (param i64) (result i64) (i64.clz (local.get 0)))
  (func (export "ctz") (param i64) (result i64) (i64.ctz (local.get 0)))
  (func (export "popcnt") (param i64) (result i64) (i64.popcnt (local.get 0)))
  (func (export "eqz") (param i64) (result i32) (i64.eqz (local.get 0))))
