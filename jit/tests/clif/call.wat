;; function: 0
;; Ink and stack words travel in registers; the status is tested after the call.
(module
  (func $f (param i32) (result i32)
    (i32.add (call $f (local.get 0)) (i32.const 1))))

;; clif:
;;   function u0:0(i64, i64, i64, i32) -> i32, i64, i32 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64, i32) -> i32, i64, i32 tail
;;       fn0 = colocated u0:0 sig0
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v6 = iconst.i64 7
;;       v7 = icmp ult v2, v6  ; v6 = 7
;;       brif v7, block2, block3
;;
;;   block3:
;;       v8 = isub.i64 v2, v6  ; v6 = 7
;;       v10 = iconst.i64 121
;;       v11 = icmp.i64 ult v1, v10  ; v10 = 121
;;       brif v11, block5, block6
;;
;;   block6:
;;       v12 = isub.i64 v1, v10  ; v10 = 121
;;       v13, v14, v15 = call fn0(v0, v12, v8, v3)
;;       brif v13, block7, block8
;;
;;   block8:
;;       v16 = iconst.i64 2
;;       v17 = icmp.i64 ult v14, v16  ; v16 = 2
;;       brif v17, block5, block9
;;
;;   block9:
;;       v18 = isub.i64 v14, v16  ; v16 = 2
;;       v19 = iconst.i32 1
;;       v20 = iadd.i32 v15, v19  ; v19 = 1
;;       jump block4(v20)
;;
;;   block4(v9: i32):
;;       v21 = iconst.i32 0
;;       return v21, v18, v9  ; v21 = 0
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
;;       jump block1(v13, v14)
;;
;;   block1(v4: i32, v5: i64) cold:
;;       v25 = iconst.i32 0
;;       return v4, v5, v25  ; v25 = 0
;;   }
