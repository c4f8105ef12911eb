//! Why a command failed, and the exit code that says so.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

/// The exit codes, as `--help` shows them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done; for `run`: every call has a receipt, whatever its status
  1  a file was refused: unreadable, malformed, of the wrong shape or type;
     for `conformance`: a test did not end as expected, or there was none;
     for `wast`: a directive did not end as expected;
     for `bench determinism`: an answer is not the reference's
  2  the arguments are wrong
  3  this machine failed: no such adapter, a lost device, a wrong known answer, a file not written
  4  two engines disagree; for `model compare`: two models do
With --json a command that fails without a report prints {\"error\": …, \"kind\": …, \"exit_code\": …}";

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

    /// The exit code, and the word for it in JSON.
    fn code(&self) -> (u8, &'static str) {
        match self {
            Failure::Refused(_) => (1, "refused"),
            Failure::Tests(_) => (1, "tests"),
            Failure::Usage(_) => (2, "usage"),
            Failure::Machine(_) => (3, "machine"),
            Failure::Disagreement(_) => (4, "disagreement"),
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code().0)
    }

    /// The failure as `--json` prints it where a command has no report.
    pub(crate) fn report(&self) -> FailureReport {
        let (exit_code, kind) = self.code();
        FailureReport {
            error: self.to_string(),
            kind,
            exit_code,
        }
    }
}

/// What `--json` prints of a failure.
#[derive(Serialize)]
pub(crate) struct FailureReport {
    error: String,
    kind: &'static str,
    exit_code: u8,
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
