;; Comparisons of 64 bits around the sign.
;; call eq(0, 0) => 1
;; call eq(-1, 0) => 0
;; call eq(0, -1) => 0
;; call eq(9223372036854775808, 9223372036854775807) => 0
;; call eq(9223372036854775807, 9223372036854775808) => 0
;; call eq(-1, -1) => 1
;; call eq(5, -3) => 0
;; call ne(0, 0) => 0
;; call ne(-1, 0) => 1
;; call ne(0, -1) => 1
;; call ne(9223372036854775808, 9223372036854775807) => 1
;; call ne(9223372036854775807, 9223372036854775808) => 1
;; call ne(-1, -1) => 0
;; call ne(5, -3) => 1
;; call lt_s(0, 0) => 0
;; call lt_s(-1, 0) => 1
;; call lt_s(0, -1) => 0
;; call lt_s(9223372036854775808, 9223372036854775807) => 1
;; call lt_s(9223372036854775807, 9223372036854775808) => 0
;; call lt_s(-1, -1) => 0
;; call lt_s(5, -3) => 0
;; call lt_u(0, 0) => 0
;; call lt_u(-1, 0) => 0
;; call lt_u(0, -1) => 1
;; call lt_u(9223372036854775808, 9223372036854775807) => 0
;; call lt_u(9223372036854775807, 9223372036854775808) => 1
;; call lt_u(-1, -1) => 0
;; call lt_u(5, -3) => 1
;; call gt_s(0, 0) => 0
;; call gt_s(-1, 0) => 0
;; call gt_s(0, -1) => 1
;; call gt_s(9223372036854775808, 9223372036854775807) => 0
;; call gt_s(9223372036854775807, 9223372036854775808) => 1
;; call gt_s(-1, -1) => 0
;; call gt_s(5, -3) => 1
;; call gt_u(0, 0) => 0
;; call gt_u(-1, 0) => 1
;; call gt_u(0, -1) => 0
;; call gt_u(9223372036854775808, 9223372036854775807) => 1
;; call gt_u(9223372036854775807, 9223372036854775808) => 0
;; call gt_u(-1, -1) => 0
;; call gt_u(5, -3) => 0
;; call le_s(0, 0) => 1
;; call le_s(-1, 0) => 1
;; call le_s(0, -1) => 0
;; call le_s(9223372036854775808, 9223372036854775807) => 1
;; call le_s(9223372036854775807, 9223372036854775808) => 0
;; call le_s(-1, -1) => 1
;; call le_s(5, -3) => 0
;; call le_u(0, 0) => 1
;; call le_u(-1, 0) => 0
;; call le_u(0, -1) => 1
;; call le_u(9223372036854775808, 9223372036854775807) => 0
;; call le_u(9223372036854775807, 9223372036854775808) => 1
;; call le_u(-1, -1) => 1
;; call le_u(5, -3) => 1
;; call ge_s(0, 0) => 1
;; call ge_s(-1, 0) => 0
;; call ge_s(0, -1) => 1
;; call ge_s(9223372036854775808, 9223372036854775807) => 0
;; call ge_s(9223372036854775807, 9223372036854775808) => 1
;; call ge_s(-1, -1) => 1
;; call ge_s(5, -3) => 1
;; call ge_u(0, 0) => 1
;; call ge_u(-1, 0) => 1
;; call ge_u(0, -1) => 0
;; call ge_u(9223372036854775808, 9223372036854775807) => 1
;; call ge_u(9223372036854775807, 9223372036854775808) => 0
;; call ge_u(-1, -1) => 1
;; call ge_u(5, -3) => 0
(module
  (func (export "eq") (param i64 i64) (result i32) (i64.eq (local.get 0) (local.get 1)))
  (func (export "ne") (param i64 i64) (result i32) (i64.ne (local.get 0) (local.get 1)))
  (func (export "lt_s") (param i64 i64) (result i32) (i64.lt_s (local.get 0) (local.get 1)))
  (func (export "lt_u") (param i64 i64) (result i32) (i64.lt_u (local.get 0) (local.get 1)))
  (func (export "gt_s") (param i64 i64) (result i32) (i64.gt_s (local.get 0) (local.get 1)))
  (func (export "gt_u") (param i64 i64) (result i32) (i64.gt_u (local.get 0) (local.get 1)))
  (func (export "le_s") (param i64 i64) (result i32) (i64.le_s (local.get 0) (local.get 1)))
  (func (export "le_u") (param i64 i64) (result i32) (i64.le_u (local.get 0) (local.get 1)))
  (func (export "ge_s") (param i64 i64) (result i32) (i64.ge_s (local.get 0) (local.get 1)))
  (func (export "ge_u") (param i64 i64) (result i32) (i64.ge_u (local.get 0) (local.get 1))))
