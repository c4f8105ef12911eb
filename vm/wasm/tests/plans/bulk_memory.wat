;; Bulk operations carry their base price; the price of their length is taken when they run.
(module
  (memory 1)
  (table 4 funcref)
  (elem $e func 0)
  (data $d "abcd")
  (func (param i32)
    local.get 0  i32.const 0  i32.const 4  memory.init $d
    data.drop $d
    local.get 0  i32.const 0  i32.const 4  memory.copy
    local.get 0  i32.const 0  i32.const 4  memory.fill
    local.get 0  i32.const 0  i32.const 1  table.init $e
    elem.drop $e
    local.get 0  i32.const 0  i32.const 1  table.copy
    memory.size
    memory.grow
    drop))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 (i32) -> ()
;;   table 0 4 entries
;;   memory 1 to 128 pages
;;   element 0 passive: 0
;;   data 0 passive: 61626364
;;   function 0 type 0 locals (i32) operands 3 frame 8 words
;;     charge 135240
;;     local.get 0
;;     i32.const 0
;;     i32.const 4
;;     memory.init 0
;;     data.drop 0
;;     local.get 0
;;     i32.const 0
;;     i32.const 4
;;     memory.copy
;;     local.get 0
;;     i32.const 0
;;     i32.const 4
;;     memory.fill
;;     local.get 0
;;     i32.const 0
;;     i32.const 1
;;     table.init 0 0
;;     elem.drop 0
;;     local.get 0
;;     i32.const 0
;;     i32.const 1
;;     table.copy 0 0
;;     memory.size
;;     memory.grow
;;     drop
;;   end
