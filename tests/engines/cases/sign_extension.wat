;; The sign-extension operators look at their low bits only.
;; call i32_8(0x7f) => 0x7f
;; call i32_8(0x80) => -128
;; call i32_8(0x1234567f) => 0x7f
;; call i32_16(0x7fff) => 0x7fff
;; call i32_16(0x18000) => -32768
;; call i64_8(0x80) => -128
;; call i64_8(0xffffffffffffff7f) => 0x7f
;; call i64_16(0x8000) => -32768
;; call i64_32(0x80000000) => -2147483648
;; call i64_32(0xffffffff7fffffff) => 0x7fffffff
(module
  (func (export "i32_8") (param i32) (result i32) (i32.extend8_s (local.get 0)))
  (func (export "i32_16") (param i32) (result i32) (i32.extend16_s (local.get 0)))
  (func (export "i64_8") (param i64) (result i64) (i64.extend8_s (local.get 0)))
  (func (export "i64_16") (param i64) (result i64) (i64.extend16_s (local.get 0)))
  (func (export "i64_32") (param i64) (result i64) (i64.extend32_s (local.get 0))))
