//! BLAKE3: `run(n)` hashes n pieces of 1,004 bytes, the bytes 0 to 250 over and over (the input of the official
//! test vectors), and returns the first word of the digest. Additions and rotations of 32 bits, a tree.
#![no_std]

use programs as _;

#[unsafe(no_mangle)]
extern "C" fn run(pieces: i32) -> i32 {
    let piece: [u8; 4 * 251] = core::array::from_fn(|index| (index % 251) as u8);
    let mut hasher = blake3::Hasher::new();
    for _ in 0..pieces {
        hasher.update(&piece);
    }
    let digest = hasher.finalize();
    let bytes = digest.as_bytes();
    i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
