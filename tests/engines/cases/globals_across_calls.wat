;; A callee's change of a global is seen by the caller, and by the next read in a loop.
;; call run(4) => 15
;; global 0 = 16
(module
  (global $g (export "g") (mut i32) (i32.const 1))
  (func $double (global.set $g (i32.mul (global.get $g) (i32.const 2))))
  (func (export "run") (param i32) (result i32) (local i32)
    (loop $again
      (local.set 1 (i32.add (local.get 1) (global.get $g)))
      (call $double)
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))
