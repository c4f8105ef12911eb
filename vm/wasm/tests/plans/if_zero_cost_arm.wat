;; Arms and joins of price 0 carry no charge.
(module
  (func (param i32)
    local.get 0
    if
    end))

;; plan:
;;   stack 32768 words
;;   bulk byte 24, table entry 1600, memory page 10000000
;;   type 0 (i32) -> ()
;;   function 0 type 0 locals (i32) operands 1 frame 6 words
;;     charge 3670
;;     local.get 0
;;     if
;;     end
;;   end
