;; The product of two matrices of 32-bit integers: `run(n)` fills two n×n matrices from a linear
;; congruential generator, multiplies them with wrapping sums and returns a hash of the product
;; (rotate left by one, exclusive or). Three nested loops, multiplications and strided loads; n at most 147.
(module
  ;; First matrix at 0, second behind it.
  (memory 3 3)

  ;; Writes `words` numbers from `at` on, the generator's state being `seed`.
  (func $fill (param $words i32) (param $seed i32)
    (local $at i32) (local $end i32)
    (local.set $end (i32.shl (local.get $words) (i32.const 2)))
    (loop $next
      (local.set $seed (i32.add
        (i32.mul (local.get $seed) (i32.const 1664525))
        (i32.const 1013904223)))
      (i32.store (local.get $at) (local.get $seed))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end)))))

  ;; The sum of products of `n` words from `row` on and `n` words from `column` on, `stride` bytes apart.
  (func $dot (param $row i32) (param $column i32) (param $stride i32) (param $n i32) (result i32)
    (local $sum i32)
    (loop $next
      (local.set $sum (i32.add
        (local.get $sum)
        (i32.mul (i32.load (local.get $row)) (i32.load (local.get $column)))))
      (local.set $row (i32.add (local.get $row) (i32.const 4)))
      (local.set $column (i32.add (local.get $column) (local.get $stride)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $next (local.get $n)))
    (local.get $sum))

  (func (export "run") (param $n i32) (result i32)
    (local $i i32) (local $j i32) (local $hash i32) (local $stride i32) (local $second i32)
    (local.set $stride (i32.shl (local.get $n) (i32.const 2)))
    (local.set $second (i32.mul (local.get $n) (local.get $stride)))
    (call $fill
      (i32.shl (i32.mul (local.get $n) (local.get $n)) (i32.const 1))
      (i32.const 12345))
    (loop $rows
      (local.set $j (i32.const 0))
      (loop $columns
        (local.set $hash (i32.xor
          (i32.rotl (local.get $hash) (i32.const 1))
          (call $dot
            (i32.mul (local.get $i) (local.get $stride))
            (i32.add (local.get $second) (i32.shl (local.get $j) (i32.const 2)))
            (local.get $stride)
            (local.get $n))))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $columns (i32.lt_u (local.get $j) (local.get $n))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $rows (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $hash)))
