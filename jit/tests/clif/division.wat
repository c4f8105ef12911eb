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
;;   function u0:0(i64, i64, i64, i32, i64) -> i32, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32, v4: i64):
;;       v7 = iconst.i64 9
;;       v8 = icmp ult v2, v7  ; v7 = 9
;;       brif v8, block2, block3
;;
;;   block3:
;;       v9 = isub.i64 v2, v7  ; v7 = 9
;;       v11 = iconst.i64 138
;;       v12 = icmp.i64 ult v1, v11  ; v11 = 138
;;       brif v12, block5, block6
;;
;;   block6:
;;       v13 = isub.i64 v1, v11  ; v11 = 138
;;       v14 = iconst.i32 7
;;       v15 = sdiv.i32 v3, v14  ; v14 = 7
;;       v16 = sextend.i64 v15
;;       v17 = iconst.i64 -1
;;       v18 = iconst.i64 -9223372036854775808
;;       v19 = iconst.i64 -1
;;       v20 = icmp.i64 eq v4, v18  ; v18 = -9223372036854775808
;;       v21 = icmp eq v17, v19  ; v17 = -1, v19 = -1
;;       v22 = band v20, v21
;;       brif v22, block7, block8
;;
;;   block8:
;;       v23 = sdiv.i64 v4, v17  ; v17 = -1
;;       v24 = uextend.i64 v3
;;       v25 = iconst.i64 0
;;       v26 = icmp eq v24, v25  ; v25 = 0
;;       brif v26, block9, block10
;;
;;   block10:
;;       v27 = srem.i64 v23, v24
;;       v28 = iadd.i64 v16, v27
;;       jump block4(v28)
;;
;;   block4(v10: i64):
;;       v29 = iconst.i32 0
;;       return v29, v13, v10  ; v29 = 0
;;
;;   block7 cold:
;;       v30 = iconst.i32 6
;;       jump block1(v30, v13)  ; v30 = 6
;;
;;   block9 cold:
;;       v31 = iconst.i32 7
;;       jump block1(v31, v13)  ; v31 = 7
;;
;;   block2 cold:
;;       v32 = iconst.i32 8
;;       jump block1(v32, v1)  ; v32 = 8
;;
;;   block5 cold:
;;       v33 = iconst.i32 256
;;       v34 = iconst.i64 0
;;       jump block1(v33, v34)  ; v33 = 256, v34 = 0
;;
;;   block1(v5: i32, v6: i64) cold:
;;       v35 = iconst.i64 0
;;       return v5, v6, v35  ; v35 = 0
;;   }
