;; function: 0
;; Memory may grow: its size is read at entry and again after growth.
(module
  (memory 1 4)
  (func (param i32) (result i64)
    (drop (memory.grow (i32.load (local.get 0))))
    (i64.load offset=0x80000000 (i32.add (local.get 0) (i32.const 1)))))
