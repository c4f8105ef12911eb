;; traps: explicit
;; function: 0
;; A constant address within the smallest size needs no check; the last access is outside of it.
(module
  (memory 1 4)
  (func (result i64)
    (i64.store (i32.const 65528) (i64.const -1))
    (i64.load32_s (i32.const 65533))))

;; clif:
;;   function u0:0(i64, i64, i64) -> i64, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i32) system_v
;;       sig1 = (i64, i32) system_v
;;       sig2 = (i64, i32) system_v
;;
;;   block0(v0: i64, v1: i64, v2: i64):
;;       v3 = iconst.i64 6
;;       v4 = iadd v1, v3  ; v3 = 6
;;       v5 = icmp ult v4, v3  ; v3 = 6
;;       brif v5, block1, block2
;;
;;   block2:
;;       v6 = load.i64 notrap aligned readonly can_move v0+8
;;       v8 = iconst.i32 0xfff8
;;       v9 = iconst.i64 -1
;;       v10 = iconst.i64 109
;;       v11 = iadd.i64 v2, v10  ; v10 = 109
;;       v12 = icmp ult v11, v10  ; v10 = 109
;;       brif v12, block4, block5
;;
;;   block5:
;;       v13 = uextend.i64 v8  ; v8 = 0xfff8
;;       v14 = iadd.i64 v6, v13
;;       store.i64 notrap little region2 v9, v14  ; v9 = -1
;;       v15 = iconst.i32 0xfffd
;;       v16 = uextend.i64 v15  ; v15 = 0xfffd
;;       v17 = iconst.i64 0xfffc
;;       v18 = icmp ugt v16, v17  ; v17 = 0xfffc
;;       brif v18, block6, block7
;;
;;   block7:
;;       v19 = iadd.i64 v6, v16
;;       v20 = sload32 notrap little region2 v19
;;       jump block3(v20)
;;
;;   block3(v7: i64):
;;       v21 = iconst.i64 0
;;       return v7, v21, v11  ; v21 = 0
;;
;;   block6 cold:
;;       v22 = iconst.i32 2
;;       v23 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig0, v23(v0, v22)  ; v22 = 2
;;       trap user129
;;
;;   block1 cold:
;;       v24 = iconst.i32 8
;;       v25 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig1, v25(v0, v24)  ; v24 = 8
;;       trap user129
;;
;;   block4 cold:
;;       v26 = iconst.i32 128
;;       v27 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig2, v27(v0, v26)  ; v26 = 128
;;       trap user129
;;   }
