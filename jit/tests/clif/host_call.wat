;; function: 1
;; A call of an import is a call of its thunk (see host_thunk), through which ink is exact.
(module
  (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
  (func (result i32) (i32.eqz (call $reentrant))))

;; clif:
;;   function u0:1(i64, i64, i64) -> i32, i64, i32 tail {
;;       region0 = 0 "context and globals"
;;       region1 = 1 "table"
;;       region2 = 2 "memory"
;;       sig0 = (i64, i64, i64) -> i32, i64, i32 tail
;;       fn0 = colocated u0:0 sig0
;;
;;   block0(v0: i64, v1: i64, v2: i64):
;;       v5 = iconst.i64 5
;;       v6 = icmp ult v2, v5  ; v5 = 5
;;       brif v6, block2, block3
;;
;;   block3:
;;       v7 = isub.i64 v2, v5  ; v5 = 5
;;       v9 = iconst.i64 120
;;       v10 = icmp.i64 ult v1, v9  ; v9 = 120
;;       brif v10, block5, block6
;;
;;   block6:
;;       v11 = isub.i64 v1, v9  ; v9 = 120
;;       v12, v13, v14 = call fn0(v0, v11, v7)
;;       brif v12, block7, block8
;;
;;   block8:
;;       v15 = iconst.i64 1
;;       v16 = icmp.i64 ult v13, v15  ; v15 = 1
;;       brif v16, block5, block9
;;
;;   block9:
;;       v17 = isub.i64 v13, v15  ; v15 = 1
;;       v18 = iconst.i32 0
;;       v19 = icmp.i32 eq v14, v18  ; v18 = 0
;;       v20 = uextend.i32 v19
;;       jump block4(v20)
;;
;;   block4(v8: i32):
;;       v21 = iconst.i32 0
;;       return v21, v17, v8  ; v21 = 0
;;
;;   block2 cold:
;;       v22 = iconst.i32 8
;;       jump block1(v22, v1)  ; v22 = 8
;;
;;   block5 cold:
;;       v23 = iconst.i32 256
;;       v24 = iconst.i64 0
;;       jump block1(v23, v24)  ; v23 = 256, v24 = 0
;;
;;   block7 cold:
;;       jump block1(v12, v13)
;;
;;   block1(v3: i32, v4: i64) cold:
;;       v25 = iconst.i32 0
;;       return v3, v4, v25  ; v25 = 0
;;   }
