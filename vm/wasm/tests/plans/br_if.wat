;; A branch that may not be taken ends a metering block; a block's end with a branch to it begins one.
(module
  (func (param i32) (result i32)
    block
      local.get 0
      br_if 0
      i32.const 1
      drop
    end
    i32.const 2))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32) -> (i32)
;;   function 0 type 0 locals (i32) operands 1 frame 6 words
;;     charge 3000
;;     block
;;       local.get 0
;;       br_if 0
;;       charge 80
;;       i32.const 1
;;       drop
;;     end
;;     charge 40
;;     i32.const 2
;;   end
