;; `unreachable` keeps what was stored before it, and the instance can be called again.
;; call fail(7) => trap Unreachable
;; call fail(0) => 0
;; global 0 = 7
(module
  (global $seen (export "seen") (mut i32) (i32.const 0))
  (func (export "fail") (param i32) (result i32)
    (if (local.get 0) (then (global.set $seen (local.get 0)) (unreachable)))
    (local.get 0)))
