;; One metering block: header, declared locals and every op in one charge; `nop` leaves nothing, parameters are free.
(module
  (func (param i64 i64) (result i64) (local i32 i64)
    local.get 0
    nop
    local.get 1
    i64.mul
    i64.const 3
    i64.div_u
    local.tee 3
    i64.const 1
    i64.add))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i64 i64) -> (i64)
;;   function 0 type 0 locals (i64 i64 i32 i64) operands 2 frame 10 words
;;     charge 7380
;;     local.get 0
;;     local.get 1
;;     i64.mul
;;     i64.const 3
;;     i64.div_u
;;     local.tee 3
;;     i64.const 1
;;     i64.add
;;   end
