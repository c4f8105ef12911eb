;; Shift and rotation amounts are taken modulo 32: at the width, above it, negative.
;; call shl(0x80000001, 0) => 0x80000001
;; call shl(0x80000001, 1) => 0x2
;; call shl(0x80000001, 31) => 0x80000000
;; call shl(0x80000001, 32) => 0x80000001
;; call shl(0x80000001, 33) => 0x2
;; call shl(0x80000001, -1) => 0x80000000
;; call shl(0x12345678, 0) => 0x12345678
;; call shl(0x12345678, 1) => 0x2468acf0
;; call shl(0x12345678, 31) => 0x0
;; call shl(0x12345678, 32) => 0x12345678
;; call shl(0x12345678, 33) => 0x2468acf0
;; call shl(0x12345678, -1) => 0x0
;; call shr_s(0x80000001, 0) => 0x80000001
;; call shr_s(0x80000001, 1) => 0xc0000000
;; call shr_s(0x80000001, 31) => 0xffffffff
;; call shr_s(0x80000001, 32) => 0x80000001
;; call shr_s(0x80000001, 33) => 0xc0000000
;; call shr_s(0x80000001, -1) => 0xffffffff
;; call shr_s(0x12345678, 0) => 0x12345678
;; call shr_s(0x12345678, 1) => 0x91a2b3c
;; call shr_s(0x12345678, 31) => 0x0
;; call shr_s(0x12345678, 32) => 0x12345678
;; call shr_s(0x12345678, 33) => 0x91a2b3c
;; call shr_s(0x12345678, -1) => 0x0
;; call shr_u(0x80000001, 0) => 0x80000001
;; call shr_u(0x80000001, 1) => 0x40000000
;; call shr_u(0x80000001, 31) => 0x1
;; call shr_u(0x80000001, 32) => 0x80000001
;; call shr_u(0x80000001, 33) => 0x40000000
;; call shr_u(0x80000001, -1) => 0x1
;; call shr_u(0x12345678, 0) => 0x12345678
;; call shr_u(0x12345678, 1) => 0x91a2b3c
;; call shr_u(0x12345678, 31) => 0x0
;; call shr_u(0x12345678, 32) => 0x12345678
;; call shr_u(0x12345678, 33) => 0x91a2b3c
;; call shr_u(0x12345678, -1) => 0x0
;; call rotl(0x80000001, 0) => 0x80000001
;; call rotl(0x80000001, 1) => 0x3
;; call rotl(0x80000001, 31) => 0xc0000000
;; call rotl(0x80000001, 32) => 0x80000001
;; call rotl(0x80000001, 33) => 0x3
;; call rotl(0x80000001, -1) => 0xc0000000
;; call rotl(0x12345678, 0) => 0x12345678
;; call rotl(0x12345678, 1) => 0x2468acf0
;; call rotl(0x12345678, 31) => 0x91a2b3c
;; call rotl(0x12345678, 32) => 0x12345678
;; call rotl(0x12345678, 33) => 0x2468acf0
;; call rotl(0x12345678, -1) => 0x91a2b3c
;; call rotr(0x80000001, 0) => 0x80000001
;; call rotr(0x80000001, 1) => 0xc0000000
;; call rotr(0x80000001, 31) => 0x3
;; call rotr(0x80000001, 32) => 0x80000001
;; call rotr(0x80000001, 33) => 0xc0000000
;; call rotr(0x80000001, -1) => 0x3
;; call rotr(0x12345678, 0) => 0x12345678
;; call rotr(0x12345678, 1) => 0x91a2b3c
;; call rotr(0x12345678, 31) => 0x2468acf0
;; call rotr(0x12345678, 32) => 0x12345678
;; call rotr(0x12345678, 33) => 0x91a2b3c
;; call rotr(0x12345678, -1) => 0x2468acf0
(module
  (func (export "shl") (param i32 i32) (result i32) (i32.shl (local.get 0) (local.get 1)))
  (func (export "shr_s") (param i32 i32) (result i32) (i32.shr_s (local.get 0) (local.get 1)))
  (func (export "shr_u") (param i32 i32) (result i32) (i32.shr_u (local.get 0) (local.get 1)))
  (func (export "rotl") (param i32 i32) (result i32) (i32.rotl (local.get 0) (local.get 1)))
  (func (export "rotr") (param i32 i32) (result i32) (i32.rotr (local.get 0) (local.get 1))))
