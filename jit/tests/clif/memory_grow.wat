;; function: 0
;; Growth is a runtime call: ink is written back and read again.
(module
  (memory 1 4)
  (func (param i32) (result i32 i32) (memory.grow (local.get 0)) (memory.size)))

;; clif:
;;   function u0:0(i64, i64, i64, i32) -> i32, i64, i32, i32 tail {
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
;;       v9 = load.i64 notrap aligned region0 v0+16
;;       v12 = iconst.i64 181
;;       v13 = icmp.i64 ult v1, v12  ; v12 = 181
;;       brif v13, block5, block6
;;
;;   block6:
;;       v14 = isub.i64 v1, v12  ; v12 = 181
;;       store notrap aligned region0 v14, v0
;;       v15 = load.i64 notrap aligned readonly can_move v0+280
;;       v16 = iconst.i64 0
;;       v17 = uextend.i64 v3
;;       v18 = call_indirect sig0, v15(v0, v17, v16, v16, v16)  ; v16 = 0, v16 = 0, v16 = 0
;;       v19 = load.i64 notrap aligned region0 v0
;;       brif v18, block7, block8
;;
;;   block8:
;;       v20 = load.i32 notrap aligned region0 v0+40
;;       v21 = load.i64 notrap aligned region0 v0+16
;;       v22 = iconst.i64 16
;;       v23 = ushr v21, v22  ; v22 = 16
;;       v24 = ireduce.i32 v23
;;       jump block4(v20, v24)
;;
;;   block4(v10: i32, v11: i32):
;;       v25 = iconst.i32 0
;;       return v25, v19, v10, v11  ; v25 = 0
;;
;;   block2 cold:
;;       v26 = iconst.i32 8
;;       jump block1(v26, v1)  ; v26 = 8
;;
;;   block5 cold:
;;       v27 = iconst.i32 256
;;       v28 = iconst.i64 0
;;       jump block1(v27, v28)  ; v27 = 256, v28 = 0
;;
;;   block7 cold:
;;       jump block1(v18, v19)
;;
;;   block1(v4: i32, v5: i64) cold:
;;       v29 = iconst.i32 0
;;       v30 = iconst.i32 0
;;       return v4, v5, v29, v30  ; v29 = 0, v30 = 0
;;   }
