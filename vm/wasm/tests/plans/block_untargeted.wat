;; No branch leads to the end of this block, so control does not join there and one charge pays for all.
(module
  (func (param i32) (result i32)
    block
      i32.const 1
      drop
    end
    i32.const 2))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32) -> (i32)
;;   function 0 type 0 locals (i32) operands 1 frame 6 words
;;     charge 1520
;;     block
;;       i32.const 1
;;       drop
;;     end
;;     i32.const 2
;;   end
