;; A branch to the function's own label returns, with all its results.
;; call out(0) => 3, 4
;; call out(1) => 1, 2
;; call table(0) => 5
;; call table(1) => 6
(module
  (func (export "out") (param i32) (result i32 i64)
    (i32.const 9) (i32.const 1) (i64.const 2)
    (br_if 0 (local.get 0))
    (drop) (drop) (drop)
    (i32.const 3) (i64.const 4))
  (func (export "table") (param i32) (result i32)
    (block (result i32)
      (i32.const 5) (br_table 1 0 (local.get 0)))
    (drop) (i32.const 6)))
