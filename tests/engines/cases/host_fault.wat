;; A fault of the node ends the run without a result; the instance is still whole.
;; no third opinion: it has no such end
;; call infer(0xdead) => fault
;; call infer(1) => 15
;; host infer(57005, 2, 3, 4, 5)
;; host infer(1, 2, 3, 4, 5)
(module
  (import "aivm" "infer" (func $infer (param i32 i32 i32 i32 i32) (result i32)))
  (func (export "infer") (param i32) (result i32)
    (call $infer (local.get 0) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5))))
