;; function: 0
;; One metering block: the stack check, then one charge, then the code.
(module
  (func (param i64 i64) (result i64)
    (i64.mul (i64.add (local.get 0) (local.get 1)) (i64.const 3))))

;; clif:
;;   function u0:0(i64, i64, i64, i64, i64) -> i64, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i64, v4: i64):
;;       v5 = iconst.i64 8
;;       v6 = uadd_overflow_trap v1, v5, user8  ; v5 = 8
;;       v8 = iadd v3, v4
;;       v9 = iconst.i64 3
;;       v10 = imul v8, v9  ; v9 = 3
;;       jump block1(v10)
;;
;;   block1(v7: i64):
;;       v11 = iconst.i64 106
;;       v12 = uadd_overflow_trap.i64 v2, v11, user128  ; v11 = 106
;;       v13 = iconst.i64 0
;;       return v7, v13, v12  ; v13 = 0
;;   }
