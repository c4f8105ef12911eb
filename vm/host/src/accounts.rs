//! Other accounts: balance and code.

use aivm_core::{Address, Guest, HostExit};

use crate::Frame;
use crate::frame::write_u256;

impl Frame<'_> {
    /// `account_balance(address, destination)`: writes the balance, 32 bytes big-endian. As the EVM's BALANCE.
    pub(crate) fn account_balance(
        &mut self,
        guest: &mut dyn Guest,
        address: u32,
        destination: u32,
    ) -> Result<(), HostExit> {
        let address = read_address(guest, address)?;
        guest.check_writable(destination, 32)?;
        self.touch_account(guest, address)?;
        let balance = self.world.balance(address).map_err(HostExit::Fault)?;
        Ok(write_u256(guest, destination, balance)?)
    }

    /// `account_code(address, offset, size, destination)`: copies what there is of the range; the bytes
    /// copied. As the EVM's EXTCODECOPY, but nothing is padded. On top: `host_byte` a byte copied.
    pub(crate) fn account_code(
        &mut self,
        guest: &mut dyn Guest,
        address: u32,
        offset: u32,
        size: u32,
        destination: u32,
    ) -> Result<u64, HostExit> {
        let address = read_address(guest, address)?;
        self.touch_account(guest, address)?;
        let code = self.world.code(address).map_err(HostExit::Fault)?;
        let part = overlap(&code, offset, size);
        self.charge_copy(guest, part.len() as u64)?;
        guest.write(destination, part)?;
        Ok(part.len() as u64)
    }

    /// `account_code_size(address)`: as the EVM's EXTCODESIZE.
    pub(crate) fn account_code_size(
        &mut self,
        guest: &mut dyn Guest,
        address: u32,
    ) -> Result<u64, HostExit> {
        let address = read_address(guest, address)?;
        self.touch_account(guest, address)?;
        let code = self.world.code(address).map_err(HostExit::Fault)?;
        Ok(code.len() as u64)
    }

    /// `account_codehash(address, destination)`: as the EVM's EXTCODEHASH: zero where there is no account,
    /// the hash of no bytes where there is no code.
    pub(crate) fn account_codehash(
        &mut self,
        guest: &mut dyn Guest,
        address: u32,
        destination: u32,
    ) -> Result<(), HostExit> {
        let address = read_address(guest, address)?;
        guest.check_writable(destination, 32)?;
        self.touch_account(guest, address)?;
        let hash = self.world.code_hash(address).map_err(HostExit::Fault)?;
        Ok(guest.write(destination, hash.as_slice())?)
    }
}

/// The 20 bytes at `pointer`.
pub(crate) fn read_address(guest: &mut dyn Guest, pointer: u32) -> Result<Address, HostExit> {
    Ok(Address::from_slice(guest.read(pointer, 20)?))
}

/// What there is of `size` bytes from `offset`.
pub(crate) fn overlap(bytes: &[u8], offset: u32, size: u32) -> &[u8] {
    let start = (offset as usize).min(bytes.len());
    let rest = &bytes[start..];
    &rest[..(size as usize).min(rest.len())]
}

#[cfg(test)]
mod tests {
    use aivm_core::HostFunction::{
        self, AccountBalance, AccountCode, AccountCodeSize, AccountCodehash,
    };
    use aivm_core::{Host, HostExit, U256, keccak256};

    use crate::test_ports::{MEMORY_BYTES, OTHER, OUT_OF_BOUNDS, Ports, TestGuest, V1};

    /// A guest whose memory begins with [`OTHER`]; address 100 holds one that nobody has.
    fn guest(ink: u64) -> TestGuest {
        let mut guest = TestGuest::with_ink(ink);
        guest.memory[..20].copy_from_slice(OTHER.as_slice());
        guest.memory[100..120].fill(0x99);
        guest
    }

    fn arguments(function: HostFunction) -> Vec<u64> {
        match function {
            AccountCode => vec![0, 1, 2, 40],
            AccountCodeSize => vec![0],
            _ => vec![0, 40],
        }
    }

