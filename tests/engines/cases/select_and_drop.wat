;; `select` takes the first value if the condition is not 0; typed `select` is the same.
;; call pick(1) => 10, 30
;; call pick(0) => 20, 40
;; call pick(0x80000000) => 10, 30
(module
  (func (export "pick") (param i32) (result i32 i64)
    (i32.const 5) (drop)
    (select (i32.const 10) (i32.const 20) (local.get 0))
    (select (result i64) (i64.const 30) (i64.const 40) (local.get 0))))
