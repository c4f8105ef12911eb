//! Other contracts: calls, creations, and the data that they return.
//!
//! A sub-call's ink is paid when it is over: before it the caller's ink must cover it, and nothing else can
//! use that ink meanwhile. All amounts are ink, so nothing is rounded at this border.

use aivm_core::ports::{CallKind, CallRequest, CallStatus, CreateRequest};
use aivm_core::{Guest, HostExit, NodeFault, TrapCode, U256, gas};

use crate::Frame;
use crate::accounts::{overlap, read_address};
use crate::storage::read_word;

/// The arguments of the three call functions: guest pointers and lengths, and the gas asked for.
pub(crate) struct CallArguments {
    pub(crate) kind: CallKind,
    pub(crate) target: u32,
    pub(crate) data: u32,
    pub(crate) data_len: u32,
    /// Absent where the function sends none.
    pub(crate) value: Option<u32>,
    pub(crate) gas: u64,
    pub(crate) len_out: u32,
}

/// The arguments of the two create functions: guest pointers and a length.
pub(crate) struct CreateArguments {
    pub(crate) code: u32,
    pub(crate) code_len: u32,
    pub(crate) value: u32,
    pub(crate) salt: Option<u32>,
    pub(crate) address_out: u32,
    pub(crate) len_out: u32,
}

impl Frame<'_> {
    /// `call_contract`, `delegate_call_contract` and `static_call_contract`: 0 if the callee's effects stand, 1
    /// if it reverted, 2 if it failed or never began. The length of its return data goes to `len_out` (u32
    /// little-endian), the data to [`Frame::read_return_data`].
    ///
    /// On top: `host_byte` a byte of call data and `account_cold` on the first touch before the call; after it
    /// `call_value` and `call_new_account` where they apply, and the ink that the callee used. The callee gets
    /// the gas asked for, at most all but a 64th of what is left (EIP-150), and with value `call_stipend` more.
    /// Sending value from a frame that may change nothing is a failure (2), as in Stylus. Call data above
    /// `Limits::call_data_bytes` is a `HostArgument` trap.
    pub(crate) fn call_contract(
        &mut self,
        guest: &mut dyn Guest,
        call: CallArguments,
    ) -> Result<u64, HostExit> {
        self.charge_copy(guest, u64::from(call.data_len))?;
        if call.data_len > self.limits.call_data_bytes {
            return Err(TrapCode::HostArgument.into());
        }
        let target = read_address(guest, call.target)?;
        let data = guest.read(call.data, call.data_len)?.to_vec();
        let value = match call.value {
            Some(pointer) => U256::from_be_bytes(read_word(guest, pointer)?.0),
            None => U256::ZERO,
        };
        guest.check_writable(call.len_out, 4)?;
        self.touch_account(guest, target)?;

        if self.context.read_only && value != U256::ZERO {
            self.return_data.clear();
            guest.write(call.len_out, &[0; 4])?;
            return Ok(CallStatus::Failure as u64);
        }
        let mut price = 0;
        let mut stipend = 0;
        if value != U256::ZERO {
            price = self.schedule.call_value;
            stipend = self.schedule.call_stipend;
            if !self.world.exists(target).map_err(HostExit::Fault)? {
                price = price.saturating_add(self.schedule.call_new_account);
            }
        }
        let Some(left) = guest.ink_left().checked_sub(price) else {
            guest.charge(price)?;
            return Err(HostExit::OutOfInk);
        };
        let ink = gas::gas_to_ink(call.gas)
            .min(all_but_a_64th(left))
            .saturating_add(stipend);
        let answer = self
            .world
            .call(CallRequest {
                kind: call.kind,
                target,
                value,
                data,
                ink,
                memory_pages: guest.memory_pages(),
            })
            .map_err(HostExit::Fault)?;
        let used = used_ink(ink, answer.ink_left)?;
        // The stipend is the caller's only as far as it comes back; `call_value` is more.
        guest.charge(price.saturating_add(used).saturating_sub(stipend))?;
        self.outcome.inferences.extend(answer.inferences);
        self.set_return_data(guest, call.len_out, answer.output)?;
        Ok(answer.status as u64)
    }

    /// `create1` and `create2`: writes the new contract's address, or zero on failure, to `address_out`, and
    /// the length of revert data to `len_out`. Traps with `ReadOnly` in a frame that may change nothing. Code
    /// above `Limits::code_bytes` is a `HostArgument` trap.
    ///
    /// On top: `host_byte` and `create_byte` a byte of code, for `create2` `keccak_word` a started 32 bytes.
    /// The creation gets all but a 64th of what is left then, and what it uses is taken after it: of code that is
    /// accepted the price of its activation.
    pub(crate) fn create(
        &mut self,
        guest: &mut dyn Guest,
        create: CreateArguments,
    ) -> Result<(), HostExit> {
        self.check_may_change()?;
        let bytes = u64::from(create.code_len);
        self.charge_copy(guest, bytes)?;
        guest.charge(self.schedule.create_byte.saturating_mul(bytes))?;
        if create.salt.is_some() {
            guest.charge(self.keccak_price(bytes))?;
        }
        if create.code_len > self.limits.code_bytes {
            return Err(TrapCode::HostArgument.into());
        }
        let code = guest.read(create.code, create.code_len)?.to_vec();
        let value = U256::from_be_bytes(read_word(guest, create.value)?.0);
        let salt = match create.salt {
            Some(pointer) => Some(read_word(guest, pointer)?),
            None => None,
        };
        guest.check_writable(create.address_out, 20)?;
        guest.check_writable(create.len_out, 4)?;
        let ink = all_but_a_64th(guest.ink_left());
        let answer = self
            .world
            .create(CreateRequest {
                code,
                value,
                salt,
                ink,
                memory_pages: guest.memory_pages(),
            })
            .map_err(HostExit::Fault)?;
        guest.charge(used_ink(ink, answer.ink_left)?)?;
        self.set_return_data(guest, create.len_out, answer.output)?;
        let contract = answer.contract.unwrap_or_default();
        Ok(guest.write(create.address_out, contract.as_slice())?)
    }

    /// `read_return_data(destination, offset, size)`: copies what there is of that range of the last
    /// sub-call's return data; the number of bytes copied. On top: `host_byte` a byte copied.
    pub(crate) fn read_return_data(
        &mut self,
        guest: &mut dyn Guest,
        destination: u32,
        offset: u32,
        size: u32,
    ) -> Result<u64, HostExit> {
        let part = overlap(&self.return_data, offset, size);
        self.charge_copy(guest, part.len() as u64)?;
        if !part.is_empty() {
            guest.write(destination, part)?;
        }
        Ok(part.len() as u64)
    }

    fn set_return_data(
        &mut self,
        guest: &mut dyn Guest,
        len_out: u32,
        data: Vec<u8>,
    ) -> Result<(), HostExit> {
        let len = u32::try_from(data.len())
            .map_err(|_| HostExit::Fault(NodeFault("return data of 4 GiB".into())))?;
        self.return_data = data;
        Ok(guest.write(len_out, &len.to_le_bytes())?)
    }
}

/// What a sub-call may get at most of `left` (EIP-150).
fn all_but_a_64th(left: u64) -> u64 {
    left - left / 64
}

/// What of `given` was used when `left` is left.
fn used_ink(given: u64, left: u64) -> Result<u64, HostExit> {
    given.checked_sub(left).ok_or_else(|| {
        HostExit::Fault(NodeFault("a sub-call returned more ink than it got".into()))
    })
}

#[cfg(test)]
mod tests;
