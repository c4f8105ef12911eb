;; A loop without a branch to it is paid together with what follows.
(module
  (func
    loop
      i32.const 1
      drop
    end
    i32.const 2
    drop))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 () -> ()
;;   function 0 type 0 locals () operands 1 frame 5 words
;;     charge 1400
;;     loop
;;       charge 160
;;       i32.const 1
;;       drop
;;     end
;;     i32.const 2
;;     drop
;;   end
