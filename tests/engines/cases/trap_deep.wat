;; A trap under several calls ends all of them; globals and memory keep what the callers wrote.
;; call outer(3) => trap Unreachable
;; call outer(3) => trap Unreachable
;; global 0 = 8
;; memory 0 = 03 02 01 00
(module (memory (export "memory") 1 1)
  (global (export "depth") (mut i64) (i64.const 0))
  (func $outer (export "outer") (param i32)
    (global.set 0 (i64.add (global.get 0) (i64.const 1)))
    (if (i32.eqz (local.get 0)) (then (unreachable)))
    (i32.store8 (i32.sub (i32.const 3) (local.get 0)) (local.get 0))
    (call $outer (i32.sub (local.get 0) (i32.const 1)))))
