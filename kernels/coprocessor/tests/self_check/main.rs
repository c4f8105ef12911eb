//! Self-checks: honest runs pass, wrong ones are found with the chance that is published, and a back end that gave a
//! wrong answer is quarantined while the call ends with the right bytes.

mod flips;
mod honest;
mod parts;
mod quarantine;
mod support;
