;; function: 0
;; One metering block: the stack check, then one charge, then the code.
(module
  (func (param i64 i64) (result i64)
    (i64.mul (i64.add (local.get 0) (local.get 1)) (i64.const 3))))

;; clif:
;;   function u0:0(i64, i64, i64, i64, i64) -> i32, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i64, v4: i64):
;;       v7 = iconst.i64 8
;;       v8 = icmp ult v2, v7  ; v7 = 8
;;       brif v8, block2, block3
;;
;;   block3:
;;       v9 = isub.i64 v2, v7  ; v7 = 8
;;       v11 = iconst.i64 106
;;       v12 = icmp.i64 ult v1, v11  ; v11 = 106
;;       brif v12, block5, block6
;;
;;   block6:
;;       v13 = isub.i64 v1, v11  ; v11 = 106
;;       v14 = iadd.i64 v3, v4
;;       v15 = iconst.i64 3
;;       v16 = imul v14, v15  ; v15 = 3
;;       jump block4(v16)
;;
;;   block4(v10: i64):
;;       v17 = iconst.i32 0
;;       return v17, v13, v10  ; v17 = 0
;;
;;   block2 cold:
;;       v18 = iconst.i32 8
;;       jump block1(v18, v1)  ; v18 = 8
;;
;;   block5 cold:
;;       v19 = iconst.i32 256
;;       v20 = iconst.i64 0
;;       jump block1(v19, v20)  ; v19 = 256, v20 = 0
;;
;;   block1(v5: i32, v6: i64) cold:
;;       v21 = iconst.i64 0
;;       return v5, v6, v21  ; v21 = 0
;;   }
