;; `select` with a type is the same op; a memory without a maximum may grow to the limit.
(module
  (memory 2)
  (func (param i32) (result i64)
    i64.const 1
    i64.const -1
    local.get 0
    select (result i64)))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32) -> (i64)
;;   memory 2 to 128 pages
;;   function 0 type 0 locals (i32) operands 3 frame 8 words
;;     charge 2480
;;     i64.const 1
;;     i64.const -1
;;     local.get 0
;;     select
;;   end
