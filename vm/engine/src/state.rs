//! State in memory, behind the state port, with a journal that undoes a transaction or a frame of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aivm_core::ports::{Access, Log};
use aivm_core::{Address, B256, U256, keccak256};

/// Accounts, code and storage. Everything that iterates does so in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Accounts that are not empty.
    accounts: BTreeMap<Address, Account>,
    /// Code by its keccak-256.
    codes: BTreeMap<B256, Arc<[u8]>>,
    /// Words that are not zero.
    storage: BTreeMap<(Address, B256), B256>,
    /// Logs of the transaction that runs.
    logs: Vec<Log>,
    /// How to undo what the transaction that runs did, oldest first.
    journal: Vec<Undo>,
    /// Accounts that the transaction has touched (EIP-2929).
    touched_accounts: BTreeSet<Address>,
    /// Storage words that the transaction has touched.
    touched_words: BTreeSet<(Address, B256)>,
}

/// What there is of an account besides its storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Account {
    balance: U256,
    nonce: u64,
    /// Hash of its code, if it has code.
    code: Option<B256>,
}

/// One step back.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Undo {
    Word {
        address: Address,
        key: B256,
        previous: B256,
    },
    Account {
        address: Address,
        previous: Account,
    },
    NewCode(B256),
    TouchedAccount(Address),
    TouchedWord(Address, B256),
}

/// A point in a transaction that can be gone back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkpoint {
    journal: usize,
    logs: usize,
}

impl State {
    /// The hash of an account's code.
    #[must_use]
    pub fn code_hash(&self, address: Address) -> Option<B256> {
        self.account(address).code
    }

    /// The code of this hash.
    #[must_use]
    pub fn code(&self, hash: B256) -> Option<&Arc<[u8]>> {
        self.codes.get(&hash)
    }

    /// An account's balance in wei.
    #[must_use]
    pub fn balance(&self, address: Address) -> U256 {
        self.account(address).balance
    }

    /// An account's nonce: for a contract, one more than it created contracts.
    #[must_use]
    pub fn nonce(&self, address: Address) -> u64 {
        self.account(address).nonce
    }

