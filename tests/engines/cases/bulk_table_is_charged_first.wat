;; A table entry counts as four bytes; the charge comes before the bounds.
;; no third opinion: it has no ink
;; call copy(100) => trap TableOutOfBounds
;; call copy(0x40000000) => out of ink
(module (table 4 funcref)
  (func (export "copy") (param i32) (table.copy (i32.const 0) (i32.const 0) (local.get 0))))
