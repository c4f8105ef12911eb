;; Constant expressions are values in the plan: sums, differences and products wrap, an i32 is zero-extended.
(module
  (memory 1)
  (table 8 funcref)
  (global i32 (i32.sub (i32.const 1) (i32.const 3)))
  (global i32 (i32.mul (i32.const 0x10001) (i32.const 0x10001)))
  (global i64 (i64.add (i64.const -1) (i64.mul (i64.const 5) (i64.const -7))))
  (elem (offset (i32.add (i32.const 1) (i32.const 2))) func $f)
  (data (offset (i32.sub (i32.const 10) (i32.const 4))) "abc")
  (func $f))

;; plan:
;;   stack 32768 words
;;   bulk byte 30, table entry 2000, memory page 15000000
;;   type 0 () -> ()
;;   table 0 8 entries
;;   memory 1 to 128 pages
;;   global 0 i32 = 4294967294
;;   global 1 i32 = 131073
;;   global 2 i64 = 18446744073709551580
;;   element 0 table 0 at 3: 0
;;   data 0 at 6: 616263
;;   function 0 type 0 locals () operands 0 frame 4 words
;;     charge 1400
;;   end
