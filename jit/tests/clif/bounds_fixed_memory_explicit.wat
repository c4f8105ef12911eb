;; traps: explicit
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
;;   function u0:0(i64, i64, i64, i32) -> i32, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i32) system_v
;;       sig1 = (i64, i32) system_v
;;       sig2 = (i64, i32) system_v
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v4 = iconst.i64 7
;;       v5 = iadd v1, v4  ; v4 = 7
;;       v6 = icmp ult v5, v4  ; v4 = 7
;;       brif v6, block1, block2
;;
;;   block2:
;;       v7 = load.i64 notrap aligned readonly can_move v0+8
;;       v9 = iconst.i32 7
;;       v10 = iconst.i64 114
;;       v11 = iadd.i64 v2, v10  ; v10 = 114
;;       v12 = icmp ult v11, v10  ; v10 = 114
;;       brif v12, block4, block5
;;
;;   block5:
;;       v13 = uextend.i64 v3
;;       v14 = iconst.i64 0xfff8
;;       v15 = icmp ugt v13, v14  ; v14 = 0xfff8
;;       brif v15, block6, block7
;;
;;   block7:
;;       v16 = iadd.i64 v7, v13
;;       store.i32 notrap little region2 v9, v16+4  ; v9 = 7
;;       v17 = uextend.i64 v3
;;       v18 = iadd.i64 v7, v17
;;       v19 = uload16.i32 notrap little region2 v18+6
;;       v20 = uextend.i64 v3
;;       v21 = iconst.i64 0xfff7
;;       v22 = icmp ugt v20, v21  ; v21 = 0xfff7
;;       brif v22, block6, block8
;;
;;   block8:
;;       v23 = iadd.i64 v7, v20
;;       v24 = sload8.i32 notrap little region2 v23+8
;;       v25 = iadd.i32 v19, v24
;;       jump block3(v25)
;;
;;   block3(v8: i32):
;;       v26 = iconst.i64 0
;;       return v8, v26, v11  ; v26 = 0
;;
;;   block6 cold:
;;       v27 = iconst.i32 2
;;       v28 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig0, v28(v0, v27)  ; v27 = 2
;;       trap user129
;;
;;   block1 cold:
;;       v29 = iconst.i32 8
;;       v30 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig1, v30(v0, v29)  ; v29 = 8
;;       trap user129
;;
;;   block4 cold:
;;       v31 = iconst.i32 128
;;       v32 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig2, v32(v0, v31)  ; v31 = 128
;;       trap user129
;;   }
