;; `br_if` leaves its value on the stack when it is not taken.
;; call pick(0) => 3
;; call pick(1) => 2
;; call pick(-5) => 2
(module
  (func (export "pick") (param i32) (result i32)
    (block (result i32)
      (i32.const 1) (i32.const 2) (br_if 0 (local.get 0)) (i32.add))))
