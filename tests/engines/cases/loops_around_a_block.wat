;; call times(0) => 10
;; call times(1) => 1
;;
;; Loops that begin at the same place, with a block between them: a branch to the outer one pays for its first
;; stretch, which is that of the inner one.
(module
  (func (export "times") (param i32) (result i32)
    (block $past
      (br_if $past (local.get 0))
      (loop $outer
        (block
          (loop $inner
            (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (br_if $outer (i32.lt_u (local.get 0) (i32.const 10)))))))
    (local.get 0)))
