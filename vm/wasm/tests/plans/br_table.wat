;; Each target begins a metering block; ends that nothing falls into are reached by branches only.
(module
  (func (param i32) (result i32)
    block
      block
        block
          local.get 0
          br_table 0 1 0 2
        end
        i32.const 10
        return
      end
      i32.const 20
      return
    end
    i32.const 30))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32) -> (i32)
;;   function 0 type 0 locals (i32) operands 1 frame 6 words
;;     charge 7790
;;     block
;;       block
;;         block
;;           local.get 0
;;           br_table 0 1 0 2
;;         end
;;         charge 1600
;;         i32.const 10
;;         return
;;       end
;;       charge 1600
;;       i32.const 20
;;       return
;;     end
;;     charge 40
;;     i32.const 30
;;   end
