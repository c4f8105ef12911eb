;; Mutable globals of both types, constant ones, and globals that keep their value between calls.
;; call bump() => 1, -1
;; call bump() => 2, -2
;; call constants() => 0x80000000, 0x7fffffffffffffff
;; global 0 = 2
;; global 1 = -2
(module
  (global $a (export "a") (mut i32) (i32.const 0))
  (global $b (export "b") (mut i64) (i64.const 0))
  (global $c (export "c") i32 (i32.const 0x80000000))
  (global $d (export "d") i64 (i64.const 0x7fffffffffffffff))
  (func (export "bump") (result i32 i64)
    (global.set $a (i32.add (global.get $a) (i32.const 1)))
    (global.set $b (i64.sub (global.get $b) (i64.const 1)))
    (global.get $a) (global.get $b))
  (func (export "constants") (result i32 i64) (global.get $c) (global.get $d)))
