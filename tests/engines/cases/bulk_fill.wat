;; Fill uses the low byte, may end at the last byte, may be empty at the end and not beyond it.
;; call fill(10, 0x1ff, 3) =>
;; call fill(65533, 7, 3) =>
;; call fill(65534, 8, 3) => trap MemoryOutOfBounds
;; call fill(65536, 9, 0) =>
;; call fill(65537, 9, 0) => trap MemoryOutOfBounds
;; call fill(-1, 9, 0) => trap MemoryOutOfBounds
;; memory 9 = 00 ff ff ff 00
;; memory 65532 = 00 07 07 07
(module (memory (export "memory") 1 1)
  (func (export "fill") (param i32 i32 i32)
    (memory.fill (local.get 0) (local.get 1) (local.get 2))))
