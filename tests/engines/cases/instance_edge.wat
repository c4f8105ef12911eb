;; Segments that end at the last byte or entry are applied, empty ones at the end too; later ones win.
;; call load() => 0x64
;; call at(1) => 2
;; memory 0 = 61 78 79 64
(module (memory (export "memory") 1 1) (table 2 funcref)
  (type $get (func (result i32)))
  (data (i32.const 0) "abcd") (data (i32.const 1) "xy") (data (i32.const 65535) "z")
  (data (i32.const 65536) "")
  (elem (i32.const 1) $one) (elem (i32.const 0) $one $two) (elem (i32.const 2))
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func (export "load") (result i32) (i32.load8_u (i32.const 3)))
  (func (export "at") (param i32) (result i32) (call_indirect (type $get) (local.get 0))))
