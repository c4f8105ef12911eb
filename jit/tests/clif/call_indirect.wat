;; function: 0
;; Index, null, type; the index is clamped for mispredicted paths.
(module
  (type $binary (func (param i32 i32) (result i32)))
  (table 8 funcref)
  (func (param i32 i32 i32) (result i32)
    (call_indirect (type $binary) (local.get 1) (local.get 2) (local.get 0))))

;; clif:
;;   function u0:0(i64, i64, i64, i32, i32, i32) -> i32, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64, i32, i32) -> i32, i64, i64 tail
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32, v4: i32, v5: i32):
;;       v6 = iconst.i64 10
;;       v7 = uadd_overflow_trap v1, v6, user8  ; v6 = 10
;;       v9 = iconst.i64 153
;;       v10 = uadd_overflow_trap v2, v9, user128  ; v9 = 153
;;       v11 = iconst.i32 8
;;       v12 = icmp uge v3, v11  ; v11 = 8
;;       trapnz v12, user3
;;       v13 = uextend.i64 v3
;;       v14 = iconst.i64 0
;;       v15 = select_spectre_guard v12, v14, v13  ; v14 = 0
;;       v16 = iconst.i64 16
;;       v17 = imul v15, v16  ; v16 = 16
;;       v18 = load.i64 notrap aligned readonly can_move v0+32
;;       v19 = iadd v18, v17
;;       v20 = load.i64 notrap aligned region1 v19
;;       v21 = iconst.i64 0
;;       v22 = icmp eq v20, v21  ; v21 = 0
;;       trapnz v22, user4
;;       v23 = load.i64 notrap aligned region1 v19+8
;;       v24 = iconst.i64 0
;;       v25 = icmp ne v23, v24  ; v24 = 0
;;       trapnz v25, user5
;;       v26, v27, v28 = call_indirect sig0, v20(v0, v7, v10, v4, v5)
;;       jump block1(v26)
;;
;;   block1(v8: i32):
;;       v29 = iconst.i64 0
;;       return v8, v29, v28  ; v29 = 0
;;   }
