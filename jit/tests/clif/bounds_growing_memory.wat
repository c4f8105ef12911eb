;; function: 0
;; Memory may grow: its size is read at entry and again after growth.
(module
  (memory 1 4)
  (func (param i32) (result i64)
    (drop (memory.grow (i32.load (local.get 0))))
    (i64.load offset=0x80000000 (i32.add (local.get 0) (i32.const 1)))))

;; clif:
;;   function u0:0(i64, i64, i64, i32) -> i64, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64, i64, i64) -> i32 system_v
;;       sig1 = (i64, i32) system_v
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v4 = iconst.i64 7
;;       v5 = uadd_overflow_trap v1, v4, user8  ; v4 = 7
;;       v6 = load.i64 notrap aligned readonly can_move v0+8
;;       v8 = iconst.i64 151
;;       v9 = uadd_overflow_trap v2, v8, user128  ; v8 = 151
;;       v10 = uextend.i64 v3
;;       v11 = iadd v6, v10
;;       v12 = load.i32 little region2 v11
;;       v13 = bnot v9
;;       store notrap aligned region0 v13, v0
;;       v14 = load.i64 notrap aligned readonly can_move v0+288
;;       v15 = iconst.i64 0
;;       v16 = uextend.i64 v12
;;       v17 = call_indirect sig0, v14(v0, v16, v15, v15, v15)  ; v15 = 0, v15 = 0, v15 = 0
;;       brif v17, block2(v17), block3
;;
;;   block3:
;;       v19 = load.i64 notrap aligned region0 v0
;;       v20 = bnot v19
;;       v21 = load.i32 notrap aligned region0 v0+40
;;       v22 = iconst.i32 1
;;       v23 = iadd.i32 v3, v22  ; v22 = 1
;;       v24 = uextend.i64 v23
;;       v25 = iadd.i64 v6, v24
;;       v26 = iconst.i64 0x8000_0000
;;       v27 = iadd v25, v26  ; v26 = 0x8000_0000
;;       v28 = load.i64 little region2 v27
;;       jump block1(v28)
;;
;;   block1(v7: i64):
;;       v29 = iconst.i64 0
;;       return v7, v29, v20  ; v29 = 0
;;
;;   block2(v18: i32) cold:
;;       v30 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig1, v30(v0, v18)
;;       trap user129
;;   }
