;; Recursion ends when the stack words are used up, before the callee is charged.
;; no third opinion: its stack has another size
;; call depth() => trap StackOverflow
;; call depth() => trap StackOverflow
(module
  (global (export "calls") (mut i32) (i32.const 0))
  (func $depth (export "depth")
    (global.set 0 (i32.add (global.get 0) (i32.const 1)))
    (call $depth)))
