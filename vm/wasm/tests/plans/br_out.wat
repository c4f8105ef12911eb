;; Branches over several levels, and one to the function itself.
(module
  (func (param i32) (result i32)
    block
      loop
        local.get 0
        if
          br 2
        else
          br 1
        end
      end
    end
    i32.const 1
    br 0))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32) -> (i32)
;;   function 0 type 0 locals (i32) operands 1 frame 6 words
;;     charge 1400
;;     block
;;       loop
;;         charge 1600
;;         local.get 0
;;         if
;;           charge 1560
;;           br 2
;;         else
;;           charge 1560
;;           br 1
;;         end
;;       end
;;     end
;;     charge 1600
;;     i32.const 1
;;     br 0
;;   end
