;; A contract: imports, memory, table, globals, segments and exports.
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (type $duplicate (func (param i32)))
  (memory (export "memory") 1 4)
  (table 3 funcref)
  (global $counter (mut i32) (i32.const -1))
  (global $constant (export "constant") i64 (i64.const 7))
  (elem (i32.const 1) func $double)
  (elem $passive funcref (ref.func $double) (ref.null func))
  (elem declare func $double)
  (data (i32.const 8) "abc")
  (data $kept "\01\02")
  (func $double (type $duplicate)
    local.get 0
    drop)
  (func (export "user_entrypoint") (param $length i32) (result i32)
    i32.const 0
    call $read_args
    i32.const 0
    local.get $length
    call $write_result
    i32.const 0))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32) -> ()
;;   type 1 (i32 i32) -> ()
;;   type 2 (i32) -> (i32)
;;   import 0 vm_hooks.read_args type 0
;;   import 1 vm_hooks.write_result type 1
;;   table 0 3 entries
;;   memory 1 to 4 pages
;;   global 0 mut i32 = 4294967295
;;   global 1 i64 = 7
;;   element 0 table 0 at 1: 2
;;   element 1 passive: 2 null
;;   element 2 declared: 2
;;   data 0 at 8: 616263
;;   data 1 passive: 0102
;;   export "memory" memory
;;   export "constant" global 1
;;   export "user_entrypoint" function 3
;;   function 2 type 0 locals (i32) operands 1 frame 6 words
;;     charge 1480
;;     local.get 0
;;     drop
;;   end
;;   function 3 type 2 locals (i32) operands 2 frame 7 words
;;     charge 1890
;;     i32.const 0
;;     call 0
;;     charge 530
;;     i32.const 0
;;     local.get 0
;;     call 1
;;     charge 40
;;     i32.const 0
;;   end
