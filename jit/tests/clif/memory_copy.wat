;; function: 0
;; Bulk operations charge, check and act in the runtime.
(module
  (memory 1 4)
  (func (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2))))

;; clif:
;;   function u0:0(i64, i64, i64, i32, i32, i32) -> i64, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64, i64, i64) -> i32 system_v
;;       sig1 = (i64, i32) system_v
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32, v4: i32, v5: i32):
;;       v6 = iconst.i64 10
;;       v7 = uadd_overflow_trap v1, v6, user8  ; v6 = 10
;;       v8 = iconst.i64 143
;;       v9 = uadd_overflow_trap v2, v8, user128  ; v8 = 143
;;       v10 = bnot v9
;;       store notrap aligned region0 v10, v0
;;       v11 = load.i64 notrap aligned readonly can_move v0+296
;;       v12 = iconst.i64 0
;;       v13 = uextend.i64 v3
;;       v14 = uextend.i64 v4
;;       v15 = uextend.i64 v5
;;       v16 = call_indirect sig0, v11(v0, v13, v14, v15, v12)  ; v12 = 0
;;       brif v16, block2(v16), block3
;;
;;   block3:
;;       v18 = load.i64 notrap aligned region0 v0
;;       v19 = bnot v18
;;       jump block1
;;
;;   block1:
;;       v20 = iconst.i64 0
;;       v21 = iconst.i64 0
;;       return v20, v21, v19  ; v20 = 0, v21 = 0
;;
;;   block2(v17: i32) cold:
;;       v22 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig1, v22(v0, v17)
;;       trap user129
;;   }
