;; An i32 that overflowed must not show its carry where 64 bits are looked at.
;; call address() => 7
;; call extended() => 0
;; call shifted(32) => 1
;; call compared() => 1
(module (memory (export "memory") 1 1) (data (i32.const 1) "\07")
  (func (export "address") (result i32)
    (i32.load8_u (i32.add (i32.const -1) (i32.const 2))))
  (func (export "extended") (result i64)
    (i64.extend_i32_u (i32.add (i32.const 0xffffffff) (i32.const 1))))
  (func (export "shifted") (param i32) (result i32) (i32.shl (i32.const 1) (local.get 0)))
  (func (export "compared") (result i32)
    (i64.eq (i64.extend_i32_u (i32.mul (i32.const 0x10000) (i32.const 0x10000))) (i64.const 0))))
