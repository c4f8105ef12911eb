;; function: 0
;; A constant global is a constant; a variable one is a word behind the context.
(module
  (global $fixed i32 (i32.const -2))
  (global $counter (mut i32) (i32.const 0))
  (func (result i32)
    (global.set $counter (i32.add (global.get $counter) (global.get $fixed)))
    (global.get $counter)))
