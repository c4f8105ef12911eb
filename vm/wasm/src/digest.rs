//! A plan's digest: what a cache of compiled code compares, so that code compiled from another plan (other prices, other
//! limits, another version of the metering) is never taken for this one's.
//!
//! The bytes that are hashed are those that Rust's derived `Hash` feeds, and may change with the compiler: a digest
//! names a plan on this node, for as long as the program stays the same. It enters no state and no gas.

use std::hash::{Hash, Hasher};

use aivm_core::{B256, keccak256};

use crate::plan::MeteredModule;

impl MeteredModule {
    /// Keccak-256 over everything that the plan says.
    #[must_use]
    pub fn digest(&self) -> B256 {
        let mut bytes = Bytes(Vec::new());
        self.hash(&mut bytes);
        keccak256(bytes.0)
    }
}

/// Keeps what is hashed.
struct Bytes(Vec<u8>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Asked for by nobody: [`MeteredModule::digest`] takes the bytes.
    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use aivm_core::{GasSchedule, Limits};

    use crate::{Rules, meter, validate};

    #[test]
    fn every_change_of_a_plan_changes_its_digest() {
        let text = r#"(module (memory 1 2) (table 2 funcref) (global (mut i32) (i32.const 3))
            (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 7)))
            (elem (i32.const 0) func 0) (data (i32.const 4) "abc"))"#;
        let plan = |text: &str, limits: &Limits, schedule: &GasSchedule| {
            let bytes = wat::parse_str(text).expect("the text is a module");
            let module = validate(&bytes, limits, Rules::Generic).expect("the module is accepted");
            meter(&module, schedule)
        };
        let (limits, schedule) = (Limits::CONTRACT, GasSchedule::V1);
        let first = plan(text, &limits, &schedule).digest();
        assert_eq!(first, plan(text, &limits, &schedule).digest());

        let changes = [
            ("memory 1 2", "memory 1 3"),
            ("table 2", "table 3"),
            ("const 3", "const 4"),
            ("(export \"f\")", "(export \"g\")"),
            ("(param i32)", "(param i32 i32)"),
            ("i32.add", "i32.sub"),
            ("const 7", "const 8"),
            ("(i32.const 0) func 0", "(i32.const 1) func 0"),
            ("abc", "abd"),
            ("data (i32.const 4)", "data"),
        ];
        for (from, to) in changes {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            assert_ne!(first, plan(&changed, &limits, &schedule).digest(), "{to}");
        }
        let dearer = GasSchedule {
            simple: schedule.simple + 1,
            ..schedule
        };
        assert_ne!(first, plan(text, &limits, &dearer).digest());
        let deeper = Limits {
            stack_words: limits.stack_words + 1,
            ..limits
        };
        assert_ne!(first, plan(text, &deeper, &schedule).digest());
    }
}
