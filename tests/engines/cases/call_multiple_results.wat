;; Functions of several results, through direct and indirect calls.
;; call swap(1, 2) => 2, 1
;; call twice(1, 2) => 1, 2
;; call indirect(1, 2) => 2, 1
;; call four() => 1, 2, 3, 4
(module
  (type $pair (func (param i32 i64) (result i64 i32)))
  (type $riap (func (param i64 i32) (result i32 i64)))
  (table 1 funcref) (elem (i32.const 0) $swap)
  (func $swap (export "swap") (type $pair) (local.get 1) (local.get 0))
  (func $back (type $riap) (local.get 1) (local.get 0))
  (func (export "twice") (param i32 i64) (result i32 i64)
    (call $back (call $swap (local.get 0) (local.get 1))))
  (func (export "indirect") (type $pair)
    (call_indirect (type $pair) (local.get 0) (local.get 1) (i32.const 0)))
  (func (export "four") (result i32 i64 i32 i64)
    (i32.const 1) (i64.const 2) (i32.const 3) (i64.const 4)))
