//! A host for tests: every function does something simple and deterministic with its arguments, memory and
//! ink, and every call is recorded.

use aivm_core::{Guest, Host, HostExit, HostFunction, NodeFault, TrapCode};

/// Ink that every call costs.
pub const CALL_INK: u64 = 10;

/// `infer` fails with a node fault when its first argument is this.
pub const FAULT: u64 = 0xDEAD;

/// One recorded call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCall {
    /// What was called.
    pub function: HostFunction,
    /// One a parameter, i32 zero-extended.
    pub arguments: Vec<u64>,
    /// Ink left when the host was called.
    pub ink_left: u64,
}

/// The host, with what it was asked so far.
#[derive(Clone, Debug, Default)]
pub struct RecordingHost {
    /// All calls, in order.
    pub calls: Vec<HostCall>,
    /// Whether `msg_reentrant` returns the ink left, which only our engines know, instead of 1.
    pub reports_ink: bool,
}

impl Host for RecordingHost {
    fn call(
        &mut self,
        function: HostFunction,
        arguments: &[u64],
        guest: &mut dyn Guest,
    ) -> Result<u64, HostExit> {
        let ink_left = guest.ink_left();
        self.calls.push(HostCall {
            function,
            arguments: arguments.to_vec(),
            ink_left,
        });
        guest.charge(CALL_INK)?;
        let argument = |index: usize| arguments[index] as u32;
        match function {
            HostFunction::ReadArgs => guest.write(argument(0), b"call data")?,
            HostFunction::WriteResult => {
                guest.read(argument(0), argument(1))?;
            }
            HostFunction::StorageLoadBytes32 => {
                let inverted: Vec<u8> = guest.read(argument(0), 32)?.iter().map(|b| !b).collect();
                guest.write(argument(1), &inverted)?;
            }
            HostFunction::StorageCacheBytes32 => {
                guest.read(argument(0), 32)?;
                guest.read(argument(1), 32)?;
            }
            HostFunction::StorageFlushCache => {}
            HostFunction::EmitLog => {
                if argument(2) > 4 {
                    return Err(TrapCode::HostArgument.into());
                }
                guest.read(argument(0), argument(1))?;
            }
            HostFunction::MsgSender => guest.write(argument(0), &[0x11; 20])?,
            HostFunction::MsgValue => guest.write(argument(0), &[0x22; 32])?,
            HostFunction::MsgReentrant => {
                return Ok(if self.reports_ink {
                    guest.ink_left()
                } else {
                    1
                });
            }
            HostFunction::NativeKeccak256 => {
                guest.check_writable(argument(2), 32)?;
                let sum = guest
                    .read(argument(0), argument(1))?
                    .iter()
                    .fold(7u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte));
                guest.write(argument(2), &[sum; 32])?;
            }
            HostFunction::PayForMemoryGrow => guest.charge(100 * arguments[0])?,
            HostFunction::Infer => {
                if arguments[0] == FAULT {
                    return Err(HostExit::Fault(NodeFault("asked for".to_owned())));
                }
                return Ok(arguments.iter().sum::<u64>() % (1 << 32));
            }
            // More bits than the i32 that the contract gets.
            HostFunction::ModelInfo => return Ok(u64::MAX),
            _ => {
                let sum = arguments.iter().fold(7, |sum: u64, argument| {
                    sum.wrapping_mul(31).wrapping_add(*argument)
                });
                return Ok(sum);
            }
        }
        Ok(0)
    }
}
