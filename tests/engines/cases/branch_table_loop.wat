;; A table that goes back to a loop or leaves it.
;; call run(5) => 15
;; call run(0) => 0
(module
  (func (export "run") (param i32) (result i32) (local i32)
    (block $done
      (loop $again
        (local.set 1 (i32.add (local.get 1) (local.get 0)))
        (br_if $done (i32.eqz (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_table $done $again (i32.ne (i32.const 0) (local.get 1)))))
    (local.get 1)))
