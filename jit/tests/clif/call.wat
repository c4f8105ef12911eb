;; function: 0
;; Ink and stack words travel in registers; the status is tested after the call.
(module
  (func $f (param i32) (result i32)
    (i32.add (call $f (local.get 0)) (i32.const 1))))

;; clif:
;;   function u0:0(i64, i64, i64, i32) -> i64, i32 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64, i32) -> i64, i32 tail
;;       fn0 = colocated u0:0 sig0
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v4 = iconst.i64 7
;;       v5 = uadd_overflow_trap v2, v4, user8  ; v4 = 7
;;       v7 = iconst.i64 121
;;       v8 = uadd_overflow_trap v1, v7, user128  ; v7 = 121
;;       v9, v10 = call fn0(v0, v8, v5, v3)
;;       v11 = iconst.i32 1
;;       v12 = iadd v10, v11  ; v11 = 1
;;       v13 = iconst.i64 2
;;       v14 = uadd_overflow_trap v9, v13, user128  ; v13 = 2
;;       jump block1(v12)
;;
;;   block1(v6: i32):
;;       return v14, v6
;;   }
