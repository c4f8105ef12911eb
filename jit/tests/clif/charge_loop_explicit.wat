;; traps: explicit
;; function: 0
;; The loop's header is a metering block: branches back pay again.
(module
  (func (param i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))

;; clif:
;;   function u0:0(i64, i64, i64, i32) -> i64, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i32) system_v
;;       sig1 = (i64, i32) system_v
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v4 = iconst.i64 7
;;       v5 = iadd v1, v4  ; v4 = 7
;;       v6 = icmp ult v5, v4  ; v4 = 7
;;       brif v6, block1, block2
;;
;;   block2:
;;       v7 = iconst.i64 100
;;       v8 = iadd.i64 v2, v7  ; v7 = 100
;;       v9 = icmp ult v8, v7  ; v7 = 100
;;       brif v9, block4, block5
;;
;;   block5:
;;       jump block6(v3, v8)
;;
;;   block6(v10: i32, v13: i64):
;;       v11 = iconst.i32 1
;;       v12 = isub v10, v11  ; v11 = 1
;;       brif v12, block8, block7
;;
;;   block8:
;;       v14 = iconst.i64 6
;;       v15 = iadd.i64 v13, v14  ; v14 = 6
;;       v16 = icmp ult v15, v14  ; v14 = 6
;;       brif v16, block4, block9
;;
;;   block9:
;;       jump block6(v12, v15)
;;
;;   block7:
;;       jump block3
;;
;;   block3:
;;       v17 = iconst.i64 6
;;       v18 = iadd.i64 v13, v17  ; v17 = 6
;;       v19 = icmp ult v18, v17  ; v17 = 6
;;       brif v19, block4, block10
;;
;;   block10:
;;       v20 = iconst.i64 0
;;       v21 = iconst.i64 0
;;       return v20, v21, v18  ; v20 = 0, v21 = 0
;;
;;   block1 cold:
;;       v22 = iconst.i32 8
;;       v23 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig0, v23(v0, v22)  ; v22 = 8
;;       trap user129
;;
;;   block4 cold:
;;       v24 = iconst.i32 128
;;       v25 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig1, v25(v0, v24)  ; v24 = 128
;;       trap user129
;;   }
