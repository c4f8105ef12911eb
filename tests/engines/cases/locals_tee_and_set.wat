;; A value read from a local is the value at that moment, whatever is written later.
;; call order(1) => 1, 2, 2
;; call swap(1, 2) => 2, 1
;; call tee(5) => 10
(module
  (func (export "order") (param i32) (result i32 i32 i32)
    (local.get 0) (local.tee 0 (i32.const 2)) (local.get 0))
  (func (export "swap") (param i64 i64) (result i64 i64)
    (local.get 1) (local.get 0) (local.set 1) (local.set 0) (local.get 0) (local.get 1))
  (func (export "tee") (param i32) (result i32) (local i32)
    (i32.add (local.tee 1 (local.get 0)) (local.get 1))))
