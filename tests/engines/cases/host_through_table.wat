;; An import in the table is called like any function; its type is checked, too.
;; call at(0) => 1
;; call at(1) => 7
;; call at(2) => trap BadSignature
;; call at(3) => trap IndirectCallToNull
;; host msg_reentrant()
(module
  (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
  (import "vm_hooks" "read_args" (func $args (param i32)))
  (type $get (func (result i32)))
  (memory (export "memory") 1 1)
  (table 4 funcref) (elem (i32.const 0) $reentrant $seven $args)
  (func $seven (result i32) (i32.const 7))
  (func (export "at") (param i32) (result i32) (call_indirect (type $get) (local.get 0))))
