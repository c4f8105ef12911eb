;; function: 0
;; Signed division tests zero, then overflow; by a constant that is neither 0 nor -1 it tests nothing; the
;; remainder cannot overflow.
(module
  (func (param i32 i64) (result i64)
    (i64.add
      (i64.extend_i32_s (i32.div_s (local.get 0) (i32.const 7)))
      (i64.rem_s
        (i64.div_s (local.get 1) (i64.const -1))
        (i64.extend_i32_u (local.get 0))))))
