;; The end of a loop that is only left by a trap or for want of ink is never reached; the ops after it stay.
(module
  (func (result i32)
    loop
      br 0
    end
    i32.const 2))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 () -> (i32)
;;   function 0 type 0 locals () operands 1 frame 5 words
;;     charge 1400
;;     loop
;;       charge 1560
;;       br 0
;;     end
;;     charge 40
;;     i32.const 2
;;   end
