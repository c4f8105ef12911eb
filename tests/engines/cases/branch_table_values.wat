;; A `br_table` that carries a value over operands that are dropped, out of blocks of unequal height.
;; call pick(0) => 7
;; call pick(1) => 17
;; call pick(2) => 107
;; call pick(9) => 107
(module
  (func (export "pick") (param i32) (result i32)
    (i32.add (i32.const 100)
      (block $outer (result i32)
        (i32.add (i32.const 10)
          (block $inner (result i32)
            (i32.const 1) (i32.const 2)
            (br_table 2 $inner $outer (i32.const 7) (local.get 0))))
        (return)))))
