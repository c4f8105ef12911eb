;; `call_indirect` beyond the table traps; the index is unsigned.
;; call at(0) => 1
;; call at(1) => 2
;; call at(2) => trap TableOutOfBounds
;; call at(-1) => trap TableOutOfBounds
;; call at(0x80000000) => trap TableOutOfBounds
(module
  (type $get (func (result i32)))
  (table 2 funcref) (elem (i32.const 0) $one $two)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func (export "at") (param i32) (result i32) (call_indirect (type $get) (local.get 0))))
