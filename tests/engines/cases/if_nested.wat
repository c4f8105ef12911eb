;; Ifs without else inside ifs with one, as statements.
;; call class(0) => 0
;; call class(5) => 1
;; call class(15) => 3
;; call class(-5) => 4
(module
  (func (export "class") (param i32) (result i32) (local i32)
    (if (i32.lt_s (local.get 0) (i32.const 0))
      (then (local.set 1 (i32.const 4)))
      (else
        (if (local.get 0) (then (local.set 1 (i32.const 1))))
        (if (i32.gt_s (local.get 0) (i32.const 10))
          (then (local.set 1 (i32.or (local.get 1) (i32.const 2)))))))
    (local.get 1)))
