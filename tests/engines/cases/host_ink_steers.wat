;; A contract that looks at its ink and stops in time.
;; no third opinion: it has no ink
;; call run(199700) => 14
;; host msg_reentrant()
;; host msg_reentrant()
;; host msg_reentrant()
;; host msg_reentrant()
;; host msg_reentrant()
;; host msg_reentrant()
;; host msg_reentrant()
;; host msg_reentrant()
;; host msg_reentrant()
;; host msg_reentrant()
;; host msg_reentrant()
;; host msg_reentrant()
;; host msg_reentrant()
;; host msg_reentrant()
(module
  (import "vm_hooks" "msg_reentrant" (func $ink (result i32)))
  (func (export "run") (param i32) (result i32) (local i32)
    (loop $again
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (br_if $again (i32.gt_u (call $ink) (local.get 0))))
    (local.get 1)))
