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
;;       v9 = load.i64 notrap aligned readonly can_move v0+8
;;       v11 = iconst.i64 114
;;       v12 = icmp.i64 ult v1, v11  ; v11 = 114
;;       brif v12, block5, block6
;;
;;   block6:
;;       v13 = isub.i64 v1, v11  ; v11 = 114
;;       v14 = iconst.i32 7
;;       v15 = uextend.i64 v3
;;       v16 = iconst.i64 0xfff8
;;       v17 = icmp ugt v15, v16  ; v16 = 0xfff8
;;       brif v17, block7, block8
;;
;;   block8:
;;       v18 = iadd.i64 v9, v15
;;       store.i32 notrap little region2 v14, v18+4  ; v14 = 7
;;       v19 = uextend.i64 v3
;;       v20 = iadd.i64 v9, v19
;;       v21 = uload16.i32 notrap little region2 v20+6
;;       v22 = uextend.i64 v3
;;       v23 = iconst.i64 0xfff7
;;       v24 = icmp ugt v22, v23  ; v23 = 0xfff7
;;       brif v24, block7, block9
;;
;;   block9:
;;       v25 = iadd.i64 v9, v22
;;       v26 = sload8.i32 notrap little region2 v25+8
;;       v27 = iadd.i32 v21, v26
;;       jump block4(v27)
;;
;;   block4(v10: i32):
;;       v28 = iconst.i32 0
;;       return v28, v13, v10  ; v28 = 0
;;
;;   block7 cold:
;;       v29 = iconst.i32 2
;;       jump block1(v29, v13)  ; v29 = 2
;;
;;   block2 cold:
;;       v30 = iconst.i32 8
;;       jump block1(v30, v1)  ; v30 = 8
;;
;;   block5 cold:
;;       v31 = iconst.i32 256
;;       v32 = iconst.i64 0
;;       jump block1(v31, v32)  ; v31 = 256, v32 = 0
;;
;;   block1(v4: i32, v5: i64) cold:
;;       v33 = iconst.i32 0
;;       return v4, v5, v33  ; v33 = 0
;;   }
