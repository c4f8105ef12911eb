;; Code after a branch, a return or a trap is never run and never charged.
;; call after_br() => 1
;; call after_return() => 2
;; call after_trap(0) => 3
;; call after_trap(1) => trap Unreachable
;; call dead_block() => 4
(module
  (func (export "after_br") (result i32)
    (block (result i32) (br 0 (i32.const 1)) (drop) (i32.div_u (i32.const 1) (i32.const 0))))
  (func (export "after_return") (result i32)
    (return (i32.const 2)) (i32.add) (block (result i32) (unreachable)) (drop))
  (func (export "after_trap") (param i32) (result i32)
    (if (local.get 0) (then (unreachable) (br 0) (loop (br 0))))
    (i32.const 3))
  (func (export "dead_block") (result i32)
    (block $a (br $a) (block $b (loop (br_if $b (i32.const 1)) (br 0))) (br $a))
    (i32.const 4)))
