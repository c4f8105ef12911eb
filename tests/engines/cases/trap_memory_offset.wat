;; Address and constant offset are added without wrapping.
;; call near(65531) => 0
;; call near(65532) => trap MemoryOutOfBounds
;; call near(-1) => trap MemoryOutOfBounds
;; call far(0) => trap MemoryOutOfBounds
;; call far(-1) => trap MemoryOutOfBounds
;; call far_store(1) => trap MemoryOutOfBounds
;; call far_store(-4) => trap MemoryOutOfBounds
(module (memory (export "memory") 1 1)
  (func (export "near") (param i32) (result i32) (i32.load offset=1 (local.get 0)))
  (func (export "far") (param i32) (result i32) (i32.load8_u offset=0xffffffff (local.get 0)))
  (func (export "far_store") (param i32) (i64.store32 offset=0xfffffffc (local.get 0) (i64.const 1))))
