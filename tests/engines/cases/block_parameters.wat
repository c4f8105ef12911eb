;; Blocks, loops and ifs that take parameters (multi-value).
;; call block(3) => 13
;; call sum(5) => 15
;; call if(1) => 11
;; call if(0) => 9
;; call no_else(1) => 20
;; call no_else(0) => 10
(module
  (func (export "block") (param i32) (result i32)
    (local.get 0) (i32.const 10)
    (block (param i32 i32) (result i32) (i32.add)))
  (func (export "sum") (param i32) (result i32)
    (i32.const 0)
    (loop $again (param i32) (result i32)
      (i32.add (local.get 0))
      (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $again)))
  (func (export "if") (param i32) (result i32)
    (i32.const 10) (i32.const 1)
    (if (param i32 i32) (result i32) (local.get 0) (then (i32.add)) (else (i32.sub))))
  (func (export "no_else") (param i32) (result i32)
    (i32.const 10)
    (if (param i32) (result i32) (local.get 0) (then (i32.const 2) (i32.mul)))))
