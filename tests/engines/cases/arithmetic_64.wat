;; Arithmetic of 64 bits wraps.
;; call add(1, 2) => 0x3
;; call add(-1, 1) => 0x0
;; call add(0, 1) => 0x1
;; call add(9223372036854775808, 9223372036854775808) => 0x0
;; call add(9223372036854775807, 1) => 0x8000000000000000
;; call add(-1, -1) => 0xfffffffffffffffe
;; call add(305419896, -162254319) => 0x8888889
;; call sub(1, 2) => 0xffffffffffffffff
;; call sub(-1, 1) => 0xfffffffffffffffe
;; call sub(0, 1) => 0xffffffffffffffff
;; call sub(9223372036854775808, 9223372036854775808) => 0x0
;; call sub(9223372036854775807, 1) => 0x7ffffffffffffffe
;; call sub(-1, -1) => 0x0
;; call sub(305419896, -162254319) => 0x1be02467
;; call mul(1, 2) => 0x2
;; call mul(-1, 1) => 0xffffffffffffffff
;; call mul(0, 1) => 0x0
;; call mul(9223372036854775808, 9223372036854775808) => 0x0
;; call mul(9223372036854775807, 1) => 0x7fffffffffffffff
;; call mul(-1, -1) => 0x1
;; call mul(305419896, -162254319) => 0xff4ff15b1dbd2df8
;; call and(1, 2) => 0x0
;; call and(-1, 1) => 0x1
;; call and(0, 1) => 0x0
;; call and(9223372036854775808, 9223372036854775808) => 0x8000000000000000
;; call and(9223372036854775807, 1) => 0x1
;; call and(-1, -1) => 0xffffffffffffffff
;; call and(305419896, -162254319) => 0x12141210
;; call or(1, 2) => 0x3
;; call or(-1, 1) => 0xffffffffffffffff
;; call or(0, 1) => 0x1
;; call or(9223372036854775808, 9223372036854775808) => 0x8000000000000000
;; call or(9223372036854775807, 1) => 0x7fffffffffffffff
;; call or(-1, -1) => 0xffffffffffffffff
;; call or(305419896, -162254319) => 0xfffffffff6747679
;; call xor(1, 2) => 0x3
;; call xor(-1, 1) => 0xfffffffffffffffe
;; call xor(0, 1) => 0x1
;; call xor(9223372036854775808, 9223372036854775808) => 0x0
;; call xor(9223372036854775807, 1) => 0x7ffffffffffffffe
;; call xor(-1, -1) => 0x0
;; call xor(305419896, -162254319) => 0xffffffffe4606469
(module
  (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "sub") (param i64 i64) (result i64) (i64.sub (local.get 0) (local.get 1)))
  (func (export "mul") (param i64 i64) (result i64) (i64.mul (local.get 0) (local.get 1)))
  (func (export "and") (param i64 i64) (result i64) (i64.and (local.get 0) (local.get 1)))
  (func (export "or") (param i64 i64) (result i64) (i64.or (local.get 0) (local.get 1)))
  (func (export "xor") (param i64 i64) (result i64) (i64.xor (local.get 0) (local.get 1))))
