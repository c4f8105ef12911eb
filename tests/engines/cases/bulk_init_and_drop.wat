;; `memory.init` checks segment and memory; a dropped segment has no bytes left.
;; call init(0, 1, 3) =>
;; call init(8, 4, 0) =>
;; call init(8, 5, 0) => trap MemoryOutOfBounds
;; call init(8, 2, 3) => trap MemoryOutOfBounds
;; call init(65535, 0, 2) => trap MemoryOutOfBounds
;; call init(8, -1, 2) => trap MemoryOutOfBounds
;; call dropped(8, 0, 0) =>
;; call dropped(8, 0, 1) => trap MemoryOutOfBounds
;; call dropped(8, 1, 0) => trap MemoryOutOfBounds
;; memory 0 = 62 63 64 00
;; memory 65535 = 00
(module (memory (export "memory") 1 1)
  (data $text "abcd")
  (func $init (export "init") (param i32 i32 i32)
    (memory.init $text (local.get 0) (local.get 1) (local.get 2)))
  (func (export "dropped") (param i32 i32 i32)
    (data.drop $text) (data.drop $text)
    (memory.init $text (local.get 0) (local.get 1) (local.get 2))))
