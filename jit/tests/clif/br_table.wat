;; function: 0
;; Edges of a br_table pass operands as block arguments.
(module
  (func (param i32) (result i32)
    (block (result i32)
      (block (result i32)
        (br_table 0 1 2 (i32.const 5) (local.get 0)))
      (i32.add (i32.const 1)))))

;; clif:
;;   function u0:0(i64, i64, i64, i32) -> i32, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v4 = iconst.i64 7
;;       v5 = uadd_overflow_trap v1, v4, user8  ; v4 = 7
;;       v9 = iconst.i32 5
;;       v10 = iconst.i64 104
;;       v11 = uadd_overflow_trap v2, v10, user128  ; v10 = 104
;;       br_table v3, block1(v9, v11), [block3(v9), block2(v9, v11)]  ; v9 = 5, v9 = 5, v9 = 5
;;
;;   block3(v8: i32):
;;       v12 = iconst.i32 1
;;       v13 = iadd v8, v12  ; v12 = 1
;;       v14 = iconst.i64 2
;;       v15 = uadd_overflow_trap.i64 v11, v14, user128  ; v14 = 2
;;       jump block2(v13, v15)
;;
;;   block2(v7: i32, v17: i64):
;;       jump block1(v7, v17)
;;
;;   block1(v6: i32, v16: i64):
;;       v18 = iconst.i64 0
;;       return v6, v18, v16  ; v18 = 0
;;   }
