;; Every load and store width, little-endian, with and without sign.
;; call set(0xfedcba9876543280) =>
;; call s8() => -128, -128
;; call u8() => 0x80, 0x80
;; call s16() => 0x3280, 0x3280
;; call u16() => 0xba98, 0xba98
;; call s16_high() => 0xffffba98, -17768
;; call s32() => 0x76543280, -19088744
;; call u32() => 0xfedcba98
;; call narrow() => 0xfedcba9876543280
;; memory 16 = 80 80 32 80 32 54 76 80 32 00
(module (memory (export "memory") 1 1)
  (func (export "set") (param i64)
    (i64.store (i32.const 8) (local.get 0))
    (i64.store8 (i32.const 16) (local.get 0))
    (i64.store16 (i32.const 17) (local.get 0))
    (i64.store32 (i32.const 19) (local.get 0))
    (i32.store16 (i32.const 23) (i32.wrap_i64 (local.get 0))))
  (func (export "s8") (result i32 i64) (i32.load8_s (i32.const 8)) (i64.load8_s (i32.const 8)))
  (func (export "u8") (result i32 i64) (i32.load8_u (i32.const 8)) (i64.load8_u (i32.const 8)))
  (func (export "s16") (result i32 i64) (i32.load16_s (i32.const 8)) (i64.load16_s (i32.const 8)))
  (func (export "u16") (result i32 i64) (i32.load16_u (i32.const 12)) (i64.load16_u (i32.const 12)))
  (func (export "s16_high") (result i32 i64)
    (i32.load16_s (i32.const 12)) (i64.load16_s (i32.const 12)))
  (func (export "s32") (result i32 i64) (i32.load (i32.const 8)) (i64.load32_s (i32.const 12)))
  (func (export "u32") (result i64) (i64.load32_u (i32.const 12)))
  (func (export "narrow") (result i64) (i64.load (i32.const 8))))
