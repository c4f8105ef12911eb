;; `table.size` is a constant: no table grows.
(module
  (table 7 20 funcref)
  (func (result i32)
    table.size 0))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 () -> (i32)
;;   table 0 7 entries
;;   function 0 type 0 locals () operands 1 frame 5 words
;;     charge 1440
;;     i32.const 7
;;   end
