;; Arguments of both types arrive in order; operands below them survive the call.
;; call sum() => 1000, 54321
;; call mixed(1, 2, 3, 4) => 4, 3, 2, 1
(module
  (func $digits (param i32 i64 i32 i64 i32) (result i64)
    (i64.add (i64.extend_i32_u (local.get 0))
      (i64.add (i64.mul (local.get 1) (i64.const 10))
        (i64.add (i64.mul (i64.extend_i32_u (local.get 2)) (i64.const 100))
          (i64.add (i64.mul (local.get 3) (i64.const 1000))
            (i64.mul (i64.extend_i32_u (local.get 4)) (i64.const 10000)))))))
  (func (export "sum") (result i32 i64)
    (i32.const 1000)
    (call $digits (i32.const 1) (i64.const 2) (i32.const 3) (i64.const 4) (i32.const 5)))
  (func (export "mixed") (param i32 i64 i32 i64) (result i64 i32 i64 i32)
    (local.get 3) (local.get 2) (local.get 1) (local.get 0)))
