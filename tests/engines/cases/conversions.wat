;; Wrapping and extending between the two types.
;; call wrap(0x1ffffffff) => -1
;; call wrap(0x8000000000000000) => 0
;; call extend_s(0x80000000) => 0xffffffff80000000
;; call extend_u(0x80000000) => 0x80000000
;; call extend_s(0x7fffffff) => 0x7fffffff
;; call chain(-1) => 1
(module
  (func (export "wrap") (param i64) (result i32) (i32.wrap_i64 (local.get 0)))
  (func (export "extend_s") (param i32) (result i64) (i64.extend_i32_s (local.get 0)))
  (func (export "extend_u") (param i32) (result i64) (i64.extend_i32_u (local.get 0)))
  (func (export "chain") (param i32) (result i32)
    (i64.eq (i64.extend_i32_u (i32.add (local.get 0) (i32.const 2))) (i64.const 1))))
