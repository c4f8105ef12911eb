;; function: 0
;; A constant global is a constant; a variable one is a word behind the context.
(module
  (global $fixed i32 (i32.const -2))
  (global $counter (mut i32) (i32.const 0))
  (func (result i32)
    (global.set $counter (i32.add (global.get $counter) (global.get $fixed)))
    (global.get $counter)))

;; clif:
;;   function u0:0(i64, i64, i64) -> i32, i64, i32 tail {
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
;;       v9 = iconst.i64 113
;;       v10 = icmp.i64 ult v1, v9  ; v9 = 113
;;       brif v10, block5, block6
;;
;;   block6:
;;       v11 = isub.i64 v1, v9  ; v9 = 113
;;       v12 = load.i64 notrap aligned readonly can_move v0+24
;;       v13 = load.i32 notrap aligned region0 v12+8
;;       v14 = iconst.i32 -2
;;       v15 = iadd v13, v14  ; v14 = -2
;;       v16 = load.i64 notrap aligned readonly can_move v0+24
;;       store notrap aligned region0 v15, v16+8
;;       v17 = load.i64 notrap aligned readonly can_move v0+24
;;       v18 = load.i32 notrap aligned region0 v17+8
;;       jump block4(v18)
;;
;;   block4(v8: i32):
;;       v19 = iconst.i32 0
;;       return v19, v11, v8  ; v19 = 0
;;
;;   block2 cold:
;;       v20 = iconst.i32 8
;;       jump block1(v20, v1)  ; v20 = 8
;;
;;   block5 cold:
;;       v21 = iconst.i32 256
;;       v22 = iconst.i64 0
;;       jump block1(v21, v22)  ; v21 = 256, v22 = 0
;;
;;   block1(v3: i32, v4: i64) cold:
;;       v23 = iconst.i32 0
;;       return v3, v4, v23  ; v23 = 0
;;   }
