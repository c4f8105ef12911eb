;; function: 0
;; Ink and stack words travel in registers; the status is tested after the call.
(module
  (func $f (param i32) (result i32)
    (i32.add (call $f (local.get 0)) (i32.const 1))))
