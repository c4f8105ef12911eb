;; function: 0
;; Growth is a runtime call: ink is written back and read again.
(module
  (memory 1 4)
  (func (param i32) (result i32 i32) (memory.grow (local.get 0)) (memory.size)))

;; clif:
;;   function u0:0(i64, i64, i64, i32) -> i32, i32, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64, i64, i64) -> i32 system_v
;;       sig1 = (i64, i32) system_v
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v4 = iconst.i64 7
;;       v5 = uadd_overflow_trap v1, v4, user8  ; v4 = 7
;;       v6 = load.i64 notrap aligned region0 v0+16
;;       v9 = iconst.i64 181
;;       v10 = uadd_overflow_trap v2, v9, user128  ; v9 = 181
;;       v11 = bnot v10
;;       store notrap aligned region0 v11, v0
;;       v12 = load.i64 notrap aligned readonly can_move v0+288
;;       v13 = iconst.i64 0
;;       v14 = uextend.i64 v3
;;       v15 = call_indirect sig0, v12(v0, v14, v13, v13, v13)  ; v13 = 0, v13 = 0, v13 = 0
;;       brif v15, block2(v15), block3
;;
;;   block3:
;;       v17 = load.i64 notrap aligned region0 v0
;;       v18 = bnot v17
;;       v19 = load.i32 notrap aligned region0 v0+40
;;       v20 = load.i64 notrap aligned region0 v0+16
;;       v21 = iconst.i64 16
;;       v22 = ushr v20, v21  ; v21 = 16
;;       v23 = ireduce.i32 v22
;;       jump block1(v19, v23)
;;
;;   block1(v7: i32, v8: i32):
;;       return v7, v8, v18
;;
;;   block2(v16: i32) cold:
;;       v24 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig1, v24(v0, v16)
;;       trap user129
;;   }
