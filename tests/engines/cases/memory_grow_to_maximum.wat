;; Growth up to the module's own maximum; beyond it -1, and the size stays.
;; call grow(1) => 1
;; call load(131071) => 0
;; call grow(2) => -1
;; call size() => 2
;; call grow(1) => 2
;; call grow(1) => -1
;; call grow(0) => 3
;; call load(196607) => 0
;; call load(196608) => trap MemoryOutOfBounds
(module (memory (export "memory") 1 3)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i32) (memory.size))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))
