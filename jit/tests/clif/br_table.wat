;; function: 0
;; Edges of a br_table pass operands as block arguments.
(module
  (func (param i32) (result i32)
    (block (result i32)
      (block (result i32)
        (br_table 0 1 2 (i32.const 5) (local.get 0)))
      (i32.add (i32.const 1)))))

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
;;       v10 = iconst.i64 104
;;       v11 = icmp.i64 ult v1, v10  ; v10 = 104
;;       brif v11, block5, block6
;;
;;   block6:
;;       v12 = isub.i64 v1, v10  ; v10 = 104
;;       v15 = iconst.i32 5
;;       br_table v3, block4(v15, v12), [block8(v15), block7(v15, v12)]  ; v15 = 5, v15 = 5, v15 = 5
;;
;;   block8(v14: i32):
;;       v16 = iconst.i64 2
;;       v17 = icmp.i64 ult v12, v16  ; v16 = 2
;;       brif v17, block5, block9
;;
;;   block9:
;;       v18 = isub.i64 v12, v16  ; v16 = 2
;;       v19 = iconst.i32 1
;;       v20 = iadd.i32 v14, v19  ; v19 = 1
;;       jump block7(v20, v18)
;;
;;   block7(v13: i32, v22: i64):
;;       jump block4(v13, v22)
;;
;;   block4(v9: i32, v21: i64):
;;       v23 = iconst.i32 0
;;       return v23, v21, v9  ; v23 = 0
;;
;;   block2 cold:
;;       v24 = iconst.i32 8
;;       jump block1(v24, v1)  ; v24 = 8
;;
;;   block5 cold:
;;       v25 = iconst.i32 256
;;       v26 = iconst.i64 0
;;       jump block1(v25, v26)  ; v25 = 256, v26 = 0
;;
;;   block1(v4: i32, v5: i64) cold:
;;       v27 = iconst.i32 0
;;       return v4, v5, v27  ; v27 = 0
;;   }
