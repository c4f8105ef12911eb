;; function: 0
;; Signed division tests zero, then overflow; by a constant that is neither 0 nor -1 it tests nothing; the
;; remainder cannot overflow.
(module
  (func (param i32 i64) (result i64)
    (i64.add
      (i64.extend_i32_s (i32.div_s (local.get 0) (i32.const 7)))
      (i64.rem_s
        (i64.div_s (local.get 1) (i64.const -1))
        (i64.extend_i32_u (local.get 0))))))

;; clif:
;;   function u0:0(i64, i64, i64, i32, i64) -> i64, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32, v4: i64):
;;       v5 = iconst.i64 9
;;       v6 = uadd_overflow_trap v1, v5, user8  ; v5 = 9
;;       v8 = iconst.i32 7
;;       v9 = iconst.i64 138
;;       v10 = uadd_overflow_trap v2, v9, user128  ; v9 = 138
;;       v11 = sdiv v3, v8  ; v8 = 7
;;       v12 = sextend.i64 v11
;;       v13 = iconst.i64 -1
;;       v14 = sdiv v4, v13  ; v13 = -1
;;       v15 = uextend.i64 v3
;;       v16 = srem v14, v15
;;       v17 = iadd v12, v16
;;       jump block1(v17)
;;
;;   block1(v7: i64):
;;       v18 = iconst.i64 0
;;       return v7, v18, v10  ; v18 = 0
;;   }
