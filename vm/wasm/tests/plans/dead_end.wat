;; After an end that nothing reaches the ops stay, with a charge that is never taken.
(module
  (func (result i32)
    block
      unreachable
    end
    i32.const 1))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 () -> (i32)
;;   function 0 type 0 locals () operands 1 frame 5 words
;;     charge 1440
;;     block
;;       unreachable
;;     end
;;     charge 40
;;     i32.const 1
;;   end
