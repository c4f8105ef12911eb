;; function: 0
;; Each arm and the code after it is a metering block; ink meets as a block parameter.
(module
  (func (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.const 10))
      (else (i32.mul (local.get 0) (i32.const 20))))))

;; clif:
;;   function u0:0(i64, i64, i64, i32) -> i32, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v4 = iconst.i64 7
;;       v5 = uadd_overflow_trap v1, v4, user8  ; v4 = 7
;;       brif v3, block3, block4
;;
;;   block3:
;;       v8 = iconst.i32 10
;;       v9 = iconst.i64 104
;;       v10 = uadd_overflow_trap.i64 v2, v9, user128  ; v9 = 104
;;       jump block2(v8, v10)  ; v8 = 10
;;
;;   block4:
;;       v11 = iconst.i32 20
;;       v12 = imul.i32 v3, v11  ; v11 = 20
;;       v13 = iconst.i64 107
;;       v14 = uadd_overflow_trap.i64 v2, v13, user128  ; v13 = 107
;;       jump block2(v12, v14)
;;
;;   block2(v7: i32, v15: i64):
;;       jump block1(v7)
;;
;;   block1(v6: i32):
;;       v16 = iconst.i64 0
;;       return v6, v16, v15  ; v16 = 0
;;   }
