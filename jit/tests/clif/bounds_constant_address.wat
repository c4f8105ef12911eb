;; function: 0
;; A constant address within the smallest size needs no check; the last access is outside of it.
(module
  (memory 1 4)
  (func (result i64)
    (i64.store (i32.const 65528) (i64.const -1))
    (i64.load32_s (i32.const 65533))))
