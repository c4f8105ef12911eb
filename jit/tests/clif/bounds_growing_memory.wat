;; function: 0
;; Memory may grow: its size is read at entry and again after growth.
(module
  (memory 1 4)
  (func (param i32) (result i64)
    (drop (memory.grow (i32.load (local.get 0))))
    (i64.load offset=0x80000000 (i32.add (local.get 0) (i32.const 1)))))

;; clif:
;;   function u0:0(i64, i64, i64, i32) -> i32, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64, i64, i64) -> i32 system_v
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v6 = iconst.i64 7
;;       v7 = icmp ult v2, v6  ; v6 = 7
;;       brif v7, block2, block3
;;
;;   block3:
;;       v8 = isub.i64 v2, v6  ; v6 = 7
;;       v9 = load.i64 notrap aligned readonly can_move v0+8
;;       v10 = load.i64 notrap aligned region0 v0+16
;;       v12 = iconst.i64 151
;;       v13 = icmp.i64 ult v1, v12  ; v12 = 151
;;       brif v13, block5, block6
;;
;;   block6:
;;       v14 = isub.i64 v1, v12  ; v12 = 151
;;       v15 = uextend.i64 v3
;;       v16 = iconst.i64 4
;;       v17 = iadd v15, v16  ; v16 = 4
;;       v18 = icmp ugt v17, v10
;;       brif v18, block7, block8
;;
;;   block8:
;;       v19 = iadd.i64 v9, v15
;;       v20 = load.i32 notrap little region2 v19
;;       store.i64 notrap aligned region0 v14, v0
;;       v21 = load.i64 notrap aligned readonly can_move v0+280
;;       v22 = iconst.i64 0
;;       v23 = uextend.i64 v20
;;       v24 = call_indirect sig0, v21(v0, v23, v22, v22, v22)  ; v22 = 0, v22 = 0, v22 = 0
;;       v25 = load.i64 notrap aligned region0 v0
;;       brif v24, block9, block10
;;
;;   block10:
;;       v26 = load.i32 notrap aligned region0 v0+40
;;       v27 = load.i64 notrap aligned region0 v0+16
;;       v28 = iconst.i32 1
;;       v29 = iadd.i32 v3, v28  ; v28 = 1
;;       v30 = uextend.i64 v29
;;       v31 = iconst.i64 0x8000_0008
;;       v32 = iadd v30, v31  ; v31 = 0x8000_0008
;;       v33 = icmp ugt v32, v27
;;       brif v33, block11, block12
;;
;;   block12:
;;       v34 = iadd.i64 v9, v30
;;       v35 = iconst.i64 0x8000_0000
;;       v36 = iadd v34, v35  ; v35 = 0x8000_0000
;;       v37 = load.i64 notrap little region2 v36
;;       jump block4(v37)
;;
;;   block4(v11: i64):
;;       v38 = iconst.i32 0
;;       return v38, v25, v11  ; v38 = 0
;;
;;   block7 cold:
;;       v39 = iconst.i32 2
;;       jump block1(v39, v14)  ; v39 = 2
;;
;;   block11 cold:
;;       v40 = iconst.i32 2
;;       jump block1(v40, v25)  ; v40 = 2
;;
;;   block2 cold:
;;       v41 = iconst.i32 8
;;       jump block1(v41, v1)  ; v41 = 8
;;
;;   block5 cold:
;;       v42 = iconst.i32 256
;;       v43 = iconst.i64 0
;;       jump block1(v42, v43)  ; v42 = 256, v43 = 0
;;
;;   block9 cold:
;;       jump block1(v24, v25)
;;
;;   block1(v4: i32, v5: i64) cold:
;;       v44 = iconst.i64 0
;;       return v4, v5, v44  ; v44 = 0
;;   }
