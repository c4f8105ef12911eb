;; An endless loop ends when the ink does.
;; no third opinion: it has no ink
;; call spin() => out of ink
(module (func (export "spin") (loop (br 0))))
