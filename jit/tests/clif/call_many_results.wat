;; function: 1
;; Results after the fourth pass through the context, in the callee and in the caller.
(module
  (type $many (func (result i32 i64 i32 i64 i32 i64 i32)))
  (func $many (type $many)
    (i32.const 1) (i64.const 2) (i32.const 3) (i64.const 4) (i32.const 5) (i64.const 6) (i32.const 7))
  (func (type $many) (call $many)))

;; clif:
;;   function u0:1(i64, i64, i64) -> i32, i64, i32, i64, i32, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64) -> i32, i64, i32, i64, i32, i64 tail
;;       fn0 = colocated u0:0 sig0
;;
;;   block0(v0: i64, v1: i64, v2: i64):
;;       v5 = iconst.i64 11
;;       v6 = icmp ult v2, v5  ; v5 = 11
;;       brif v6, block2, block3
;;
;;   block3:
;;       v7 = isub.i64 v2, v5  ; v5 = 11
;;       v15 = iconst.i64 120
;;       v16 = icmp.i64 ult v1, v15  ; v15 = 120
;;       brif v16, block5, block6
;;
;;   block6:
;;       v17 = isub.i64 v1, v15  ; v15 = 120
;;       v18, v19, v20, v21, v22, v23 = call fn0(v0, v17, v7)
;;       brif v18, block7, block8
;;
;;   block8:
;;       v24 = load.i32 notrap aligned region0 v0+48
;;       v25 = load.i64 notrap aligned region0 v0+56
;;       v26 = load.i32 notrap aligned region0 v0+64
;;       jump block4(v20, v21, v22, v23, v24, v25, v26)
;;
;;   block4(v8: i32, v9: i64, v10: i32, v11: i64, v12: i32, v13: i64, v14: i32):
;;       v27 = iconst.i32 0
;;       store notrap aligned region0 v12, v0+48
;;       store notrap aligned region0 v13, v0+56
;;       store notrap aligned region0 v14, v0+64
;;       return v27, v19, v8, v9, v10, v11  ; v27 = 0
;;
;;   block2 cold:
;;       v28 = iconst.i32 8
;;       jump block1(v28, v1)  ; v28 = 8
;;
;;   block5 cold:
;;       v29 = iconst.i32 256
;;       v30 = iconst.i64 0
;;       jump block1(v29, v30)  ; v29 = 256, v30 = 0
;;
;;   block7 cold:
;;       jump block1(v18, v19)
;;
;;   block1(v3: i32, v4: i64) cold:
;;       v31 = iconst.i32 0
;;       v32 = iconst.i64 0
;;       v33 = iconst.i32 0
;;       v34 = iconst.i64 0
;;       return v3, v4, v31, v32, v33, v34  ; v31 = 0, v32 = 0, v33 = 0, v34 = 0
;;   }
