;; An empty body still costs its header.
(module (func))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 () -> ()
;;   function 0 type 0 locals () operands 0 frame 4 words
;;     charge 1400
;;   end
