;; Each arm has its own charge, and so has what follows the join; an arm that ends the flow has none after it.
(module
  (func (param i32) (result i32) (local i64)
    local.get 0
    if
      i64.const 1
      local.set 1
    else
      nop
    end
    local.get 0
    if (result i32)
      i32.const 3
      return
      i32.const 4
    else
      i32.const 5
    end))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32) -> (i32)
;;   function 0 type 0 locals (i32 i64) operands 1 frame 7 words
;;     charge 3020
;;     local.get 0
;;     if
;;       charge 170
;;       i64.const 1
;;       local.set 1
;;     else
;;     end
;;     charge 1600
;;     local.get 0
;;     if i32
;;       charge 1600
;;       i32.const 3
;;       return
;;     else
;;       charge 40
;;       i32.const 5
;;     end
;;   end
