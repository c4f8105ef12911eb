//! Hashes.

use aivm_core::{Guest, HostExit, keccak256};

use crate::Frame;

impl Frame<'_> {
    /// `native_keccak256(pointer, length, destination)`: writes the hash of the bytes. The ranges may
    /// overlap. Price: `host_base` + `keccak_base` + `keccak_word` for every started 32 bytes.
    pub(crate) fn native_keccak256(
        &mut self,
        guest: &mut dyn Guest,
        pointer: u32,
        len: u32,
        destination: u32,
    ) -> Result<(), HostExit> {
        guest.charge(self.keccak_price(u64::from(len)))?;
        let hash = keccak256(guest.read(pointer, len)?);
        Ok(guest.write(destination, hash.as_slice())?)
    }
}

#[cfg(test)]
mod tests {
    use aivm_core::HostFunction::NativeKeccak256;
    use aivm_core::{Host, HostExit};

    use crate::test_ports::{MEMORY_BYTES, OUT_OF_BOUNDS, Ports, TestGuest, V1};

    #[test]
    fn the_hash_of_nothing_and_of_abc_are_the_published_ones() {
        // Keccak team's test vectors.
        let empty = [0xc5, 0xd2, 0x46, 0x01];
        let abc = [0x4e, 0x03, 0x65, 0x7a];
        for (len, start) in [(0, empty), (3, abc)] {
            let mut ports = Ports::default();
            let words = u64::from(len > 0);
            let price = V1.host_call(NativeKeccak256) + words * V1.keccak_word;
            let mut guest = TestGuest::with_ink(price);
            guest.memory[..3].copy_from_slice(b"abc");
            let exit = ports
                .frame()
                .call(NativeKeccak256, &[0, len, 0], &mut guest);
            assert_eq!(exit, Ok(0));
            assert_eq!(guest.memory[..4], start);
            assert_eq!(guest.ink, 0);
        }
    }

    #[test]
    fn each_started_word_is_paid_before_hashing() {
        for (len, words) in [(1, 1), (32, 1), (33, 2), (64, 2)] {
            let mut ports = Ports::default();
            let price = V1.host_call(NativeKeccak256) + words * V1.keccak_word;
            let mut guest = TestGuest::with_ink(price - 1);
            let exit = ports
                .frame()
                .call(NativeKeccak256, &[0, len, 0], &mut guest);
            assert_eq!(exit, Err(HostExit::OutOfInk));
            assert_eq!(guest.memory[..32], [0; 32]);
        }
    }

    #[test]
    fn bad_pointers_trap() {
        let end = u64::from(MEMORY_BYTES);
        for arguments in [
            [end - 4, 5, 0],
            [0, 5, end - 31],
            [1, u64::from(u32::MAX), 0],
        ] {
            let mut ports = Ports::default();
            let mut guest = TestGuest::with_ink(u64::MAX);
            let exit = ports.frame().call(NativeKeccak256, &arguments, &mut guest);
            assert_eq!(exit, OUT_OF_BOUNDS);
        }
    }
}
