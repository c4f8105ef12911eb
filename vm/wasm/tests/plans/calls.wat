;; A call ends a metering block, direct or through the table; adjacent calls leave nothing to pay between them.
(module
  (type $callback (func (param i32) (result i32)))
  (table 2 funcref)
  (elem (i32.const 0) func $callee)
  (func $callee (type $callback) local.get 0)
  (func $empty)
  (func (param i32) (result i32)
    call $empty
    call $empty
    i32.const 5
    local.get 0
    call_indirect (type $callback)
    i32.const 1
    i32.add))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32) -> (i32)
;;   type 1 () -> ()
;;   table 0 2 entries
;;   element 0 table 0 at 0: 0
;;   function 0 type 0 locals (i32) operands 1 frame 6 words
;;     charge 1440
;;     local.get 0
;;   end
;;   function 1 type 1 locals () operands 0 frame 4 words
;;     charge 1400
;;   end
;;   function 2 type 0 locals (i32) operands 2 frame 7 words
;;     charge 1850
;;     call 1
;;     charge 450
;;     call 1
;;     charge 930
;;     i32.const 5
;;     local.get 0
;;     call_indirect table 0 type 0
;;     charge 80
;;     i32.const 1
;;     i32.add
;;   end
