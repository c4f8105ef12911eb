;; function: 0
;; A constant address within the smallest size needs no check; the last access is outside of it.
(module
  (memory 1 4)
  (func (result i64)
    (i64.store (i32.const 65528) (i64.const -1))
    (i64.load32_s (i32.const 65533))))

;; clif:
;;   function u0:0(i64, i64, i64) -> i32, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;
;;   block0(v0: i64, v1: i64, v2: i64):
;;       v5 = iconst.i64 6
;;       v6 = icmp ult v2, v5  ; v5 = 6
;;       brif v6, block2, block3
;;
;;   block3:
;;       v7 = isub.i64 v2, v5  ; v5 = 6
;;       v8 = load.i64 notrap aligned readonly can_move v0+8
;;       v10 = iconst.i64 109
;;       v11 = icmp.i64 ult v1, v10  ; v10 = 109
;;       brif v11, block5, block6
;;
;;   block6:
;;       v12 = isub.i64 v1, v10  ; v10 = 109
;;       v13 = iconst.i32 0xfff8
;;       v14 = iconst.i64 -1
;;       v15 = uextend.i64 v13  ; v13 = 0xfff8
;;       v16 = iadd.i64 v8, v15
;;       store notrap little region2 v14, v16  ; v14 = -1
;;       v17 = iconst.i32 0xfffd
;;       v18 = uextend.i64 v17  ; v17 = 0xfffd
;;       v19 = iconst.i64 0xfffc
;;       v20 = icmp ugt v18, v19  ; v19 = 0xfffc
;;       brif v20, block7, block8
;;
;;   block8:
;;       v21 = iadd.i64 v8, v18
;;       v22 = sload32 notrap little region2 v21
;;       jump block4(v22)
;;
;;   block4(v9: i64):
;;       v23 = iconst.i32 0
;;       return v23, v12, v9  ; v23 = 0
;;
;;   block7 cold:
;;       v24 = iconst.i32 2
;;       jump block1(v24, v12)  ; v24 = 2
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
;;   block1(v3: i32, v4: i64) cold:
;;       v28 = iconst.i64 0
;;       return v3, v4, v28  ; v28 = 0
;;   }
