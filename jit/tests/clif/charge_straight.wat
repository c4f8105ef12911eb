;; function: 0
;; One metering block: the stack check, then one charge, then the code.
(module
  (func (param i64 i64) (result i64)
    (i64.mul (i64.add (local.get 0) (local.get 1)) (i64.const 3))))
