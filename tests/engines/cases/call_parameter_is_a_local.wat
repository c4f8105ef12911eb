;; Writing a parameter in the callee changes nothing in the caller.
;; call outer(5) => 5, 6
(module
  (func $inner (param i32) (result i32)
    (local.set 0 (i32.add (local.get 0) (i32.const 1))) (local.get 0))
  (func (export "outer") (param i32) (result i32 i32)
    (local i32)
    (local.set 1 (call $inner (local.get 0)))
    (local.get 0) (local.get 1)))
