;; A memory without maximum of its own grows to the limit of four pages.
;; call grow(4) => -1
;; call grow(-1) => -1
;; call grow(65535) => -1
;; call grow(3) => 1
;; call grow(1) => -1
;; call grow(0) => 4
;; call store(262136) =>
;; call store(262137) => trap MemoryOutOfBounds
(module (memory (export "memory") 1)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "store") (param i32) (i64.store (local.get 0) (i64.const -1))))
