;; A load may end at the last byte; one byte further it traps, for every width.
;; call load8(65535) => 0
;; call load8(65536) => trap MemoryOutOfBounds
;; call load16(65534) => 0
;; call load16(65535) => trap MemoryOutOfBounds
;; call load32(65532) => 0
;; call load32(65533) => trap MemoryOutOfBounds
;; call load64(65528) => 0
;; call load64(65529) => trap MemoryOutOfBounds
;; call load64(-1) => trap MemoryOutOfBounds
(module (memory (export "memory") 1 1)
  (func (export "load8") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "load16") (param i32) (result i32) (i32.load16_s (local.get 0)))
  (func (export "load32") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "load64") (param i32) (result i64) (i64.load (local.get 0))))
