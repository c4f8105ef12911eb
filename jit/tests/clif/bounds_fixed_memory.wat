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
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v4 = iconst.i64 7
;;       v5 = uadd_overflow_trap v1, v4, user8  ; v4 = 7
;;       v6 = load.i64 notrap aligned readonly can_move v0+8
;;       v8 = iconst.i32 7
;;       v9 = iconst.i64 114
;;       v10 = uadd_overflow_trap v2, v9, user128  ; v9 = 114
;;       v11 = uextend.i64 v3
;;       v12 = iadd v6, v11
;;       store little region2 v8, v12+4  ; v8 = 7
;;       v13 = uextend.i64 v3
;;       v14 = iadd v6, v13
;;       v15 = uload16.i32 little region2 v14+6
;;       v16 = uextend.i64 v3
;;       v17 = iadd v6, v16
;;       v18 = sload8.i32 little region2 v17+8
;;       v19 = iadd v15, v18
;;       jump block1(v19)
;;
;;   block1(v7: i32):
;;       v20 = iconst.i64 0
;;       return v7, v20, v10  ; v20 = 0
;;   }
