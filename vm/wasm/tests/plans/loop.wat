;; The header's charge is paid on every round; a loop's end joins nothing, so its block runs on.
(module
  (func (param i32) (result i32)
    loop
      local.get 0
      i32.const 1
      i32.sub
      local.tee 0
      br_if 0
      i32.const 7
      drop
    end
    local.get 0))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32) -> (i32)
;;   function 0 type 0 locals (i32) operands 2 frame 7 words
;;     charge 1400
;;     loop
;;       charge 1810
;;       local.get 0
;;       i32.const 1
;;       i32.sub
;;       local.tee 0
;;       br_if 0
;;       charge 120
;;       i32.const 7
;;       drop
;;     end
;;     local.get 0
;;   end
