;; function: 0
;; Bulk operations charge, check and act in the runtime.
(module
  (memory 1 4)
  (func (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2))))
