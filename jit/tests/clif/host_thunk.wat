;; function: 0
;; The thunk of an import: arguments to the native stack, ink to the context, one runtime call.
(module
  (import "aivm" "model_info" (func (param i32 i32) (result i32))))

;; clif:
;;   function u0:0(i64, i64, i64, i32, i32) -> i32, i64, i32 tail {
;;       ss0 = explicit_slot 16, align = 8
;;       sig0 = (i64, i64, i64, i64, i64) -> i32 system_v
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32, v4: i32):
;;       v5 = stack_addr.i64 ss0
;;       v6 = uextend.i64 v3
;;       store notrap aligned v6, v5
;;       v7 = uextend.i64 v4
;;       store notrap aligned v7, v5+8
;;       store notrap aligned v1, v0
;;       v8 = load.i64 notrap aligned v0+272
;;       v9 = iconst.i64 0
;;       v10 = iconst.i64 0
;;       v11 = call_indirect sig0, v8(v0, v9, v5, v10, v10)  ; v9 = 0, v10 = 0, v10 = 0
;;       v12 = load.i64 notrap aligned v0
;;       v13 = load.i32 notrap aligned v0+40
;;       return v11, v12, v13
;;   }
