;; A store that is partly out of bounds writes nothing.
;; call store8(65536) => trap MemoryOutOfBounds
;; call store16(65535) => trap MemoryOutOfBounds
;; call store32(65533) => trap MemoryOutOfBounds
;; call store64(65529) => trap MemoryOutOfBounds
;; call store64(65528) =>
;; call store8(65535) =>
;; memory 65520 = 00 00 00 00 00 00 00 00 ff ff ff ff ff ff ff ff
(module (memory (export "memory") 1 1)
  (func (export "store8") (param i32) (i32.store8 (local.get 0) (i32.const -1)))
  (func (export "store16") (param i32) (i32.store16 (local.get 0) (i32.const -1)))
  (func (export "store32") (param i32) (i32.store (local.get 0) (i32.const -1)))
  (func (export "store64") (param i32) (i64.store (local.get 0) (i64.const -1))))
