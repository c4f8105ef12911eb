;; function: 0
;; Nothing in the module grows memory: its size is a constant. The second access has the end of the first,
;; the third goes further and is checked again.
(module
  (memory 1 4)
  (func (param i32) (result i32)
    (i32.store offset=4 (local.get 0) (i32.const 7))
    (i32.add
      (i32.load16_u offset=6 (local.get 0))
      (i32.load8_s offset=8 (local.get 0)))))

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
;;       v10 = iconst.i64 114
;;       v11 = icmp.i64 ult v1, v10  ; v10 = 114
;;       brif v11, block5, block6
;;
;;   block6:
;;       v12 = isub.i64 v1, v10  ; v10 = 114
;;       v13 = iconst.i32 7
;;       v14 = uextend.i64 v3
;;       v15 = iconst.i64 0xfff8
;;       v16 = icmp ugt v14, v15  ; v15 = 0xfff8
;;       brif v16, block7, block8
;;
;;   block8:
;;       v17 = load.i64 notrap aligned readonly can_move v0+8
;;       v18 = iadd v17, v14
;;       store.i32 notrap little region2 v13, v18+4  ; v13 = 7
;;       v19 = uextend.i64 v3
;;       v20 = load.i64 notrap aligned readonly can_move v0+8
;;       v21 = iadd v20, v19
;;       v22 = uload16.i32 notrap little region2 v21+6
;;       v23 = uextend.i64 v3
;;       v24 = iconst.i64 0xfff7
;;       v25 = icmp ugt v23, v24  ; v24 = 0xfff7
;;       brif v25, block7, block9
;;
;;   block9:
;;       v26 = load.i64 notrap aligned readonly can_move v0+8
;;       v27 = iadd v26, v23
;;       v28 = sload8.i32 notrap little region2 v27+8
;;       v29 = iadd.i32 v22, v28
;;       jump block4(v29)
;;
;;   block4(v9: i32):
;;       v30 = iconst.i32 0
;;       return v30, v12, v9  ; v30 = 0
;;
;;   block7 cold:
;;       v31 = iconst.i32 2
;;       jump block1(v31, v12)  ; v31 = 2
;;
;;   block2 cold:
;;       v32 = iconst.i32 8
;;       jump block1(v32, v1)  ; v32 = 8
;;
;;   block5 cold:
;;       v33 = iconst.i32 256
;;       v34 = iconst.i64 0
;;       jump block1(v33, v34)  ; v33 = 256, v34 = 0
;;
;;   block1(v4: i32, v5: i64) cold:
;;       v35 = iconst.i32 0
;;       return v4, v5, v35  ; v35 = 0
;;   }
