;; Everything from the end of a flow to the `else` or `end` of its block is gone, nested blocks included.
(module
  (func (param i32) (result i32)
    block
      br 0
      loop
        local.get 0
        if
          br 1
        else
          unreachable
        end
        i32.const 1
        br_if 1
      end
      i32.mul
      drop
    end
    local.get 0
    if
      unreachable
      block
        block
        end
      end
    else
      i32.const 1
      return
      nop
      drop
    end
    i32.const 5
    return
    i32.const 6
    i32.add))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32) -> (i32)
;;   function 0 type 0 locals (i32) operands 1 frame 6 words
;;     charge 2960
;;     block
;;       br 0
;;     end
;;     charge 1600
;;     local.get 0
;;     if
;;       charge 40
;;       unreachable
;;     else
;;       charge 1600
;;       i32.const 1
;;       return
;;     end
;;     charge 1600
;;     i32.const 5
;;     return
;;   end
