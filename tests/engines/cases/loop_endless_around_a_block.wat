;; call endless(0) => out of ink
;; no third opinion: it has no ink
;;
;; As in loops_around_a_block: where the branch to the outer loop went free, this never ended.
(module
  (func (export "endless") (param i32) (result i32)
    (block $past
      (br_if $past (local.get 0))
      (loop $outer
        (block
          (loop $inner
            (br $outer)))))
    (local.get 0)))
