;; The host sees the exact ink, before and after the calls of a metering block.
;; no third opinion: it has no ink
;; call twice() => 1
;; host msg_reentrant()
;; host msg_reentrant()
(module
  (import "vm_hooks" "msg_reentrant" (func $ink (result i32)))
  (func (export "twice") (result i32) (local i32)
    (local.set 0 (call $ink))
    ;; 5 for the call and 10 that the host takes, and the operations of the block after the first call.
    (i32.gt_u (i32.sub (local.get 0) (call $ink)) (i32.const 15))))
