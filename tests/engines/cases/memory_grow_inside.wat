;; Accesses after growth in the same function see the new pages, in callers too; old bytes are kept.
;; call grow_and_store() => 1, 77
;; call caller() => 88
;; memory 0 = 2a 00 00 00
(module (memory (export "memory") 1 4) (data (i32.const 0) "\2a")
  (func (export "grow_and_store") (result i32 i32)
    (memory.grow (i32.const 1))
    (i32.store (i32.const 65536) (i32.const 77))
    (i32.load (i32.const 65536)))
  (func $grow (drop (memory.grow (i32.const 1))))
  (func (export "caller") (result i32)
    (i32.store (i32.const 4) (i32.const 1))
    (call $grow)
    (i32.store (i32.const 131072) (i32.const 88))
    (i32.load (i32.const 131072))))
