//! An ERC-20 token: `run(n)` sends it n calls of `transfer(address,uint256)` and `transferFrom(address,address,
//! uint256)` between 64 accounts and returns a hash of all balances and of how many calls succeeded.
//!
//! As a contract would: call data by Solidity's ABI, storage keys that are keccak-256 of key and slot, words of
//! 32 bytes big-endian, checked sums. Storage is a hash table in memory, so that it needs no host.
#![no_std]

use programs::{Random, fold};
use sha3::{Digest, Keccak256};

/// Accounts; number n has the address of twenty bytes n + 1.
const ACCOUNTS: u32 = 64;
/// What each has at first.
const FUNDS: u64 = 1_000_000;
/// What account n may spend of account 0's at first.
const ALLOWANCE: u64 = 150_000;

/// First four bytes of the keccak-256 of the functions' signatures.
const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
const TRANSFER_FROM: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];

/// Slots of the mappings in storage.
const BALANCES: u8 = 0;
const ALLOWANCES: u8 = 1;

type Word = [u8; 32];
type Address = [u8; 20];

#[unsafe(no_mangle)]
extern "C" fn run(calls: i32) -> i32 {
    let mut token = Token {
        storage: Storage::new(),
    };
    for account in 0..ACCOUNTS {
        token
            .storage
            .store(&balance_key(&address(account)), word(FUNDS));
        let key = allowance_key(&address(0), &address(account));
        token.storage.store(&key, word(ALLOWANCE));
    }
    let mut random = Random::new(521_288_629);
    let mut succeeded = 0;
    for call in 0..calls {
        let sender = address(random.next() % ACCOUNTS);
        let to = address(random.next() % ACCOUNTS);
        let value = word(u64::from(random.next() % 200_000));
        let mut data = [0; 100];
        let data = if call % 4 == 3 {
            data[..4].copy_from_slice(&TRANSFER_FROM);
            data[16..36].copy_from_slice(&address(0));
            data[48..68].copy_from_slice(&to);
            data[68..].copy_from_slice(&value);
            &data[..]
        } else {
            data[..4].copy_from_slice(&TRANSFER);
            data[16..36].copy_from_slice(&to);
            data[36..68].copy_from_slice(&value);
            &data[..68]
        };
        if token.call(&sender, data).is_some() {
            succeeded += 1;
        }
    }
    let mut hash = succeeded;
    for account in 0..ACCOUNTS {
        let balance = token.storage.load(&balance_key(&address(account)));
        let low = [balance[28], balance[29], balance[30], balance[31]];
        hash = fold(hash, u32::from_be_bytes(low));
    }
    hash as i32
}

struct Token {
    storage: Storage,
}

impl Token {
    /// Runs a call; nothing if it reverts. (No sum overflows: all funds together fit a word.)
    fn call(&mut self, sender: &Address, data: &[u8]) -> Option<()> {
        let (selector, arguments) = data.split_first_chunk::<4>()?;
        match (*selector, arguments.as_chunks::<32>()) {
            (TRANSFER, ([to, value], [])) => {
                let to = address_argument(to)?;
                self.pay(sender, &to, value)
            }
            (TRANSFER_FROM, ([from, to, value], [])) => {
                let (from, to) = (address_argument(from)?, address_argument(to)?);
                let key = allowance_key(&from, sender);
                let rest = subtract(&self.storage.load(&key), value)?;
                self.pay(&from, &to, value)?;
                self.storage.store(&key, rest);
                Some(())
            }
            _ => None,
        }
    }

    fn pay(&mut self, from: &Address, to: &Address, value: &Word) -> Option<()> {
        let from = balance_key(from);
        let rest = subtract(&self.storage.load(&from), value)?;
        self.storage.store(&from, rest);
        let to = balance_key(to);
        let sum = add(&self.storage.load(&to), value)?;
        self.storage.store(&to, sum);
        Some(())
    }
}

fn address(account: u32) -> Address {
    let mut address = [0; 20];
    address.fill((account + 1) as u8);
    address
}

/// The address in a word of call data, whose upper bytes must be 0.
fn address_argument(word: &Word) -> Option<Address> {
    let (zeros, address) = word.split_at(12);
    zeros.iter().all(|&byte| byte == 0).then(|| {
        let mut bytes = [0; 20];
        bytes.copy_from_slice(address);
        bytes
    })
}

fn balance_key(owner: &Address) -> Word {
    let mut slot = [0; 32];
    slot[31] = BALANCES;
    mapping_key(owner, &slot)
}

fn allowance_key(owner: &Address, spender: &Address) -> Word {
    let mut slot = [0; 32];
    slot[31] = ALLOWANCES;
    mapping_key(spender, &mapping_key(owner, &slot))
}

/// Where Solidity keeps the value of `key` in the mapping at `slot`.
fn mapping_key(key: &Address, slot: &Word) -> Word {
    let mut bytes = [0; 64];
    bytes[12..32].copy_from_slice(key);
    bytes[32..].copy_from_slice(slot);
    Keccak256::digest(bytes).into()
}

fn word(value: u64) -> Word {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

/// `left` + `right`; nothing if it does not fit.
fn add(left: &Word, right: &Word) -> Option<Word> {
    let mut sum = [0; 32];
    let mut carry = 0;
    for index in (0..32).rev() {
        let digit = u16::from(left[index]) + u16::from(right[index]) + carry;
        sum[index] = digit as u8;
        carry = digit >> 8;
    }
    (carry == 0).then_some(sum)
}

/// `left` − `right`; nothing if it is negative.
fn subtract(left: &Word, right: &Word) -> Option<Word> {
    let mut difference = [0; 32];
    let mut borrow = 0;
    for index in (0..32).rev() {
        let digit = i16::from(left[index]) - i16::from(right[index]) - borrow;
        difference[index] = digit as u8;
        borrow = i16::from(digit < 0);
    }
    (borrow == 0).then_some(difference)
}

/// Words by key: open addressing, the key's last bytes say where to begin. Keys are never removed.
struct Storage {
    entries: [Option<(Word, Word)>; Storage::CAPACITY],
}

impl Storage {
    const CAPACITY: usize = 512;

    fn new() -> Storage {
        Storage {
            entries: [None; Storage::CAPACITY],
        }
    }

    /// The word of `key`, 0 at first.
    fn load(&self, key: &Word) -> Word {
        match self.entries[self.place(key)] {
            Some((_, value)) => value,
            None => [0; 32],
        }
    }

    fn store(&mut self, key: &Word, value: Word) {
        let place = self.place(key);
        self.entries[place] = Some((*key, value));
    }

    /// Where `key` is, or where it belongs.
    fn place(&self, key: &Word) -> usize {
        let mut place = usize::from(u16::from_be_bytes([key[30], key[31]])) % Storage::CAPACITY;
        while self.entries[place].is_some_and(|(other, _)| other != *key) {
            place = (place + 1) % Storage::CAPACITY;
        }
        place
    }
}
