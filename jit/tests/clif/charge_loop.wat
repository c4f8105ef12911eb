;; function: 0
;; The loop's header is a metering block: branches back pay again.
(module
  (func (param i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))
