;; Arms and joins of price 0 carry no charge.
(module
  (func (param i32)
    local.get 0
    if
    end))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32) -> ()
;;   function 0 type 0 locals (i32) operands 1 frame 6 words
;;     charge 3000
;;     local.get 0
;;     if
;;     end
;;   end
