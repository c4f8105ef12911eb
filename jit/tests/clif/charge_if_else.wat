;; function: 0
;; Each arm and the code after it is a metering block; ink meets as a block parameter.
(module
  (func (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.const 10))
      (else (i32.mul (local.get 0) (i32.const 20))))))

;; clif:
;;   function u0:0(i64, i64, i64, i32) -> i32, i64, i32 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v6 = iconst.i64 7
;;       v7 = icmp ult v2, v6  ; v6 = 7
;;       brif v7, block2, block3
;;
;;   block3:
;;       v8 = isub.i64 v2, v6  ; v6 = 7
;;       v10 = iconst.i64 103
;;       v11 = icmp.i64 ult v1, v10  ; v10 = 103
;;       brif v11, block5, block6
;;
;;   block6:
;;       v12 = isub.i64 v1, v10  ; v10 = 103
;;       brif.i32 v3, block8, block9
;;
;;   block8:
;;       v14 = iconst.i64 1
;;       v15 = icmp.i64 ult v12, v14  ; v14 = 1
;;       brif v15, block5, block10
;;
;;   block10:
;;       v16 = isub.i64 v12, v14  ; v14 = 1
;;       v17 = iconst.i32 10
;;       jump block7(v17, v16)  ; v17 = 10
;;
;;   block9:
;;       v18 = iconst.i64 4
;;       v19 = icmp.i64 ult v12, v18  ; v18 = 4
;;       brif v19, block5, block11
;;
;;   block11:
;;       v20 = isub.i64 v12, v18  ; v18 = 4
;;       v21 = iconst.i32 20
;;       v22 = imul.i32 v3, v21  ; v21 = 20
;;       jump block7(v22, v20)
;;
;;   block7(v13: i32, v23: i64):
;;       jump block4(v13)
;;
;;   block4(v9: i32):
;;       v24 = iconst.i32 0
;;       return v24, v23, v9  ; v24 = 0
;;
;;   block2 cold:
;;       v25 = iconst.i32 8
;;       jump block1(v25, v1)  ; v25 = 8
;;
;;   block5 cold:
;;       v26 = iconst.i32 256
;;       v27 = iconst.i64 0
;;       jump block1(v26, v27)  ; v26 = 256, v27 = 0
;;
;;   block1(v4: i32, v5: i64) cold:
;;       v28 = iconst.i32 0
;;       return v4, v5, v28  ; v28 = 0
;;   }
