;; function: 0
;; Growth is a runtime call: ink is written back and read again.
(module
  (memory 1 4)
  (func (param i32) (result i32 i32) (memory.grow (local.get 0)) (memory.size)))
