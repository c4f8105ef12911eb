//! Makes a memory zero for its next owner.
//!
//! Reading is cheaper than writing, and a contract leaves most of its memory as it was: what is zero is only read.

/// Bytes that are looked at and, if one is not zero, written together.
const BLOCK: usize = 1024;

/// Makes all bytes zero.
pub(crate) fn clear(bytes: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { clear_with_avx2(bytes) };
    }
    clear_blocks(bytes);
}

/// [`clear_blocks`], which the compiler turns into 32 bytes an instruction here: half the time of 16.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn clear_with_avx2(bytes: &mut [u8]) {
    clear_blocks(bytes);
}

#[inline(always)]
fn clear_blocks(bytes: &mut [u8]) {
    for block in bytes.chunks_mut(BLOCK) {
        if !is_zero(block) {
            block.fill(0);
        }
    }
}

#[inline(always)]
fn is_zero(block: &[u8]) -> bool {
    let (groups, rest) = block.as_chunks::<128>();
    let mut any = [0_u8; 128];
    for group in groups {
        for (any, byte) in any.iter_mut().zip(group) {
            *any |= byte;
        }
    }
    any == [0; 128] && rest.iter().all(|&byte| byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_cleared_wherever_it_is() {
        for length in [0, 1, 127, 128, 129, BLOCK - 1, BLOCK, 2 * BLOCK + 131] {
            for at in 0..length {
                for clear in [clear, clear_blocks] {
                    let mut bytes = vec![0; length];
                    bytes[at] = 0x80;
                    clear(&mut bytes);
                    assert!(bytes.iter().all(|&byte| byte == 0), "{at} of {length}");
                }
            }
        }
    }
}
