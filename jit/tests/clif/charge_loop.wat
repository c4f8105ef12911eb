;; function: 0
;; The loop's header is a metering block: branches back pay again.
(module
  (func (param i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))

;; clif:
;;   function u0:0(i64, i64, i64, i32) -> i32, i64 tail {
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
;;       v9 = iconst.i64 100
;;       v10 = icmp.i64 ult v1, v9  ; v9 = 100
;;       brif v10, block5, block6
;;
;;   block6:
;;       v11 = isub.i64 v1, v9  ; v9 = 100
;;       jump block7(v11, v3)
;;
;;   block7(v13: i64, v16: i32):
;;       v12 = iconst.i64 6
;;       v14 = icmp ult v13, v12  ; v12 = 6
;;       brif v14, block5, block8
;;
;;   block8:
;;       v15 = isub.i64 v13, v12  ; v12 = 6
;;       v17 = iconst.i32 1
;;       v18 = isub.i32 v16, v17  ; v17 = 1
;;       brif v18, block7(v15, v18), block9
;;
;;   block9:
;;       jump block4
;;
;;   block4:
;;       v19 = iconst.i32 0
;;       return v19, v15  ; v19 = 0
;;
;;   block2 cold:
;;       v20 = iconst.i32 8
;;       jump block1(v20, v1)  ; v20 = 8
;;
;;   block5 cold:
;;       v21 = iconst.i32 256
;;       v22 = iconst.i64 0
;;       jump block1(v21, v22)  ; v21 = 256, v22 = 0
;;
;;   block1(v4: i32, v5: i64) cold:
;;       return v4, v5
;;   }
