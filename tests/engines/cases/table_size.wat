;; call size() => 7
;; call size_is(7) => 1
;; call size_is(8) => 0
;; A table's maximum is not its size.
(module
  (table 7 20 funcref)
  (func (export "size") (result i32) (table.size 0))
  (func (export "size_is") (param i32) (result i32)
    (i32.eq (local.get 0) (table.size 0))))
