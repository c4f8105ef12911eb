;; function: 1
;; A call of an import is a call of its thunk (see host_thunk), through which ink is exact.
(module
  (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
  (func (result i32) (i32.eqz (call $reentrant))))

;; clif:
;;   function u0:1(i64, i64, i64) -> i64, i32 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64) -> i64, i32 tail
;;       fn0 = colocated u0:0 sig0
;;
;;   block0(v0: i64, v1: i64, v2: i64):
;;       v3 = iconst.i64 5
;;       v4 = uadd_overflow_trap v2, v3, user8  ; v3 = 5
;;       v6 = iconst.i64 120
;;       v7 = uadd_overflow_trap v1, v6, user128  ; v6 = 120
;;       v8, v9 = call fn0(v0, v7, v4)
;;       v10 = iconst.i32 0
;;       v11 = icmp eq v9, v10  ; v10 = 0
;;       v12 = uextend.i32 v11
;;       v13 = iconst.i64 1
;;       v14 = uadd_overflow_trap v8, v13, user128  ; v13 = 1
;;       jump block1(v12)
;;
;;   block1(v5: i32):
;;       return v14, v5
;;   }
