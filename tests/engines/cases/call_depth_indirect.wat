;; Recursion through the table takes stack words as well.
;; no third opinion: its stack has another size
;; call again() => trap StackOverflow
(module
  (type $t (func))
  (table 1 funcref) (elem (i32.const 0) $again)
  (func $again (export "again") (call_indirect (type $t) (i32.const 0))))
