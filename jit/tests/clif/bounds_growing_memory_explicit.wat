;; traps: explicit
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
;;       sig2 = (i64, i32) system_v
;;       sig3 = (i64, i32) system_v
;;       sig4 = (i64, i32) system_v
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v4 = iconst.i64 7
;;       v5 = iadd v1, v4  ; v4 = 7
;;       v6 = icmp ult v5, v4  ; v4 = 7
;;       brif v6, block1, block2
;;
;;   block2:
;;       v7 = load.i64 notrap aligned readonly can_move v0+8
;;       v8 = load.i64 notrap aligned region0 v0+16
;;       v10 = iconst.i64 151
;;       v11 = iadd.i64 v2, v10  ; v10 = 151
;;       v12 = icmp ult v11, v10  ; v10 = 151
;;       brif v12, block4, block5
;;
;;   block5:
;;       v13 = uextend.i64 v3
;;       v14 = iconst.i64 4
;;       v15 = iadd v13, v14  ; v14 = 4
;;       v16 = icmp ugt v15, v8
;;       brif v16, block6, block7
;;
;;   block7:
;;       v17 = iadd.i64 v7, v13
;;       v18 = load.i32 notrap little region2 v17
;;       v19 = bnot.i64 v11
;;       store notrap aligned region0 v19, v0
;;       v20 = load.i64 notrap aligned readonly can_move v0+288
;;       v21 = iconst.i64 0
;;       v22 = uextend.i64 v18
;;       v23 = call_indirect sig0, v20(v0, v22, v21, v21, v21)  ; v21 = 0, v21 = 0, v21 = 0
;;       brif v23, block8(v23), block9
;;
;;   block9:
;;       v25 = load.i64 notrap aligned region0 v0
;;       v26 = bnot v25
;;       v27 = load.i32 notrap aligned region0 v0+40
;;       v28 = load.i64 notrap aligned region0 v0+16
;;       v29 = iconst.i32 1
;;       v30 = iadd.i32 v3, v29  ; v29 = 1
;;       v31 = uextend.i64 v30
;;       v32 = iconst.i64 0x8000_0008
;;       v33 = iadd v31, v32  ; v32 = 0x8000_0008
;;       v34 = icmp ugt v33, v28
;;       brif v34, block6, block10
;;
;;   block10:
;;       v35 = iadd.i64 v7, v31
;;       v36 = iconst.i64 0x8000_0000
;;       v37 = iadd v35, v36  ; v36 = 0x8000_0000
;;       v38 = load.i64 notrap little region2 v37
;;       jump block3(v38)
;;
;;   block3(v9: i64):
;;       v39 = iconst.i64 0
;;       return v9, v39, v26  ; v39 = 0
;;
;;   block6 cold:
;;       v40 = iconst.i32 2
;;       v41 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig1, v41(v0, v40)  ; v40 = 2
;;       trap user129
;;
;;   block1 cold:
;;       v42 = iconst.i32 8
;;       v43 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig2, v43(v0, v42)  ; v42 = 8
;;       trap user129
;;
;;   block4 cold:
;;       v44 = iconst.i32 128
;;       v45 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig3, v45(v0, v44)  ; v44 = 128
;;       trap user129
;;
;;   block8(v24: i32) cold:
;;       v46 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig4, v46(v0, v24)
;;       trap user129
;;   }
