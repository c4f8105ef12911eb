;; function: 0
;; Each arm and the code after it is a metering block; ink meets as a block parameter.
(module
  (func (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.const 10))
      (else (i32.mul (local.get 0) (i32.const 20))))))
