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
;;
;;   block0(v0: i64, v1: i64, v2: i64):
;;       v3 = iconst.i64 6
;;       v4 = uadd_overflow_trap v1, v3, user8  ; v3 = 6
;;       v5 = load.i64 notrap aligned readonly can_move v0+8
;;       v7 = iconst.i32 0xfff8
;;       v8 = iconst.i64 -1
;;       v9 = iconst.i64 109
;;       v10 = uadd_overflow_trap v2, v9, user128  ; v9 = 109
;;       v11 = uextend.i64 v7  ; v7 = 0xfff8
;;       v12 = iadd v5, v11
;;       store little region2 v8, v12  ; v8 = -1
;;       v13 = iconst.i32 0xfffd
;;       v14 = uextend.i64 v13  ; v13 = 0xfffd
;;       v15 = iadd v5, v14
;;       v16 = sload32 little region2 v15
;;       jump block1(v16)
;;
;;   block1(v6: i64):
;;       v17 = iconst.i64 0
;;       return v6, v17, v10  ; v17 = 0
;;   }
