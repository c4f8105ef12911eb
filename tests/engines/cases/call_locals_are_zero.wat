;; Declared locals are zero at every entry, also where an earlier frame left other values.
;; call dirty() => 0
;; call clean() => 0, 0, 0
;; call both() => 0
(module
  (func $dirty (export "dirty") (result i64) (local i64 i64 i32)
    (local.set 0 (i64.const -1)) (local.set 1 (i64.const -1)) (local.set 2 (i32.const -1))
    (i64.const 0))
  (func $clean (export "clean") (result i64 i64 i32) (local i64 i64 i32)
    (local.get 0) (local.get 1) (local.get 2))
  (func (export "both") (result i64)
    (drop (call $dirty))
    (call $clean) (i64.extend_i32_u) (i64.or) (i64.or)))
