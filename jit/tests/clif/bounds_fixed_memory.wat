;; function: 0
;; Nothing in the module grows memory: its size is a constant. The second access has the end of the first,
;; the third goes further and is checked again.
(module
  (memory 1 4)
  (func (param i32) (result i32)
    (i32.store offset=4 (local.get 0) (i32.const 7))
    (i32.add
      (i32.load16_u offset=6 (local.get 0))
      (i32.load8_s offset=8 (local.get 0)))))
