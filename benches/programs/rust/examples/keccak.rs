//! keccak-256: `run(n)` hashes 256 bytes n times, each time after the digest before took the place of the first
//! 32, and returns the first word of the last digest. Exclusive ors and rotations of 64 bits.
#![no_std]

use programs as _;
use sha3::{Digest, Keccak256};

#[unsafe(no_mangle)]
extern "C" fn run(rounds: i32) -> i32 {
    let mut message: [u8; 256] = core::array::from_fn(|index| index as u8);
    for _ in 0..rounds {
        let digest = Keccak256::digest(message);
        message[..32].copy_from_slice(&digest);
    }
    i32::from_be_bytes([message[0], message[1], message[2], message[3]])
}
