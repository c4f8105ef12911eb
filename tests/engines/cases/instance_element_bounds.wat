;; An active element segment beyond the table fails the instance, before any data segment is looked at.
;; instance => trap TableOutOfBounds
(module (memory (export "memory") 1 1) (table 1 funcref)
  (func $f) (elem (i32.const 1) $f) (data (i32.const 65536) "a"))
