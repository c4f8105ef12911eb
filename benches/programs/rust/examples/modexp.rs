//! Big-number modular exponentiation: `run(n)` raises a number of 512 bits n times to a power of 512 bits modulo
//! an odd number of 512 bits, and returns the last word of the result. Multiplications of 64 by 64 bits, carries.
#![no_std]

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U512};
use programs::Random;

#[unsafe(no_mangle)]
extern "C" fn run(rounds: i32) -> i32 {
    let mut random = Random::new(362_436_069);
    let modulus = Odd::new(number(&mut random) | U512::ONE).expect("an odd number");
    let parameters = FixedMontyParams::new_vartime(modulus);
    let exponent = number(&mut random);
    let mut power = FixedMontyForm::new(&number(&mut random), &parameters);
    for _ in 0..rounds {
        power = power.pow(&exponent);
    }
    let bytes = power.retrieve().to_le_bytes();
    i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// Sixteen random words, the first one lowest.
fn number(random: &mut Random) -> U512 {
    let mut bytes = [0; 64];
    for word in bytes.chunks_exact_mut(4) {
        word.copy_from_slice(&random.next().to_le_bytes());
    }
    U512::from_le_slice(&bytes)
}
