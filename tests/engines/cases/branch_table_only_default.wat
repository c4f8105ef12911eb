;; A table without targets always takes the default.
;; call go(0) => 1
;; call go(77) => 1
(module
  (func (export "go") (param i32) (result i32)
    (block (br_table 0 (local.get 0)))
    (i32.const 1)))
