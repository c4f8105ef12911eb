;; Copies go as if through a buffer, forwards and backwards; out of bounds nothing is copied.
;; call copy(1, 0, 7) =>
;; call copy(16, 17, 7) =>
;; call copy(32, 32, 4) =>
;; call copy(65534, 0, 3) => trap MemoryOutOfBounds
;; call copy(0, 65534, 3) => trap MemoryOutOfBounds
;; call copy(65536, 0, 0) =>
;; call copy(0, 65536, 0) =>
;; call copy(65537, 0, 0) => trap MemoryOutOfBounds
;; call copy(0, 65537, 0) => trap MemoryOutOfBounds
;; memory 0 = 61 61 62 63 64 65 66 67
;; memory 16 = 62 63 64 65 66 67 68 68
;; memory 65533 = 00 00 00
(module (memory (export "memory") 1 1)
  (data (i32.const 0) "abcdefgh") (data (i32.const 16) "abcdefgh") (data (i32.const 32) "abcd")
  (func (export "copy") (param i32 i32 i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2))))
