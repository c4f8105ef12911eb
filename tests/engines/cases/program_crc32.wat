;; CRC-32 of nine bytes, bit by bit.
;; call crc(9) => 0xcbf43926
(module (memory (export "memory") 1 1) (data (i32.const 0) "123456789")
  (func (export "crc") (param $len i32) (result i32) (local $crc i32) (local $at i32) (local $bit i32)
    (local.set $crc (i32.const -1))
    (loop $bytes
      (local.set $crc (i32.xor (local.get $crc) (i32.load8_u (local.get $at))))
      (local.set $bit (i32.const 8))
      (loop $bits
        (local.set $crc
          (i32.xor (i32.shr_u (local.get $crc) (i32.const 1))
            (i32.and (i32.const 0xedb88320) (i32.sub (i32.const 0) (i32.and (local.get $crc) (i32.const 1))))))
        (br_if $bits (local.tee $bit (i32.sub (local.get $bit) (i32.const 1)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $bytes (i32.lt_u (local.get $at) (local.get $len))))
    (i32.xor (local.get $crc) (i32.const -1))))
