;; Comparisons of 32 bits around the sign.
;; call eq(0, 0) => 1
;; call eq(-1, 0) => 0
;; call eq(0, -1) => 0
;; call eq(2147483648, 2147483647) => 0
;; call eq(2147483647, 2147483648) => 0
;; call eq(-1, -1) => 1
;; call eq(5, -3) => 0
;; call ne(0, 0) => 0
;; call ne(-1, 0) => 1
;; call ne(0, -1) => 1
;; call ne(2147483648, 2147483647) => 1
;; call ne(2147483647, 2147483648) => 1
;; call ne(-1, -1) => 0
;; call ne(5, -3) => 1
;; call lt_s(0, 0) => 0
;; call lt_s(-1, 0) => 1
;; call lt_s(0, -1) => 0
;; call lt_s(2147483648, 2147483647) => 1
;; call lt_s(2147483647, 2147483648) => 0
;; call lt_s(-1, -1) => 0
;; call lt_s(5, -3) => 0
;; call lt_u(0, 0) => 0
;; call lt_u(-1, 0) => 0
;; call lt_u(0, -1) => 1
;; call lt_u(2147483648, 2147483647) => 0
;; call lt_u(2147483647, 2147483648) => 1
;; call lt_u(-1, -1) => 0
;; call lt_u(5, -3) => 1
;; call gt_s(0, 0) => 0
;; call gt_s(-1, 0) => 0
;; call gt_s(0, -1) => 1
;; call gt_s(2147483648, 2147483647) => 0
;; call gt_s(2147483647, 2147483648) => 1
;; call gt_s(-1, -1) => 0
;; call gt_s(5, -3) => 1
;; call gt_u(0, 0) => 0
;; call gt_u(-1, 0) => 1
;; call gt_u(0, -1) => 0
;; call gt_u(2147483648, 2147483647) => 1
;; call gt_u(2147483647, 2147483648) => 0
;; call gt_u(-1, -1) => 0
;; call gt_u(5, -3) => 0
;; call le_s(0, 0) => 1
;; call le_s(-1, 0) => 1
;; call le_s(0, -1) => 0
;; call le_s(2147483648, 2147483647) => 1
;; call le_s(2147483647, 2147483648) => 0
;; call le_s(-1, -1) => 1
;; call le_s(5, -3) => 0
;; call le_u(0, 0) => 1
;; call le_u(-1, 0) => 0
;; call le_u(0, -1) => 1
;; call le_u(2147483648, 2147483647) => 0
;; call le_u(2147483647, 2147483648) => 1
;; call le_u(-1, -1) => 1
;; call le_u(5, -3) => 1
;; call ge_s(0, 0) => 1
;; call ge_s(-1, 0) => 0
;; call ge_s(0, -1) => 1
;; call ge_s(2147483648, 2147483647) => 0
;; call ge_s(2147483647, 2147483648) => 1
;; call ge_s(-1, -1) => 1
;; call ge_s(5, -3) => 1
;; call ge_u(0, 0) => 1
;; call ge_u(-1, 0) => 1
;; call ge_u(0, -1) => 0
;; call ge_u(2147483648, 2147483647) => 1
;; call ge_u(2147483647, 2147483648) => 0
;; call ge_u(-1, -1) => 1
;; call ge_u(5, -3) => 0
(module
  (func (export "eq") (param i32 i32) (result i32) (i32.eq (local.get 0) (local.get 1)))
  (func (export "ne") (param i32 i32) (result i32) (i32.ne (local.get 0) (local.get 1)))
  (func (export "lt_s") (param i32 i32) (result i32) (i32.lt_s (local.get 0) (local.get 1)))
  (func (export "lt_u") (param i32 i32) (result i32) (i32.lt_u (local.get 0) (local.get 1)))
  (func (export "gt_s") (param i32 i32) (result i32) (i32.gt_s (local.get 0) (local.get 1)))
  (func (export "gt_u") (param i32 i32) (result i32) (i32.gt_u (local.get 0) (local.get 1)))
  (func (export "le_s") (param i32 i32) (result i32) (i32.le_s (local.get 0) (local.get 1)))
  (func (export "le_u") (param i32 i32) (result i32) (i32.le_u (local.get 0) (local.get 1)))
  (func (export "ge_s") (param i32 i32) (result i32) (i32.ge_s (local.get 0) (local.get 1)))
  (func (export "ge_u") (param i32 i32) (result i32) (i32.ge_u (local.get 0) (local.get 1))))
