;; function: 0
;; Bulk operations charge, check and act in the runtime.
(module
  (memory 1 4)
  (func (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2))))

;; clif:
;;   function u0:0(i64, i64, i64, i32, i32, i32) -> i32, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64, i64, i64) -> i32 system_v
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32, v4: i32, v5: i32):
;;       v8 = iconst.i64 10
;;       v9 = icmp ult v2, v8  ; v8 = 10
;;       brif v9, block2, block3
;;
;;   block3:
;;       v10 = isub.i64 v2, v8  ; v8 = 10
;;       v11 = iconst.i64 143
;;       v12 = icmp.i64 ult v1, v11  ; v11 = 143
;;       brif v12, block5, block6
;;
;;   block6:
;;       v13 = isub.i64 v1, v11  ; v11 = 143
;;       store notrap aligned region0 v13, v0
;;       v14 = load.i64 notrap aligned readonly can_move v0+288
;;       v15 = iconst.i64 0
;;       v16 = uextend.i64 v3
;;       v17 = uextend.i64 v4
;;       v18 = uextend.i64 v5
;;       v19 = call_indirect sig0, v14(v0, v16, v17, v18, v15)  ; v15 = 0
;;       v20 = load.i64 notrap aligned region0 v0
;;       brif v19, block7, block8
;;
;;   block8:
;;       jump block4
;;
;;   block4:
;;       v21 = iconst.i32 0
;;       return v21, v20  ; v21 = 0
;;
;;   block2 cold:
;;       v22 = iconst.i32 8
;;       jump block1(v22, v1)  ; v22 = 8
;;
;;   block5 cold:
;;       v23 = iconst.i32 256
;;       v24 = iconst.i64 0
;;       jump block1(v23, v24)  ; v23 = 256, v24 = 0
;;
;;   block7 cold:
;;       jump block1(v19, v20)
;;
;;   block1(v6: i32, v7: i64) cold:
;;       return v6, v7
;;   }
