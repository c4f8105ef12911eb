;; A loop with two arms and a division in one.
;; call steps(1) => 0
;; call steps(6) => 8
;; call steps(27) => 111
(module
  (func (export "steps") (param i64) (result i32) (local i32)
    (block $done
      (loop $again
        (br_if $done (i64.le_u (local.get 0) (i64.const 1)))
        (local.set 0
          (if (result i64) (i64.eqz (i64.and (local.get 0) (i64.const 1)))
            (then (i64.div_u (local.get 0) (i64.const 2)))
            (else (i64.add (i64.mul (local.get 0) (i64.const 3)) (i64.const 1)))))
        (local.set 1 (i32.add (local.get 1) (i32.const 1)))
        (br $again)))
    (local.get 1)))
