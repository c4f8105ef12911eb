;; Ink is exact when the host sees it: nothing after a host call is paid before it.
(module
  (import "vm_hooks" "msg_reentrant" (func $msg_reentrant (result i32)))
  (import "aivm" "model_info" (func $model_info (param i32 i32) (result i32)))
  (memory 1)
  (func (result i32)
    call $msg_reentrant
    i32.load offset=8
    i32.const 64
    call $model_info
    i32.eqz))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 () -> (i32)
;;   type 1 (i32 i32) -> (i32)
;;   import 0 vm_hooks.msg_reentrant type 0
;;   import 1 aivm.model_info type 1
;;   memory 1 to 128 pages
;;   function 2 type 0 locals () operands 2 frame 6 words
;;     charge 1850
;;     call 0
;;     charge 1790
;;     i32.load offset=8
;;     i32.const 64
;;     call 1
;;     charge 960
;;     i32.eqz
;;   end
