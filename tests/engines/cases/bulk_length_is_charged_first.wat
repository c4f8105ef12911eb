;; A huge length costs more ink than there is, before the bounds are looked at.
;; no third opinion: it has no ink
;; call fill(-1) => out of ink
;; memory 0 = 00
(module (memory (export "memory") 1 1)
  (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0))))
