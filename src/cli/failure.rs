//! Why a command failed, and the exit code that says so.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// The exit codes, as `--help` shows them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done; for `run`: every call has a receipt, whatever its status
  1  a file was refused: unreadable, malformed, of the wrong shape or type;
     for `conformance`: a test did not end as expected, or there was none;
     for `bench determinism`: an answer is not the reference's
  2  the arguments are wrong
  3  this machine failed: no such adapter, a lost device, a wrong known answer, a file not written
  4  two engines disagree; for `model compare`: two models do";

/// A failed command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A file, or a value in it, was refused.
    Refused(String),
    /// Tests did not end as expected.
    Tests(String),
    /// The arguments contradict each other or the file they are about.
    Usage(String),
    /// This machine's trouble.
    Machine(String),
    /// Two engines, or two models, gave different answers.
    Disagreement(String),
}

impl Failure {
    /// The refusal of the file at `path`.
    pub(crate) fn refused(path: &Path, why: impl fmt::Display) -> Failure {
        Failure::Refused(format!("{}: {why}", path.display()))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Refused(_) | Failure::Tests(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Machine(_) => 3,
            Failure::Disagreement(_) => 4,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(what)
            | Failure::Tests(what)
            | Failure::Usage(what)
            | Failure::Machine(what)
            | Failure::Disagreement(what) => f.write_str(what),
        }
    }
}
