;; function: 0
;; Ink and stack words travel in registers; the status is tested after the call.
(module
  (func $f (param i32) (result i32)
    (i32.add (call $f (local.get 0)) (i32.const 1))))

;; clif:
;;   function u0:0(i64, i64, i64, i32) -> i32, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64, i32) -> i32, i64, i64 tail
;;       fn0 = colocated u0:0 sig0
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32):
;;       v4 = iconst.i64 7
;;       v5 = uadd_overflow_trap v1, v4, user8  ; v4 = 7
;;       v7 = iconst.i64 121
;;       v8 = uadd_overflow_trap v2, v7, user128  ; v7 = 121
;;       v9, v10, v11 = call fn0(v0, v5, v8, v3)
;;       v12 = iconst.i32 1
;;       v13 = iadd v9, v12  ; v12 = 1
;;       jump block1(v13)
;;
;;   block1(v6: i32):
;;       v14 = iconst.i64 2
;;       v15 = uadd_overflow_trap.i64 v11, v14, user128  ; v14 = 2
;;       v16 = iconst.i64 0
;;       return v6, v16, v15  ; v16 = 0
;;   }
