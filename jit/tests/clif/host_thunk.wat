;; function: 0
;; The thunk of an import: arguments to the native stack, ink to the context, one runtime call.
(module
  (import "aivm" "model_info" (func (param i32 i32) (result i32))))

;; clif:
;;   function u0:0(i64, i64, i64, i32, i32) -> i32, i64, i64 tail {
;;       ss0 = explicit_slot 16, align = 8
;;       sig0 = (i64, i64, i64, i64, i64) -> i32 system_v
;;       sig1 = (i64, i32) system_v
;;
;;   block0(v0: i64, v1: i64, v2: i64, v3: i32, v4: i32):
;;       v5 = stack_addr.i64 ss0
;;       v6 = uextend.i64 v3
;;       store notrap aligned v6, v5
;;       v7 = uextend.i64 v4
;;       store notrap aligned v7, v5+8
;;       v8 = bnot v2
;;       store notrap aligned v8, v0
;;       v9 = load.i64 notrap aligned v0+280
;;       v10 = iconst.i64 0
;;       v11 = iconst.i64 0
;;       v12 = call_indirect sig0, v9(v0, v10, v5, v11, v11)  ; v10 = 0, v11 = 0, v11 = 0
;;       brif v12, block1, block2
;;
;;   block1 cold:
;;       v13 = load.i64 notrap aligned readonly can_move v0+272
;;       call_indirect sig1, v13(v0, v12)
;;       trap user129
;;
;;   block2:
;;       v14 = load.i64 notrap aligned v0
;;       v15 = bnot v14
;;       v16 = load.i32 notrap aligned v0+40
;;       v17 = iconst.i64 0
;;       return v16, v17, v15  ; v17 = 0
;;   }
