;; An import that is exported again can be invoked from outside.
;; no third opinion: it gives a host function no memory when there is no caller
;; call args(8) =>
;; call read() => 0x6c6c6163
;; call args(65530) => trap MemoryOutOfBounds
;; host read_args(8)
;; host read_args(65530)
(module
  (import "vm_hooks" "read_args" (func $args (param i32)))
  (export "args" (func $args))
  (memory (export "memory") 1 1)
  (func (export "read") (result i32) (i32.load (i32.const 8))))
