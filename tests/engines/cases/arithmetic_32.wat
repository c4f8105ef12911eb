;; Arithmetic of 32 bits wraps.
;; call add(1, 2) => 0x3
;; call add(-1, 1) => 0x0
;; call add(0, 1) => 0x1
;; call add(2147483648, 2147483648) => 0x0
;; call add(2147483647, 1) => 0x80000000
;; call add(-1, -1) => 0xfffffffe
;; call add(305419896, -162254319) => 0x8888889
;; call sub(1, 2) => 0xffffffff
;; call sub(-1, 1) => 0xfffffffe
;; call sub(0, 1) => 0xffffffff
;; call sub(2147483648, 2147483648) => 0x0
;; call sub(2147483647, 1) => 0x7ffffffe
;; call sub(-1, -1) => 0x0
;; call sub(305419896, -162254319) => 0x1be02467
;; call mul(1, 2) => 0x2
;; call mul(-1, 1) => 0xffffffff
;; call mul(0, 1) => 0x0
;; call mul(2147483648, 2147483648) => 0x0
;; call mul(2147483647, 1) => 0x7fffffff
;; call mul(-1, -1) => 0x1
;; call mul(305419896, -162254319) => 0x1dbd2df8
;; call and(1, 2) => 0x0
;; call and(-1, 1) => 0x1
;; call and(0, 1) => 0x0
;; call and(2147483648, 2147483648) => 0x80000000
;; call and(2147483647, 1) => 0x1
;; call and(-1, -1) => 0xffffffff
;; call and(305419896, -162254319) => 0x12141210
;; call or(1, 2) => 0x3
;; call or(-1, 1) => 0xffffffff
;; call or(0, 1) => 0x1
;; call or(2147483648, 2147483648) => 0x80000000
;; call or(2147483647, 1) => 0x7fffffff
;; call or(-1, -1) => 0xffffffff
;; call or(305419896, -162254319) => 0xf6747679
;; call xor(1, 2) => 0x3
;; call xor(-1, 1) => 0xfffffffe
;; call xor(0, 1) => 0x1
;; call xor(2147483648, 2147483648) => 0x0
;; call xor(2147483647, 1) => 0x7ffffffe
;; call xor(-1, -1) => 0x0
;; call xor(305419896, -162254319) => 0xe4606469
(module
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "sub") (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
  (func (export "mul") (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1)))
  (func (export "and") (param i32 i32) (result i32) (i32.and (local.get 0) (local.get 1)))
  (func (export "or") (param i32 i32) (result i32) (i32.or (local.get 0) (local.get 1)))
  (func (export "xor") (param i32 i32) (result i32) (i32.xor (local.get 0) (local.get 1))))
