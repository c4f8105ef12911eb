;; traps: explicit
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
;;       sig0 = (i64, i32) system_v
;;       sig1 = (i64, i32) system_v
;;       sig2 = (i64, i32) system_v
;;       sig3 = (i64, i32) system_v
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32, v4: i64):
;;       v5 = iconst.i64 9
;;       v6 = iadd v1, v5  ; v5 = 9
;;       v7 = icmp ult v6, v5  ; v5 = 9
;;       brif v7, block1, block2
;;
;;   block2:
;;       v9 = iconst.i32 7
;;       v10 = iconst.i64 138
;;       v11 = iadd.i64 v2, v10  ; v10 = 138
;;       v12 = icmp ult v11, v10  ; v10 = 138
;;       brif v12, block4, block5
;;
;;   block5:
;;       v13 = sdiv.i32 v3, v9  ; v9 = 7
;;       v14 = sextend.i64 v13
;;       v15 = iconst.i64 -1
;;       v16 = iconst.i64 -9223372036854775808
;;       v17 = iconst.i64 -1
;;       v18 = icmp.i64 eq v4, v16  ; v16 = -9223372036854775808
;;       v19 = icmp eq v15, v17  ; v15 = -1, v17 = -1
;;       v20 = band v18, v19
;;       brif v20, block6, block7
;;
;;   block7:
;;       v21 = sdiv.i64 v4, v15  ; v15 = -1
;;       v22 = uextend.i64 v3
;;       v23 = iconst.i64 0
;;       v24 = icmp eq v22, v23  ; v23 = 0
;;       brif v24, block8, block9
;;
;;   block9:
;;       v25 = srem.i64 v21, v22
;;       v26 = iadd.i64 v14, v25
;;       jump block3(v26)
;;
;;   block3(v8: i64):
;;       v27 = iconst.i64 0
;;       return v8, v27, v11  ; v27 = 0
;;
;;   block6 cold:
;;       v28 = iconst.i32 6
;;       v29 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig0, v29(v0, v28)  ; v28 = 6
;;       trap user129
;;
;;   block8 cold:
;;       v30 = iconst.i32 7
;;       v31 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig1, v31(v0, v30)  ; v30 = 7
;;       trap user129
;;
;;   block1 cold:
;;       v32 = iconst.i32 8
;;       v33 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig2, v33(v0, v32)  ; v32 = 8
;;       trap user129
;;
;;   block4 cold:
;;       v34 = iconst.i32 128
;;       v35 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig3, v35(v0, v34)  ; v34 = 128
;;       trap user129
;;   }
