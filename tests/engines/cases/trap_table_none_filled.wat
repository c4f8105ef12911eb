;; A table without any segment holds nulls only.
;; call at(0) => trap IndirectCallToNull
;; call at(1) => trap TableOutOfBounds
(module
  (type $get (func (result i32)))
  (table 1 funcref)
  (func (export "at") (param i32) (result i32) (call_indirect (type $get) (local.get 0))))
