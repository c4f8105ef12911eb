;; An active segment counts as dropped after the instantiation.
;; call init(0) =>
;; call init(1) => trap MemoryOutOfBounds
;; memory 4 = 78 79
(module (memory (export "memory") 1 1)
  (data $text (i32.const 4) "xy")
  (func (export "init") (param i32)
    (memory.init $text (i32.const 0) (i32.const 0) (local.get 0))))