    /// Gives an account this balance, outside of any transaction.
    pub fn set_balance(&mut self, address: Address, balance: U256) {
        let account = Account {
            balance,
            ..self.account(address)
        };
        self.put_account(address, account);
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

    /// Whether the account has a balance, a nonce or code.
    pub(crate) fn exists(&self, address: Address) -> bool {
        self.accounts.contains_key(&address)
    }

    /// Makes an account a contract with this code and nonce 1. `false`, and nothing changes, if it has code or
    /// a nonce already (EIP-684).
    pub(crate) fn set_code(&mut self, address: Address, hash: B256, code: &[u8]) -> bool {
        let account = self.account(address);
        if account.code.is_some() || account.nonce != 0 {
            return false;
        }
        self.codes.entry(hash).or_insert_with(|| {
            self.journal.push(Undo::NewCode(hash));
            code.into()
        });
        let contract = Account {
            nonce: 1,
            code: Some(hash),
            ..account
        };
        self.change_account(address, contract);
        true
    }

    /// Adds one to an account's nonce and gives what it was; `None` if it is at its maximum (EIP-2681).
    pub(crate) fn use_nonce(&mut self, address: Address) -> Option<u64> {
        let account = self.account(address);
        let nonce = account.nonce.checked_add(1)?;
        self.change_account(address, Account { nonce, ..account });
        Some(account.nonce)
    }

    /// Moves `value` wei. `false`, and nothing changes, if `from` has less.
    pub(crate) fn transfer(&mut self, from: Address, to: Address, value: U256) -> bool {
        let sender = self.account(from);
        let Some(balance) = sender.balance.checked_sub(value) else {
            return false;
        };
        // The sum cannot pass all the wei there are, unless a test made more than 2^256 of them.
        let receives = |account: Account| account.balance.checked_add(value);
        if from != to && receives(self.account(to)).is_none() {
            return false;
        }
        self.change_account(from, Account { balance, ..sender });
        let receiver = self.account(to);
        let balance = receives(receiver).unwrap_or(receiver.balance);
        self.change_account(
            to,
            Account {
                balance,
                ..receiver
            },
        );
        true
    }

    /// Stores a word.
    pub(crate) fn store(&mut self, address: Address, key: B256, value: B256) {
        let previous = self.word(address, key);
        self.journal.push(Undo::Word {
            address,
            key,
            previous,
        });
        self.put_word(address, key, value);
    }

    /// Marks an account as touched.
    pub(crate) fn touch_account(&mut self, address: Address) -> Access {
        if !self.touched_accounts.insert(address) {
            return Access::Warm;
        }
        self.journal.push(Undo::TouchedAccount(address));
        Access::Cold
    }

    /// Marks a word as touched.
    pub(crate) fn touch_word(&mut self, address: Address, key: B256) -> Access {
        if !self.touched_words.insert((address, key)) {
            return Access::Warm;
        }
        self.journal.push(Undo::TouchedWord(address, key));
        Access::Cold
    }

    /// Appends a log.
    pub(crate) fn log(&mut self, log: Log) {
        self.logs.push(log);
    }

    /// keccak-256 of an account's code, zero if there is no account (EIP-1052).
    pub(crate) fn hash_of_code(&self, address: Address) -> B256 {
        if !self.exists(address) {
            return B256::ZERO;
        }
        let code = self.code_hash(address);
        code.unwrap_or_else(|| keccak256([]))
    }

    /// Where the transaction stands.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            journal: self.journal.len(),
            logs: self.logs.len(),
        }
    }

    /// Undoes everything since `checkpoint`.
    pub(crate) fn revert_to(&mut self, checkpoint: Checkpoint) {
        self.logs.truncate(checkpoint.logs);
        while self.journal.len() > checkpoint.journal
            && let Some(undo) = self.journal.pop()
        {
            self.undo(undo);
        }
    }

    /// Ends the transaction that runs: what it did stands. Its logs.
    pub(crate) fn commit(&mut self) -> Vec<Log> {
        self.journal.clear();
        self.touched_accounts.clear();
        self.touched_words.clear();
        std::mem::take(&mut self.logs)
    }

    /// Ends the transaction that runs: all it did is undone.
    pub(crate) fn revert(&mut self) {
        self.revert_to(Checkpoint {
            journal: 0,
            logs: 0,
        });
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Word {
                address,
                key,
                previous,
            } => self.put_word(address, key, previous),
            Undo::Account { address, previous } => self.put_account(address, previous),
            Undo::NewCode(hash) => drop(self.codes.remove(&hash)),
            Undo::TouchedAccount(address) => drop(self.touched_accounts.remove(&address)),
            Undo::TouchedWord(address, key) => drop(self.touched_words.remove(&(address, key))),
        }
    }

    fn account(&self, address: Address) -> Account {
        let account = self.accounts.get(&address);
        account.copied().unwrap_or_default()
    }

    fn change_account(&mut self, address: Address, account: Account) {
        let previous = self.account(address);
        self.journal.push(Undo::Account { address, previous });
        self.put_account(address, account);
    }

    fn put_account(&mut self, address: Address, account: Account) {
        if account == Account::default() {
            self.accounts.remove(&address);
        } else {
            self.accounts.insert(address, account);
        }
    }

    fn put_word(&mut self, address: Address, key: B256, value: B256) {
        if value == B256::ZERO {
            self.storage.remove(&(address, key));
        } else {
            self.storage.insert((address, key), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Address = Address::repeat_byte(1);
    const THERE: Address = Address::repeat_byte(2);

    fn word(n: u8) -> B256 {
        B256::with_last_byte(n)
    }

    fn wei(n: u64) -> U256 {
        U256::from(n)
    }

    fn log() -> Log {
        Log {
            address: HERE,
            topics: vec![],
            data: vec![1],
        }
    }

    /// Everything a transaction can do to a state.
    fn change_all(state: &mut State, n: u8) {
        for (key, value) in [(1, n), (2, 7), (1, 0), (2, n)] {
            state.store(HERE, word(key), word(value));
        }
        state.log(log());
        state.touch_account(Address::repeat_byte(n));
        state.touch_word(HERE, word(n));
        assert!(state.transfer(HERE, THERE, wei(1)));
        assert_eq!(state.use_nonce(HERE), Some(u64::from(n)));
        let code = [n];
        assert!(state.set_code(Address::repeat_byte(n + 100), keccak256(code), &code));
    }

    #[test]
    fn a_revert_restores_everything_and_drops_the_logs() {
        let mut state = State::default();
        state.set_balance(HERE, wei(9));
        state.store(HERE, word(1), word(5));
        assert_eq!(state.commit(), []);
        let before = state.clone();
        change_all(&mut state, 0);
        assert_ne!(state, before);
        state.revert();
        assert_eq!(state, before);
    }

    #[test]
    fn a_checkpoint_is_gone_back_to_and_no_further() {
        let mut state = State::default();
        state.set_balance(HERE, wei(9));
        change_all(&mut state, 0);
        let before = state.clone();
        let checkpoint = state.checkpoint();
        change_all(&mut state, 1);
        let inner = state.checkpoint();
        change_all(&mut state, 2);
        state.revert_to(inner);
        state.revert_to(checkpoint);
        assert_eq!(state, before);
        assert_eq!(state.commit().len(), 1);
    }

    #[test]
    fn a_commit_keeps_words_and_gives_the_logs_once() {
        let mut state = State::default();
        state.store(HERE, word(1), word(5));
        state.log(log());
        assert_eq!(state.touch_word(HERE, word(1)), Access::Cold);
        assert_eq!(state.touch_word(HERE, word(1)), Access::Warm);
        assert_eq!(state.commit(), [log()]);
        state.revert();
        assert_eq!(state.word(HERE, word(1)), word(5));
        assert_eq!(state.touch_word(HERE, word(1)), Access::Cold);
        assert_eq!(state.commit(), []);
    }

    #[test]
    fn a_zero_word_is_the_same_as_none_and_an_empty_account_too() {
        let mut state = State::default();
        state.store(HERE, word(1), word(5));
        state.store(HERE, word(1), B256::ZERO);
        state.set_balance(HERE, wei(3));
        assert!(state.exists(HERE));
        assert!(state.transfer(HERE, THERE, wei(3)));
        state.set_balance(THERE, U256::ZERO);
        state.commit();
        assert_eq!(state, State::default());
    }

    #[test]
    fn wei_are_moved_not_made() {
        let mut state = State::default();
        state.set_balance(HERE, wei(3));
        state.set_balance(THERE, U256::MAX);
        assert!(!state.transfer(HERE, THERE, wei(1)), "the sum is too large");
        state.set_balance(THERE, wei(1));
        assert!(!state.transfer(HERE, THERE, wei(4)));
        assert!(!state.transfer(HERE, HERE, wei(4)));
        assert!(state.transfer(HERE, HERE, wei(3)));
        assert_eq!(state.balance(HERE), wei(3));
        assert!(state.transfer(HERE, THERE, wei(3)));
        assert_eq!(
            (state.balance(HERE), state.balance(THERE)),
            (wei(0), wei(4))
        );
    }

    #[test]
    fn an_account_with_code_or_nonce_is_taken() {
        let mut state = State::default();
        assert!(state.set_code(HERE, keccak256([1]), &[1]));
        assert_eq!(state.nonce(HERE), 1);
        assert!(!state.set_code(HERE, keccak256([2]), &[2]));
        state.use_nonce(THERE);
        assert!(!state.set_code(THERE, keccak256([1]), &[1]));
        assert_eq!(state.hash_of_code(HERE), keccak256([1]));
        assert_eq!(state.hash_of_code(THERE), keccak256([]));
        assert_eq!(state.hash_of_code(Address::repeat_byte(3)), B256::ZERO);
    }

    #[test]
    fn words_are_those_of_the_account_only() {
        let mut state = State::default();
        for account in [0, 1, 2] {
            let address = Address::repeat_byte(account);
            state.store(address, word(9), word(account + 1));
        }
        let words: Vec<_> = state.words(HERE).collect();
        assert_eq!(words, [(word(9), word(2))]);
    }
}
