;; An active data segment beyond the memory fails the instance.
;; instance => trap MemoryOutOfBounds
(module (memory (export "memory") 1 1) (data (i32.const 65535) "ab"))
