;; `table.init` from a passive segment, `elem.drop`, and a declared segment that is empty from the start.
;; call at(1) => trap IndirectCallToNull
;; call init(1, 0, 2) =>
;; call at(1) => 10
;; call at(2) => 11
;; call init(2, 1, 2) => trap TableOutOfBounds
;; call init(3, 0, 2) => trap TableOutOfBounds
;; call init(4, 2, 0) =>
;; call declared(0) =>
;; call declared(1) => trap TableOutOfBounds
;; call drop() =>
;; call init(0, 0, 0) =>
;; call init(0, 0, 1) => trap TableOutOfBounds
;; call at(1) => 10
(module
  (type $get (func (result i32)))
  (table 4 funcref)
  (elem $passive func $a $b)
  (elem $declared declare func $a)
  (func $a (result i32) (i32.const 10))
  (func $b (result i32) (i32.const 11))
  (func (export "init") (param i32 i32 i32)
    (table.init $passive (local.get 0) (local.get 1) (local.get 2)))
  (func (export "declared") (param i32)
    (table.init $declared (i32.const 0) (i32.const 0) (local.get 0)))
  (func (export "drop") (elem.drop $passive))
  (func (export "at") (param i32) (result i32) (call_indirect (type $get) (local.get 0))))
