;; function: 0
;; The thunk of an import: arguments to the native stack, ink to the context, one runtime call.
(module
  (import "aivm" "model_info" (func (param i32 i32) (result i32))))
