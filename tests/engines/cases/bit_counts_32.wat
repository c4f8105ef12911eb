;; Bit counts of 32 bits, of zero too, and the test for zero.
;; call clz(0) => 32
;; call clz(1) => 31
;; call clz(-1) => 0
;; call clz(2147483648) => 0
;; call clz(2147483647) => 1
;; call clz(240) => 24
;; call ctz(0) => 32
;; call ctz(1) => 0
;; call ctz(-1) => 0
;; call ctz(2147483648) => 31
;; call ctz(2147483647) => 0
;; call ctz(240) => 4
;; call popcnt(0) => 0
;; call popcnt(1) => 1
;; call popcnt(-1) => 32
;; call popcnt(2147483648) => 1
;; call popcnt(2147483647) => 31
;; call popcnt(240) => 4
;; call eqz(0) => 1
;; call eqz(1) => 0
;; call eqz(0x80000000) => 0
(module
  (func (export "clz") (param i32) (result i32) (i32.clz (local.get 0)))
  (func (export "ctz") (param i32) (result i32) (i32.ctz (local.get 0)))
  (func (export "popcnt") (param i32) (result i32) (i32.popcnt (local.get 0)))
  (func (export "eqz") (param i32) (result i32) (i32.eqz (local.get 0))))
