;; Growing page by page until it is refused.
;; call fill_up() => 4
;; call fill_up() => 4
(module (memory (export "memory") 0)
  (func (export "fill_up") (result i32)
    (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (memory.size)))
