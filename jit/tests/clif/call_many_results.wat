;; function: 1
;; Results after the fourth pass through the context, in the callee and in the caller.
(module
  (type $many (func (result i32 i64 i32 i64 i32 i64 i32)))
  (func $many (type $many)
    (i32.const 1) (i64.const 2) (i32.const 3) (i64.const 4) (i32.const 5) (i64.const 6) (i32.const 7))
  (func (type $many) (call $many)))
