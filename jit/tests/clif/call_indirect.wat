;; function: 0
;; Index, null, type; the index is clamped for mispredicted paths.
(module
  (type $binary (func (param i32 i32) (result i32)))
  (table 8 funcref)
  (func (param i32 i32 i32) (result i32)
    (call_indirect (type $binary) (local.get 1) (local.get 2) (local.get 0))))

;; clif:
;;   function u0:0(i64, i64, i64, i32, i32, i32) -> i32, i64, i32 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64, i32, i32) -> i32, i64, i32 tail
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32, v4: i32, v5: i32):
;;       v8 = iconst.i64 10
;;       v9 = icmp ult v2, v8  ; v8 = 10
;;       brif v9, block2, block3
;;
;;   block3:
;;       v10 = isub.i64 v2, v8  ; v8 = 10
;;       v12 = iconst.i64 153
;;       v13 = icmp.i64 ult v1, v12  ; v12 = 153
;;       brif v13, block5, block6
;;
;;   block6:
;;       v14 = isub.i64 v1, v12  ; v12 = 153
;;       v15 = iconst.i32 8
;;       v16 = icmp.i32 uge v3, v15  ; v15 = 8
;;       brif v16, block7, block8
;;
;;   block8:
;;       v17 = uextend.i64 v3
;;       v18 = iconst.i64 0
;;       v19 = select_spectre_guard v16, v18, v17  ; v18 = 0
;;       v20 = iconst.i64 16
;;       v21 = imul v19, v20  ; v20 = 16
;;       v22 = load.i64 notrap aligned readonly can_move v0+32
;;       v23 = iadd v22, v21
;;       v24 = load.i64 notrap aligned region1 v23
;;       v25 = iconst.i64 0
;;       v26 = icmp eq v24, v25  ; v25 = 0
;;       brif v26, block9, block10
;;
;;   block10:
;;       v27 = load.i64 notrap aligned region1 v23+8
;;       v28 = iconst.i64 0
;;       v29 = icmp ne v27, v28  ; v28 = 0
;;       brif v29, block11, block12
;;
;;   block12:
;;       v30, v31, v32 = call_indirect.i64 sig0, v24(v0, v14, v10, v4, v5)
;;       brif v30, block13, block14
;;
;;   block14:
;;       jump block4(v32)
;;
;;   block4(v11: i32):
;;       v33 = iconst.i32 0
;;       return v33, v31, v11  ; v33 = 0
;;
;;   block7 cold:
;;       v34 = iconst.i32 3
;;       jump block1(v34, v14)  ; v34 = 3
;;
;;   block9 cold:
;;       v35 = iconst.i32 4
;;       jump block1(v35, v14)  ; v35 = 4
;;
;;   block11 cold:
;;       v36 = iconst.i32 5
;;       jump block1(v36, v14)  ; v36 = 5
;;
;;   block2 cold:
;;       v37 = iconst.i32 8
;;       jump block1(v37, v1)  ; v37 = 8
;;
;;   block5 cold:
;;       v38 = iconst.i32 256
;;       v39 = iconst.i64 0
;;       jump block1(v38, v39)  ; v38 = 256, v39 = 0
;;
;;   block13 cold:
;;       jump block1(v30, v31)
;;
;;   block1(v6: i32, v7: i64) cold:
;;       v40 = iconst.i32 0
;;       return v6, v7, v40  ; v40 = 0
;;   }
