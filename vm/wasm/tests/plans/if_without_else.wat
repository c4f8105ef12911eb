;; The arm has a charge, the way past it none; what follows the join has its own.
(module
  (func (param i32)
    local.get 0
    if
      i32.const 1
      drop
    end
    i32.const 2
    drop))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32) -> ()
;;   function 0 type 0 locals (i32) operands 1 frame 6 words
;;     charge 3000
;;     local.get 0
;;     if
;;       charge 80
;;       i32.const 1
;;       drop
;;     end
;;     charge 80
;;     i32.const 2
;;     drop
;;   end
