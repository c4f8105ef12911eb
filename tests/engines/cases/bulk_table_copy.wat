;; `table.copy` with overlap, at the edge, and out of bounds with nothing copied.
;; call copy(1, 0, 3) =>
;; call at(0) => 10
;; call at(1) => 10
;; call at(2) => 11
;; call at(3) => 12
;; call copy(0, 1, 3) =>
;; call at(0) => 10
;; call at(2) => 12
;; call copy(3, 0, 2) => trap TableOutOfBounds
;; call copy(0, 3, 2) => trap TableOutOfBounds
;; call copy(4, 4, 0) =>
;; call copy(5, 0, 0) => trap TableOutOfBounds
;; call at(3) => 12
(module
  (type $get (func (result i32)))
  (table 4 funcref) (elem (i32.const 0) $a $b $c $d)
  (func $a (result i32) (i32.const 10))
  (func $b (result i32) (i32.const 11))
  (func $c (result i32) (i32.const 12))
  (func $d (result i32) (i32.const 13))
  (func (export "copy") (param i32 i32 i32)
    (table.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "at") (param i32) (result i32) (call_indirect (type $get) (local.get 0))))
