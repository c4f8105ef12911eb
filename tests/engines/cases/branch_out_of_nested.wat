;; Branches over several blocks drop everything in between.
;; call out(0) => 1
;; call out(1) => 2
;; call out(2) => 3
;; call out(3) => 4
(module
  (func (export "out") (param i32) (result i32)
    (block $a (result i32)
      (i32.const 50)
      (block $b (result i32)
        (i32.const 60) (i64.const 61)
        (block $c (result i32)
          (i64.const 70)
          (br_if $a (i32.const 1) (i32.eqz (local.get 0)))
          (br_if $b (i32.eq (local.get 0) (i32.const 1)))
          (drop) (i32.const 3)
          (br_if $c (i32.eq (local.get 0) (i32.const 2)))
          (drop) (drop) (i32.const 4))
        (br $a))
      (drop) (drop) (i32.const 2))))