    #[test]
    fn a_first_touch_costs_more_and_each_price_is_exact() {
        for function in [
            AccountBalance,
            AccountCode,
            AccountCodeSize,
            AccountCodehash,
        ] {
            let copied = if function == AccountCode { 2 } else { 0 };
            let warm = V1.host_call(function) + copied * V1.host_byte;
            let mut ports = Ports::default();
            let mut rich = guest(2 * warm + V1.account_cold);
            let mut frame = ports.frame();
            for _ in 0..2 {
                let result = frame.call(function, &arguments(function), &mut rich);
                assert!(result.is_ok(), "{function:?}: {result:?}");
            }
            assert_eq!(rich.ink, 0, "{function:?}");
            let mut poor = guest(warm - 1);
            let exit = frame.call(function, &arguments(function), &mut poor);
            assert_eq!(exit, Err(HostExit::OutOfInk), "{function:?}");
            assert_eq!(poor.memory[40..72], [0; 32], "{function:?}");
        }
    }

    #[test]
    fn a_cold_touch_that_cannot_be_paid_reads_nothing() {
        for function in [
            AccountBalance,
            AccountCode,
            AccountCodeSize,
            AccountCodehash,
        ] {
            let mut ports = Ports::default();
            let mut guest = guest(V1.host_call(function) + V1.account_cold - 1);
            let exit = ports
                .frame()
                .call(function, &arguments(function), &mut guest);
            assert_eq!(exit, Err(HostExit::OutOfInk), "{function:?}");
            assert_eq!(ports.world.account_reads, 0, "{function:?}");
        }
    }

    #[test]
    fn balance_and_hash_are_written_and_nobody_has_zeros() {
        let mut ports = Ports::default();
        ports.world.set_balance(OTHER, U256::from(0x0304));
        let mut guest = guest(u64::MAX);
        let mut frame = ports.frame();
        assert_eq!(frame.call(AccountBalance, &[0, 40], &mut guest), Ok(0));
        assert_eq!(guest.memory[40..70], [0; 30]);
        assert_eq!(guest.memory[70..72], [3, 4]);
        assert_eq!(frame.call(AccountCodehash, &[0, 40], &mut guest), Ok(0));
        assert_eq!(guest.memory[40..72], keccak256([1, 2, 3, 4]).0);
        for function in [AccountBalance, AccountCodehash] {
            guest.memory[40..72].fill(7);
            assert_eq!(frame.call(function, &[100, 40], &mut guest), Ok(0));
            assert_eq!(guest.memory[40..72], [0; 32]);
        }
    }

    #[test]
    fn code_is_copied_as_far_as_there_is_any() {
        let mut ports = Ports::default();
        let mut guest = guest(u64::MAX);
        let mut frame = ports.frame();
        assert_eq!(frame.call(AccountCodeSize, &[0], &mut guest), Ok(4));
        assert_eq!(frame.call(AccountCodeSize, &[100], &mut guest), Ok(0));
        let far = u64::from(u32::MAX);
        // Offset, size, and the bytes of [1, 2, 3, 4] that come.
        for (offset, size, bytes) in [
            (0, 4, &[1, 2, 3, 4][..]),
            (2, 100, &[3, 4]),
            (1, 2, &[2, 3]),
            (4, 1, &[]),
            (far, far, &[]),
            (3, far, &[4]),
        ] {
            guest.memory[40..50].fill(0);
            let copied = frame.call(AccountCode, &[0, offset, size, 40], &mut guest);
            assert_eq!(copied, Ok(bytes.len() as u64));
            assert_eq!(guest.memory[40..40 + bytes.len()], *bytes);
            assert_eq!(guest.memory[40 + bytes.len()], 0);
        }
    }

    #[test]
    fn bad_pointers_trap() {
        let end = u64::from(MEMORY_BYTES);
        let cases: [(HostFunction, &[u64]); 7] = [
            (AccountBalance, &[end - 19, 40]),
            (AccountBalance, &[0, end - 31]),
            (AccountCodehash, &[end - 19, 40]),
            (AccountCodehash, &[0, end - 31]),
            (AccountCodeSize, &[end - 19]),
            (AccountCode, &[end - 19, 0, 4, 40]),
            (AccountCode, &[0, 0, 4, end - 3]),
        ];
        for (function, arguments) in cases {
            let mut ports = Ports::default();
            let exit = ports
                .frame()
                .call(function, arguments, &mut guest(u64::MAX));
            assert_eq!(exit, OUT_OF_BOUNDS, "{function:?} {arguments:?}");
        }
    }
}
