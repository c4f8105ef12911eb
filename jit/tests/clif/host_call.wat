;; function: 1
;; A call of an import is a call of its thunk (see host_thunk), through which ink is exact.
(module
  (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
  (func (result i32) (i32.eqz (call $reentrant))))

;; clif:
;;   function u0:1(i64, i64, i64) -> i32, i64, i64 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64) -> i32, i64, i64 tail
;;       fn0 = colocated u0:0 sig0
;;
;;   block0(v0: i64, v1: i64, v2: i64):
;;       v3 = iconst.i64 5
;;       v4 = uadd_overflow_trap v1, v3, user8  ; v3 = 5
;;       v6 = iconst.i64 120
;;       v7 = uadd_overflow_trap v2, v6, user128  ; v6 = 120
;;       v8, v9, v10 = call fn0(v0, v4, v7)
;;       v11 = iconst.i32 0
;;       v12 = icmp eq v8, v11  ; v11 = 0
;;       v13 = uextend.i32 v12
;;       jump block1(v13)
;;
;;   block1(v5: i32):
;;       v14 = iconst.i64 1
;;       v15 = uadd_overflow_trap.i64 v10, v14, user128  ; v14 = 1
;;       v16 = iconst.i64 0
;;       return v5, v16, v15  ; v16 = 0
;;   }
