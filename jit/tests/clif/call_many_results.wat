;; function: 1
;; Results after the fourth pass through the context, in the callee and in the caller.
(module
  (type $many (func (result i32 i64 i32 i64 i32 i64 i32)))
  (func $many (type $many)
    (i32.const 1) (i64.const 2) (i32.const 3) (i64.const 4) (i32.const 5) (i64.const 6) (i32.const 7))
  (func (type $many) (call $many)))

;; clif:
;;   function u0:1(i64, i64, i64) -> i32, i64, i64, i32, i64, i32 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64) -> i32, i64, i64, i32, i64, i32 tail
;;       fn0 = colocated u0:0 sig0
;;
;;   block0(v0: i64, v1: i64, v2: i64):
;;       v3 = iconst.i64 11
;;       v4 = uadd_overflow_trap v1, v3, user8  ; v3 = 11
;;       v12 = iconst.i64 120
;;       v13 = uadd_overflow_trap v2, v12, user128  ; v12 = 120
;;       v14, v15, v16, v17, v18, v19 = call fn0(v0, v4, v13)
;;       v20 = load.i64 notrap aligned region0 v0+48
;;       v21 = load.i32 notrap aligned region0 v0+56
;;       jump block1(v14, v15, v17, v18, v19, v20, v21)
;;
;;   block1(v5: i32, v6: i64, v7: i32, v8: i64, v9: i32, v10: i64, v11: i32):
;;       store notrap aligned region0 v10, v0+48
;;       store notrap aligned region0 v11, v0+56
;;       return v5, v6, v16, v7, v8, v9
;;   }
