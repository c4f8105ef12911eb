;; function: 0
;; Edges of a br_table pass operands as block arguments.
(module
  (func (param i32) (result i32)
    (block (result i32)
      (block (result i32)
        (br_table 0 1 2 (i32.const 5) (local.get 0)))
      (i32.add (i32.const 1)))))
