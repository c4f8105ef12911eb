;; One arm or both end in a branch.
;; call one(0) => 20
;; call one(1) => 10
;; call both(0) => 2
;; call both(1) => 1
(module
  (func (export "one") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (return (i32.const 10))) (else (i32.const 20))))
  (func (export "both") (param i32) (result i32)
    (if (local.get 0) (then (return (i32.const 1))) (else (return (i32.const 2))))
    (unreachable)))
