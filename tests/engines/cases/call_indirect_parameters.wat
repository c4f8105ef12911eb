;; A table of operators; the index is on top of the arguments.
;; call apply(0, 20, 22) => 42
;; call apply(1, 20, 22) => -2
;; call apply(2, 20, 22) => 440
;; call apply(3, 20, 0) => trap IntegerDivisionByZero
;; call apply(4, 1, 1) => trap IndirectCallToNull
;; call apply(5, 1, 1) => trap TableOutOfBounds
(module
  (type $op (func (param i32 i32) (result i32)))
  (table 5 funcref) (elem (i32.const 0) $add $sub $mul $div)
  (func $add (type $op) (i32.add (local.get 0) (local.get 1)))
  (func $sub (type $op) (i32.sub (local.get 0) (local.get 1)))
  (func $mul (type $op) (i32.mul (local.get 0) (local.get 1)))
  (func $div (type $op) (i32.div_u (local.get 0) (local.get 1)))
  (func (export "apply") (param i32 i32 i32) (result i32)
    (call_indirect (type $op) (local.get 1) (local.get 2) (local.get 0))))
