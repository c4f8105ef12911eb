;; function: 0
;; The loop's header is a metering block: branches back pay again.
(module
  (func (param i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))

;; clif:
;;   function u0:0(i64, i64, i64, i32) -> i64, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v4 = iconst.i64 7
;;       v5 = uadd_overflow_trap v1, v4, user8  ; v4 = 7
;;       v6 = iconst.i64 100
;;       v7 = uadd_overflow_trap v2, v6, user128  ; v6 = 100
;;       jump block2(v3, v7)
;;
;;   block2(v8: i32, v11: i64):
;;       v9 = iconst.i32 1
;;       v10 = isub v8, v9  ; v9 = 1
;;       brif v10, block4, block3
;;
;;   block4:
;;       v12 = iconst.i64 6
;;       v13 = uadd_overflow_trap.i64 v11, v12, user128  ; v12 = 6
;;       jump block2(v10, v13)
;;
;;   block3:
;;       jump block1
;;
;;   block1:
;;       v14 = iconst.i64 6
;;       v15 = uadd_overflow_trap.i64 v11, v14, user128  ; v14 = 6
;;       v16 = iconst.i64 0
;;       v17 = iconst.i64 0
;;       return v16, v17, v15  ; v16 = 0, v17 = 0
;;   }
