;; A null entry is told from one beyond the table and from one of another type.
;; call at(0) => trap IndirectCallToNull
;; call at(1) => 5
;; call at(2) => trap BadSignature
;; call at(3) => trap IndirectCallToNull
;; call at(4) => trap TableOutOfBounds
(module
  (type $get (func (result i32)))
  (table 4 funcref) (elem (i32.const 1) $five $long)
  (func $five (result i32) (i32.const 5))
  (func $long (result i64) (i64.const 5))
  (func (export "at") (param i32) (result i32) (call_indirect (type $get) (local.get 0))))
