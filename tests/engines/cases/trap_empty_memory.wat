;; A memory of no pages has no byte, but an empty bulk operation at 0 is allowed.
;; call load() => trap MemoryOutOfBounds
;; call fill(0, 0) =>
;; call fill(0, 1) => trap MemoryOutOfBounds
;; call fill(1, 0) => trap MemoryOutOfBounds
;; call size() => 0
(module (memory (export "memory") 0 0)
  (func (export "load") (result i32) (i32.load8_u (i32.const 0)))
  (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
  (func (export "size") (result i32) (memory.size)))
