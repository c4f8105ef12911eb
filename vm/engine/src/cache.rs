//! Prepared code by hash, bounded by the memory it holds: what was not asked for longest goes first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aivm_core::B256;

use crate::code::Code;

/// Prepared code. Belongs to one engine, whose limits and schedule never change, so neither is part of the key. Code that
/// fell out is prepared again, with the same outcome.
pub(crate) struct CodeCache {
    bytes_max: usize,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    /// Looked up only, never iterated.
    by_hash: HashMap<B256, Held>,
    /// Hashes by when they were last asked for.
    by_use: BTreeMap<u64, B256>,
    /// How often code was asked for.
    uses: u64,
    /// Bytes of all entries.
    bytes: usize,
}

struct Held {
    code: Arc<Code>,
    bytes: usize,
    last_use: u64,
}

impl CodeCache {
    /// Bytes that are held unless an engine is told otherwise.
    pub(crate) const BYTES: usize = 256 << 20;

    /// A cache that holds so many bytes at most, and the code that was asked for last however large it is.
    pub(crate) fn new(bytes_max: usize) -> CodeCache {
        CodeCache {
            bytes_max,
            entries: Mutex::default(),
        }
    }

    /// The code of this hash; prepared by `prepare` if it is not held.
    ///
    /// # Errors
    /// Those of `prepare`; they are not held.
    pub(crate) fn get<E>(
        &self,
        hash: B256,
        prepare: impl FnOnce() -> Result<Code, E>,
    ) -> Result<Arc<Code>, E> {
        if let Some(code) = self.lock().used(hash) {
            return Ok(code);
        }
        // Not under the lock: other contracts need not wait for this one.
        let code = Arc::new(prepare()?);
        self.lock().put(&code, self.bytes_max);
        Ok(code)
    }

    /// Counts again what this code holds: it was compiled.
    pub(crate) fn measure(&self, code: &Arc<Code>) {
        self.lock().put(code, self.bytes_max);
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn used(&mut self, hash: B256) -> Option<Arc<Code>> {
        let held = self.by_hash.get_mut(&hash)?;
        self.by_use.remove(&held.last_use);
        self.uses += 1;
        held.last_use = self.uses;
        self.by_use.insert(self.uses, hash);
        Some(Arc::clone(&held.code))
    }

    /// Takes in code, in place of what is held for its hash, and lets others go until all fit.
    fn put(&mut self, code: &Arc<Code>, bytes_max: usize) {
        self.remove(code.hash);
        let bytes = code.bytes_held();
        self.uses += 1;
        let held = Held {
            code: Arc::clone(code),
            bytes,
            last_use: self.uses,
        };
        self.by_hash.insert(code.hash, held);
        self.by_use.insert(self.uses, code.hash);
        self.bytes += bytes;
        while self.bytes > bytes_max && self.by_use.len() > 1 {
            let oldest = self.by_use.first_key_value().map(|(_, hash)| *hash);
            oldest.into_iter().for_each(|hash| self.remove(hash));
        }
    }

    fn remove(&mut self, hash: B256) {
        if let Some(held) = self.by_hash.remove(&hash) {
            self.by_use.remove(&held.last_use);
            self.bytes -= held.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use aivm_core::{B256, GasSchedule, Limits, keccak256};
    use aivm_wasm::{Refusal, Rules};

    use super::CodeCache;
    use crate::code::Code;
    use crate::metrics::Counters;

    /// A contract of its own for each number.
    fn prepare(number: usize) -> Result<Code, Refusal> {
        let bytes = wat::parse_str(format!(
            r#"(module (memory (export "memory") 1)
                (func (export "user_entrypoint") (param i32) (result i32) (i32.const {number})))"#
        ));
        let bytes = bytes.expect("good text");
        let (limits, schedule) = (Limits::CONTRACT, GasSchedule::V1);
        Code::prepare(hash(number), &bytes, Rules::Contract, &limits, &schedule)
    }

    fn hash(number: usize) -> B256 {
        keccak256(number.to_le_bytes())
    }

    /// Asks for a contract; whether it had to be prepared.
    fn is_prepared(cache: &CodeCache, number: usize) -> bool {
        let mut is_prepared = false;
        let code = cache.get(hash(number), || {
            is_prepared = true;
            prepare(number)
        });
        assert_eq!(code.expect("accepted").hash, hash(number));
        is_prepared
    }

    #[test]
    fn what_was_not_asked_for_longest_goes_first() {
        let each = prepare(1).expect("accepted").bytes_held();
        let cache = CodeCache::new(3 * each);
        for number in 0..3 {
            assert!(is_prepared(&cache, number));
        }
        assert!(!is_prepared(&cache, 0));
        assert!(is_prepared(&cache, 3), "the fourth");
        for number in [2, 0, 3] {
            assert!(!is_prepared(&cache, number), "{number} was asked for later");
        }
        assert!(is_prepared(&cache, 1), "it went for the fourth");
    }

    #[test]
    fn compiled_code_counts_and_may_push_others_out() {
        let code = prepare(0).expect("accepted");
        let each = code.bytes_held();
        assert!(code.compiled(None, &Counters::default()).is_some());
        let compiled = code.bytes_held();
        assert!(compiled > each);
        for (room, stays) in [(compiled + each, true), (compiled + each - 1, false)] {
            let cache = CodeCache::new(room);
            assert!(is_prepared(&cache, 1));
            let code = cache.get(hash(0), || prepare(0)).expect("accepted");
            assert!(
                !is_prepared(&cache, 1),
                "both fit while neither is compiled"
            );
            assert!(code.compiled(None, &Counters::default()).is_some());
            cache.measure(&code);
            assert_eq!(!is_prepared(&cache, 1), stays);
        }
    }

    #[test]
    fn code_larger_than_all_of_the_room_is_held_alone() {
        let cache = CodeCache::new(1);
        assert!(is_prepared(&cache, 0));
        assert!(!is_prepared(&cache, 0));
        assert!(is_prepared(&cache, 1));
        assert!(is_prepared(&cache, 0));
    }

    #[test]
    fn what_cannot_be_prepared_is_not_held() {
        let cache = CodeCache::new(CodeCache::BYTES);
        assert!(cache.get(hash(7), || Err(())).is_err());
        assert!(is_prepared(&cache, 7));
    }
}
