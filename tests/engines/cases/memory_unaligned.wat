;; Alignment hints mean nothing: any address works.
;; call round(1) => 0x1122334455667788
;; call round(3) => 0x1122334455667788
;; call round(65528) => 0x1122334455667788
(module (memory (export "memory") 1 1)
  (func (export "round") (param i32) (result i64)
    (i64.store (local.get 0) (i64.const 0x1122334455667788))
    (i64.load align=8 (local.get 0))))
