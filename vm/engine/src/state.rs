//! State in memory, behind the storage port, with a journal that undoes a call.

use std::collections::BTreeMap;
use std::sync::Arc;

use aivm_core::ports::{Log, StatePort};
use aivm_core::{Address, B256, NodeFault};

/// Accounts' code and storage. Everything that iterates does so in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Code hash by account.
    accounts: BTreeMap<Address, B256>,
    /// Code by its keccak-256.
    codes: BTreeMap<B256, Arc<[u8]>>,
    /// Words that are not zero.
    storage: BTreeMap<(Address, B256), B256>,
    /// Logs of the call that runs.
    logs: Vec<Log>,
    /// How to undo the storage writes of the call that runs, oldest first.
    journal: Vec<StorageUndo>,
}

/// A word as it was before a write.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StorageUndo {
    address: Address,
    key: B256,
    previous: B256,
}

impl State {
    /// The hash of an account's code.
    #[must_use]
    pub fn code_hash(&self, address: Address) -> Option<B256> {
        self.accounts.get(&address).copied()
    }

    /// The code of this hash.
    #[must_use]
    pub fn code(&self, hash: B256) -> Option<&Arc<[u8]>> {
        self.codes.get(&hash)
    }

    /// The word stored under `key`, zero when there is none.
    #[must_use]
    pub fn word(&self, address: Address, key: B256) -> B256 {
        let word = self.storage.get(&(address, key));
        word.copied().unwrap_or_default()
    }

    /// The words of an account that are not zero, by key.
    pub fn words(&self, address: Address) -> impl Iterator<Item = (B256, B256)> {
        let all = (address, B256::ZERO)..=(address, B256::repeat_byte(0xFF));
        let words = self.storage.range(all);
        words.map(|(&(_, key), &word)| (key, word))
    }

    /// Gives an account without code this code. `false`, and nothing changes, if it has code already.
    pub(crate) fn set_code(&mut self, address: Address, hash: B256, code: &[u8]) -> bool {
        if self.accounts.contains_key(&address) {
            return false;
        }
        self.accounts.insert(address, hash);
        self.codes.entry(hash).or_insert_with(|| code.into());
        true
    }

    /// Ends the call that runs: its storage writes stand. Its logs.
    pub(crate) fn commit(&mut self) -> Vec<Log> {
        self.journal.clear();
        std::mem::take(&mut self.logs)
    }

    /// Ends the call that runs: its storage writes and logs are undone.
    pub(crate) fn revert(&mut self) {
        self.logs.clear();
        while let Some(undo) = self.journal.pop() {
            self.put(undo.address, undo.key, undo.previous);
        }
    }

    fn put(&mut self, address: Address, key: B256, value: B256) {
        if value == B256::ZERO {
            self.storage.remove(&(address, key));
        } else {
            self.storage.insert((address, key), value);
        }
    }
}

impl StatePort for State {
    fn load(&mut self, address: Address, key: B256) -> Result<B256, NodeFault> {
        Ok(self.word(address, key))
    }

    fn store(&mut self, address: Address, key: B256, value: B256) -> Result<(), NodeFault> {
        let previous = self.word(address, key);
        self.journal.push(StorageUndo {
            address,
            key,
            previous,
        });
        self.put(address, key, value);
        Ok(())
    }

    fn log(&mut self, log: Log) -> Result<(), NodeFault> {
        self.logs.push(log);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Address = Address::repeat_byte(1);

    fn word(n: u8) -> B256 {
        B256::with_last_byte(n)
    }

    fn log() -> Log {
        Log {
            address: HERE,
            topics: vec![],
            data: vec![1],
        }
    }

    #[test]
    fn a_revert_restores_every_word_and_drops_the_logs() {
        let mut state = State::default();
        state.store(HERE, word(1), word(5)).unwrap();
        assert_eq!(state.commit(), []);
        let before = state.clone();
        for (key, value) in [(1, 6), (2, 7), (1, 0), (2, 8)] {
            state.store(HERE, word(key), word(value)).unwrap();
        }
        state.log(log()).unwrap();
        state.revert();
        assert_eq!(state, before);
    }

    #[test]
    fn a_commit_keeps_words_and_gives_the_logs_once() {
        let mut state = State::default();
        state.store(HERE, word(1), word(5)).unwrap();
        state.log(log()).unwrap();
        assert_eq!(state.commit(), [log()]);
        state.revert();
        assert_eq!(state.word(HERE, word(1)), word(5));
        assert_eq!(state.commit(), []);
    }

    #[test]
    fn a_zero_word_is_the_same_as_none() {
        let mut state = State::default();
        state.store(HERE, word(1), word(5)).unwrap();
        state.store(HERE, word(1), B256::ZERO).unwrap();
        state.commit();
        assert_eq!(state, State::default());
    }

    #[test]
    fn words_are_those_of_the_account_only() {
        let mut state = State::default();
        for account in [0, 1, 2] {
            let address = Address::repeat_byte(account);
            state.store(address, word(9), word(account + 1)).unwrap();
        }
        let words: Vec<_> = state.words(HERE).collect();
        assert_eq!(words, [(word(9), word(2))]);
    }
}
