;; Types are compared by structure: parameters, results and their order count, names do not.
;; call same(1) => 11
;; call same(2) => 12
;; call same(3) => trap BadSignature
;; call same(4) => trap BadSignature
;; call same(5) => trap BadSignature
(module
  (type $a (func (param i32 i64) (result i32)))
  (type $b (func (param i32 i64) (result i32)))
  (type $swapped (func (param i64 i32) (result i32)))
  (type $more (func (param i32 i64) (result i32 i32)))
  (type $fewer (func (param i32) (result i32)))
  (table 6 funcref) (elem (i32.const 1) $fa $fb $fs $fm $ff)
  (func $fa (type $a) (i32.const 11))
  (func $fb (type $b) (i32.const 12))
  (func $fs (type $swapped) (i32.const 13))
  (func $fm (type $more) (i32.const 14) (i32.const 15))
  (func $ff (type $fewer) (i32.const 16))
  (func (export "same") (param i32) (result i32)
    (call_indirect (type $b) (i32.const 1) (i64.const 2) (local.get 0))))
