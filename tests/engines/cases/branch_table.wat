;; `br_table` with several targets, a repeated one and a default; the index is unsigned.
;; call pick(0) => 100
;; call pick(1) => 101
;; call pick(2) => 100
;; call pick(3) => 102
;; call pick(4) => 102
;; call pick(-1) => 102
(module
  (func (export "pick") (param i32) (result i32)
    (block $c (block $b (block $a
      (br_table $a $b $a $c (local.get 0)))
      (return (i32.const 100)))
      (return (i32.const 101)))
    (i32.const 102)))
