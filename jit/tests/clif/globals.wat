;; function: 0
;; A constant global is a constant; a variable one is a word behind the context.
(module
  (global $fixed i32 (i32.const -2))
  (global $counter (mut i32) (i32.const 0))
  (func (result i32)
    (global.set $counter (i32.add (global.get $counter) (global.get $fixed)))
    (global.get $counter)))

;; clif:
;;   function u0:0(i64, i64, i64) -> i32, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;
;;   block0(v0: i64, v1: i64, v2: i64):
;;       v3 = iconst.i64 6
;;       v4 = uadd_overflow_trap v1, v3, user8  ; v3 = 6
;;       v6 = load.i64 notrap aligned readonly can_move v0+24
;;       v7 = load.i32 notrap aligned region0 v6+8
;;       v8 = iconst.i32 -2
;;       v9 = iadd v7, v8  ; v8 = -2
;;       v10 = iconst.i64 113
;;       v11 = uadd_overflow_trap v2, v10, user128  ; v10 = 113
;;       v12 = load.i64 notrap aligned readonly can_move v0+24
;;       store notrap aligned region0 v9, v12+8
;;       v13 = load.i64 notrap aligned readonly can_move v0+24
;;       v14 = load.i32 notrap aligned region0 v13+8
;;       jump block1(v14)
;;
;;   block1(v5: i32):
;;       v15 = iconst.i64 0
;;       return v5, v15, v11  ; v15 = 0
;;   }
