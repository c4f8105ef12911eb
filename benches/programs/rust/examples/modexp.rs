//! Big-number modular exponentiation: `run(n)` raises a number of 512 bits n times to a power of 512 bits modulo
//! an odd number of 512 bits, and returns the last word of the result. Multiplications with 64-bit sums, carries.
//!
//! Montgomery's multiplication with 32-bit words (Koç, Acar, Kaliski 1996, CIOS), square and multiply.
#![no_std]

use core::cmp::Ordering;

use programs::Random;

/// Words of a number.
const WORDS: usize = 16;

/// A number, the lowest word first.
type Number = [u32; WORDS];

#[unsafe(no_mangle)]
extern "C" fn run(rounds: i32) -> i32 {
    let mut random = Random::new(362_436_069);
    let mut number = || -> Number { core::array::from_fn(|_| random.next()) };
    let mut modulus = number();
    modulus[0] |= 1;
    let exponent = number();
    let field = Field::new(modulus);
    let mut power = field.enter(&number());
    for _ in 0..rounds {
        power = field.power(&power, &exponent);
    }
    let mut one = [0; WORDS];
    one[0] = 1;
    field.multiply(&power, &one)[0] as i32
}

/// Numbers modulo an odd one; `r` is two to the power of its bits.
struct Field {
    modulus: Number,
    /// −1 / modulus, modulo 2^32.
    inverse: u32,
}

impl Field {
    fn new(modulus: Number) -> Field {
        let mut inverse = 1_u32;
        // Newton's iteration: each step doubles the bits that are right.
        for _ in 0..5 {
            inverse = inverse.wrapping_mul(2_u32.wrapping_sub(modulus[0].wrapping_mul(inverse)));
        }
        Field {
            modulus,
            inverse: inverse.wrapping_neg(),
        }
    }

    /// `number` × r, by doubling.
    fn enter(&self, number: &Number) -> Number {
        let mut result = *number;
        self.reduce(&mut result, 0);
        for _ in 0..32 * WORDS {
            let mut carry = 0;
            for word in &mut result {
                let next = *word >> 31;
                *word = *word << 1 | carry;
                carry = next;
            }
            self.reduce(&mut result, carry);
        }
        result
    }

    /// `base` to the power of `exponent`, both and the result times r.
    fn power(&self, base: &Number, exponent: &Number) -> Number {
        let mut one = [0; WORDS];
        one[0] = 1;
        let mut result = self.enter(&one);
        for bit in (0..32 * WORDS).rev() {
            result = self.multiply(&result, &result);
            if exponent[bit / 32] >> (bit % 32) & 1 == 1 {
                result = self.multiply(&result, base);
            }
        }
        result
    }

    /// `left` × `right` / r.
    #[inline(never)]
    fn multiply(&self, left: &Number, right: &Number) -> Number {
        let mut sum = [0_u32; WORDS];
        let mut top = 0_u64;
        for &word in right {
            let mut carry = 0_u64;
            for (sum, &left) in sum.iter_mut().zip(left) {
                carry += u64::from(*sum) + u64::from(left) * u64::from(word);
                *sum = carry as u32;
                carry >>= 32;
            }
            top += carry;
            let factor = u64::from(sum[0].wrapping_mul(self.inverse));
            let mut carry = (u64::from(sum[0]) + factor * u64::from(self.modulus[0])) >> 32;
            for index in 1..WORDS {
                carry += u64::from(sum[index]) + factor * u64::from(self.modulus[index]);
                sum[index - 1] = carry as u32;
                carry >>= 32;
            }
            top += carry;
            sum[WORDS - 1] = top as u32;
            top >>= 32;
        }
        self.reduce(&mut sum, top as u32);
        sum
    }

    /// Takes the modulus off `number` until it is below; `top` is the word above it.
    fn reduce(&self, number: &mut Number, mut top: u32) {
        while top > 0 || number.iter().rev().cmp(self.modulus.iter().rev()) != Ordering::Less {
            let mut borrow = 0_i64;
            for (word, &less) in number.iter_mut().zip(&self.modulus) {
                borrow += i64::from(*word) - i64::from(less);
                *word = borrow as u32;
                borrow >>= 32;
            }
            top = top.wrapping_add(borrow as u32);
        }
    }
}
