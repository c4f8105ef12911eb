;; The i32 that a host function returns has no high half, whatever the host gave.
;; call info() => 0xffffffff
;; call sum(-1, -1) => -2
;; host model_info(1, 2)
;; host infer(4294967295, 4294967295, 0, 0, 0)
(module
  (import "aivm" "model_info" (func $info (param i32 i32) (result i32)))
  (import "aivm" "infer" (func $infer (param i32 i32 i32 i32 i32) (result i32)))
  (func (export "info") (result i64)
    (i64.extend_i32_u (call $info (i32.const 1) (i32.const 2))))
  (func (export "sum") (param i32 i32) (result i32)
    (call $infer (local.get 0) (local.get 1) (i32.const 0) (i32.const 0) (i32.const 0))))
