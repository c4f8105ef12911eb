;; Blocks with parameters and several results name a type of the plan; equal types share one index.
(module
  (type $unused (func (param i32 i32) (result i32 i64)))
  (type $same (func (param i32 i32) (result i32 i64)))
  (func (param i32 i32) (result i32 i64)
    local.get 0
    local.get 1
    block (type $same)
      loop (param i32 i32) (result i32 i64)
        i32.add
        local.tee 0
        local.get 0
        i64.extend_i32_u
        local.get 0
        br_if 1
      end
    end))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32 i32) -> (i32 i64)
;;   function 0 type 0 locals (i32 i32) operands 3 frame 9 words
;;     charge 1480
;;     local.get 0
;;     local.get 1
;;     block type 0
;;       loop type 0
;;         charge 2055
;;         i32.add
;;         local.tee 0
;;         local.get 0
;;         i64.extend_i32_u
;;         local.get 0
;;         br_if 1
;;       end
;;     end
;;   end
