;; A load whose result is dropped traps all the same.
;; call drop_load(65533) => trap MemoryOutOfBounds
;; call drop_load(65532) =>
(module (memory (export "memory") 1 1)
  (func (export "drop_load") (param i32) (drop (i32.load (local.get 0)))))
