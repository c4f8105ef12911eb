;; A contract that recognises a handwritten digit.
;;
;; Call data: an image of 28×28 int8 pixels (grey value − 128), 784 bytes. The contract runs the model
;; `mnist_cnn.tosa` on it, takes the class with the highest score (the lowest such class), counts it in
;; storage under the class as key, emits a log Digit(class) and returns the class, 32 bytes big-endian.
;; If `aivm.infer` refuses (call data of another length, an unknown model), the call reverts with its code,
;; an i32 big-endian, as output. `digit_classifier/` is the same contract in Rust.
;;
;; Memory:
;;      0  hash of the model (keccak-256 of its file), 32 bytes
;;     32  topic of the log, 32 bytes
;;     64  the class, 32 bytes big-endian: storage key, data of the log and result
;;     96  the count of the class, 32 bytes big-endian
;;    128  the image, 784 bytes
;;    912  the scores, 10 bytes
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "storage_load_bytes32" (func $storage_load (param i32 i32)))
  (import "vm_hooks" "storage_cache_bytes32" (func $storage_cache (param i32 i32)))
  (import "vm_hooks" "storage_flush_cache" (func $storage_flush (param i32)))
  (import "vm_hooks" "emit_log" (func $emit_log (param i32 i32 i32)))
  (import "aivm" "infer" (func $infer (param i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 1 1)
  ;; keccak-256 of mnist_cnn.tosa
  (data (i32.const 0)
    "\c4\5a\66\e0\19\b9\b3\d7\36\e5\1c\56\fa\cd\63\6c"
    "\da\6f\a9\77\99\84\af\d8\53\a8\f6\d8\29\7a\f0\1a")
  ;; keccak-256 of "Digit(uint256)"
  (data (i32.const 32)
    "\40\b9\20\cb\68\05\ba\3f\8c\61\29\14\f6\fe\4e\f9"
    "\41\6f\ac\b4\66\b4\a3\0e\93\57\88\9b\23\32\91\ee")

  ;; The index of the highest of the 10 scores, the lowest such index.
  (func $best (result i32)
    (local $index i32) (local $best i32)
    (loop $next
      (if (i32.gt_s
            (i32.load8_s offset=912 (local.get $index))
            (i32.load8_s offset=912 (local.get $best)))
        (then (local.set $best (local.get $index))))
      (local.set $index (i32.add (local.get $index) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $index) (i32.const 10))))
    (local.get $best))

  ;; Adds 1 to the 32-byte big-endian number at 96: the carry stops at the first byte that does not wrap.
  (func $increment_count
    (local $at i32) (local $byte i32)
    (local.set $at (i32.const 128))
    (loop $carry
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (local.set $byte (i32.and
        (i32.add (i32.load8_u (local.get $at)) (i32.const 1))
        (i32.const 255)))
      (i32.store8 (local.get $at) (local.get $byte))
      (br_if $carry (i32.and
        (i32.eqz (local.get $byte))
        (i32.gt_u (local.get $at) (i32.const 96))))))

  (func $byte_swap (param $word i32) (result i32)
    (i32.or
      (i32.and (i32.rotl (local.get $word) (i32.const 8)) (i32.const 0x00FF00FF))
      (i32.and (i32.rotr (local.get $word) (i32.const 8)) (i32.const 0xFF00FF00))))

  (func (export "user_entrypoint") (param $len i32) (result i32)
    (local $written i32)
    ;; Call data of another length is not read (it might not fit): infer refuses it by its length.
    (if (i32.eq (local.get $len) (i32.const 784))
      (then (call $read_args (i32.const 128))))
    (local.set $written (call $infer
      (i32.const 0) (i32.const 128) (local.get $len) (i32.const 912) (i32.const 10)))
    (if (i32.lt_s (local.get $written) (i32.const 0))
      (then
        (i32.store (i32.const 64) (call $byte_swap (local.get $written)))
        (call $write_result (i32.const 64) (i32.const 4))
        (return (i32.const 1))))
    (i32.store8 (i32.const 95) (call $best))
    (call $storage_load (i32.const 64) (i32.const 96))
    (call $increment_count)
    (call $storage_cache (i32.const 64) (i32.const 96))
    (call $storage_flush (i32.const 0))
    (call $emit_log (i32.const 32) (i32.const 64) (i32.const 1))
    (call $write_result (i32.const 64) (i32.const 32))
    (i32.const 0)))
