;; A loop of calls that never ends; what was counted is what the ink allowed.
;; no third opinion: it has no ink
;; call spin() => out of ink
(module
  (global (export "n") (mut i64) (i64.const 0))
  (func $tick (global.set 0 (i64.add (global.get 0) (i64.const 1))))
  (func (export "spin") (loop (call $tick) (br 0))))
