//! Storage, behind a write-back cache that lives as long as the frame.
//!
//! Loads look into the cache first; stores only change the cache; a flush writes the words that changed,
//! in ascending order of their keys, so that every node sends the same writes in the same order. What is
//! not flushed when the frame ends is lost, as in Stylus.

use std::collections::{BTreeMap, BTreeSet};

use aivm_core::ports::Access;
use aivm_core::{B256, Guest, HostExit};

use crate::Frame;

/// A word that the contract loaded or stored.
#[derive(Clone, Copy, Debug)]
struct CachedWord {
    /// What the contract sees.
    value: B256,
    /// What state is known to hold; `None` if the word was never loaded or flushed.
    in_state: Option<B256>,
}

/// The cache of one frame.
#[derive(Debug, Default)]
pub(crate) struct StorageCache {
    words: BTreeMap<B256, CachedWord>,
    /// Keys of the words that state does not hold yet: a flush costs by these alone, however much is cached.
    changed: BTreeSet<B256>,
}

impl Frame<'_> {
    /// `storage_load_bytes32(key, destination)`: the word of the key as this frame sees it, cached stores
    /// included. On top, where the frame has not cached the word: `host_api`, `storage_warm`, and
    /// `storage_cold_load` on the first touch.
    pub(crate) fn storage_load(
        &mut self,
        guest: &mut dyn Guest,
        key: u32,
        destination: u32,
    ) -> Result<(), HostExit> {
        let key = read_word(guest, key)?;
        guest.check_writable(destination, 32)?;
        let value = match self.storage.words.get(&key) {
            Some(word) => word.value,
            None => {
                guest.charge(self.schedule.host_api)?;
                self.touch_word(guest, key, self.schedule.storage_cold_load)?;
                let value = self
                    .world
                    .load(self.context.contract, key)
                    .map_err(HostExit::Fault)?;
                let word = CachedWord {
                    value,
                    in_state: Some(value),
                };
                self.storage.words.insert(key, word);
                value
            }
        };
        Ok(guest.write(destination, value.as_slice())?)
    }

    /// `storage_cache_bytes32(key, value)`: stores the word in the cache only, also in a frame that may change
    /// nothing.
    pub(crate) fn storage_cache(
        &mut self,
        guest: &mut dyn Guest,
        key: u32,
        value: u32,
    ) -> Result<(), HostExit> {
        let key = read_word(guest, key)?;
        let value = read_word(guest, value)?;
        let unknown = CachedWord {
            value,
            in_state: None,
        };
        let word = self.storage.words.entry(key).or_insert(unknown);
        word.value = value;
        if word.in_state == Some(value) {
            self.storage.changed.remove(&key);
        } else {
            self.storage.changed.insert(key);
        }
        Ok(())
    }

    /// `storage_flush_cache(clear)`: writes every changed word to state, by ascending key; `clear` also
    /// empties the cache. A word that was stored but never loaded counts as changed. On top, for each changed
    /// word: `storage_warm`, `storage_cold_store` on the first touch, and what the write costs; all of it is
    /// taken before the first write. Traps with `ReadOnly` if a frame that may change nothing has changed
    /// words.
    ///
    /// A write's price goes by the word that state holds now: `storage_set` over zero, `storage_reset` over
    /// another word, nothing over the same. That is never less than EIP-2200, which also looks at the word at
    /// the transaction's begin, and there are no refunds.
    pub(crate) fn storage_flush(
        &mut self,
        guest: &mut dyn Guest,
        clear: bool,
    ) -> Result<(), HostExit> {
        let changed = std::mem::take(&mut self.storage.changed);
        if !changed.is_empty() {
            self.check_may_change()?;
        }
        for &key in &changed {
            self.charge_store(guest, key)?;
        }
        for key in changed {
            let Some(word) = self.storage.words.get_mut(&key) else {
                continue; // Never: a changed key is cached until the cache is emptied, and then both are.
            };
            if word.in_state != Some(word.value) {
                self.world
                    .store(self.context.contract, key, word.value)
                    .map_err(HostExit::Fault)?;
                word.in_state = Some(word.value);
            }
        }
        if clear {
            self.storage.words.clear();
        }
        Ok(())
    }

    /// Takes the price of writing the changed word `key`, and learns what state holds now: a sub-call may have
    /// written it since it was cached.
    fn charge_store(&mut self, guest: &mut dyn Guest, key: B256) -> Result<(), HostExit> {
        self.touch_word(guest, key, self.schedule.storage_cold_store)?;
        let held = self
            .world
            .load(self.context.contract, key)
            .map_err(HostExit::Fault)?;
        let Some(word) = self.storage.words.get_mut(&key) else {
            return Ok(()); // Never, as above.
        };
        word.in_state = Some(held);
        if held == word.value {
            return Ok(());
        }
        guest.charge(if held == B256::ZERO {
            self.schedule.storage_set
        } else {
            self.schedule.storage_reset
        })
    }

    /// Marks a word of the frame's contract as touched and takes the price of that: `storage_warm`, and `cold`
    /// the first time.
    fn touch_word(&mut self, guest: &mut dyn Guest, key: B256, cold: u64) -> Result<(), HostExit> {
        guest.charge(self.schedule.storage_warm)?;
        let access = self
            .world
            .touch_word(self.context.contract, key)
            .map_err(HostExit::Fault)?;
        match access {
            Access::Cold => guest.charge(cold),
            Access::Warm => Ok(()),
        }
    }
}

/// The 32 bytes at `pointer`.
pub(crate) fn read_word(guest: &mut dyn Guest, pointer: u32) -> Result<B256, HostExit> {
    Ok(B256::from_slice(guest.read(pointer, 32)?))
}

#[cfg(test)]
mod tests {
    use aivm_core::HostFunction::{StorageCacheBytes32, StorageFlushCache, StorageLoadBytes32};
    use aivm_core::{B256, Host, HostExit, TrapCode};

    use crate::test_ports::{MEMORY_BYTES, OUT_OF_BOUNDS, Ports, TestGuest, V1};

    /// A guest whose memory holds the words 0, 1, 2, … (last byte) 32 bytes apart.
    fn numbered(ink: u64) -> TestGuest {
        let mut guest = TestGuest::with_ink(ink);
        for word in 0..16 {
            guest.memory[word * 32 + 31] = word as u8;
        }
        guest
    }

    fn word(n: u8) -> B256 {
        B256::with_last_byte(n)
    }

    /// The argument that points at word `n`.
    fn at(n: u64) -> u64 {
        n * 32
    }

    #[test]
    fn a_load_reads_state_once_and_then_the_cache() {
        let mut ports = Ports::default();
        ports.world.set(word(3), word(9));
        let from_state = V1.host_api + V1.storage_warm + V1.storage_cold_load;
        let mut guest = numbered(2 * V1.host_call(StorageLoadBytes32) + from_state);
        let mut frame = ports.frame();
        for _ in 0..2 {
            let exit = frame.call(StorageLoadBytes32, &[at(3), at(20)], &mut guest);
            assert_eq!(exit, Ok(0));
            assert_eq!(guest.memory[at(20) as usize + 31], 9);
        }
        assert_eq!(guest.ink, 0);
        drop(frame);
        assert_eq!(ports.world.loads, 1);
    }

    #[test]
    fn a_cached_store_is_seen_by_loads_and_lost_without_a_flush() {
        let mut ports = Ports::default();
        let mut guest = numbered(u64::MAX);
        let mut frame = ports.frame();
        assert_eq!(
            frame.call(StorageCacheBytes32, &[at(1), at(5)], &mut guest),
            Ok(0)
        );
        assert_eq!(
            frame.call(StorageLoadBytes32, &[at(1), at(20)], &mut guest),
            Ok(0)
        );
        assert_eq!(guest.memory[at(20) as usize + 31], 5);
        let _ = frame.close();
        assert!(ports.untouched());
    }

    #[test]
    fn a_flush_writes_changed_words_in_key_order_and_charges_each() {
        let mut ports = Ports::default();
        ports.world.set(word(2), word(2));
        let mut guest = numbered(u64::MAX);
        let mut frame = ports.frame();
        // Key 2 is loaded and stored back unchanged; 7, 1 and 4 change; 4 twice.
        frame
            .call(StorageLoadBytes32, &[at(2), at(20)], &mut guest)
            .unwrap();
        for (key, value) in [(7, 1), (2, 2), (4, 3), (1, 2), (4, 6)] {
            frame
                .call(StorageCacheBytes32, &[at(key), at(value)], &mut guest)
                .unwrap();
        }
        // Key 2 was touched and is as it was; nothing touched the others, which hold zero.
        let store = V1.storage_warm + V1.storage_cold_store + V1.storage_set;
        guest.ink = V1.host_call(StorageFlushCache) + 3 * store;
        assert_eq!(frame.call(StorageFlushCache, &[0], &mut guest), Ok(0));
        assert_eq!(guest.ink, 0);
        // Nothing changed since, or back to what state holds: only the base is taken.
        guest.ink = u64::MAX;
        for value in [5, 6] {
            frame
                .call(StorageCacheBytes32, &[at(4), at(value)], &mut guest)
                .unwrap();
        }
        guest.ink = V1.host_call(StorageFlushCache);
        assert_eq!(frame.call(StorageFlushCache, &[0], &mut guest), Ok(0));
        // A word that is not zero, touched before, is cheaper.
        guest.ink = V1.host_call(StorageCacheBytes32);
        frame
            .call(StorageCacheBytes32, &[at(1), at(3)], &mut guest)
            .unwrap();
        guest.ink = V1.host_call(StorageFlushCache) + V1.storage_warm + V1.storage_reset;
        assert_eq!(frame.call(StorageFlushCache, &[0], &mut guest), Ok(0));
        assert_eq!(guest.ink, 0);
        drop(frame);
        let writes = [
            (word(1), word(2)),
            (word(4), word(6)),
            (word(7), word(1)),
            (word(1), word(3)),
        ];
        assert_eq!(ports.world.stores, writes);
    }

    #[test]
    fn a_flush_that_cannot_be_paid_writes_nothing() {
        let mut ports = Ports::default();
        let mut guest = numbered(u64::MAX);
        let mut frame = ports.frame();
        for key in [1, 2] {
            frame
                .call(StorageCacheBytes32, &[at(key), at(3)], &mut guest)
                .unwrap();
        }
        let store = V1.storage_warm + V1.storage_cold_store + V1.storage_set;
        guest.ink = V1.host_call(StorageFlushCache) + 2 * store - 1;
        let exit = frame.call(StorageFlushCache, &[1], &mut guest);
        assert_eq!(exit, Err(HostExit::OutOfInk));
        drop(frame);
        assert!(ports.untouched());
    }

    #[test]
    fn clearing_makes_the_next_load_ask_state_again() {
        let mut ports = Ports::default();
        let mut guest = numbered(u64::MAX);
        let mut frame = ports.frame();
        frame
            .call(StorageCacheBytes32, &[at(1), at(5)], &mut guest)
            .unwrap();
        frame.call(StorageFlushCache, &[1], &mut guest).unwrap();
        frame
            .call(StorageLoadBytes32, &[at(1), at(20)], &mut guest)
            .unwrap();
        assert_eq!(guest.memory[at(20) as usize + 31], 5);
        drop(frame);
        // The flush looked at state once, too.
        assert_eq!(ports.world.loads, 2);
    }

    #[test]
    fn a_cold_load_that_cannot_be_paid_reads_nothing() {
        let whole =
            V1.host_call(StorageLoadBytes32) + V1.host_api + V1.storage_warm + V1.storage_cold_load;
        let mut ports = Ports::default();
        let mut guest = numbered(whole - 1);
        let exit = ports
            .frame()
            .call(StorageLoadBytes32, &[at(3), at(20)], &mut guest);
        assert_eq!(exit, Err(HostExit::OutOfInk));
        assert_eq!(ports.world.loads, 0);
    }

    #[test]
    fn a_store_of_what_state_holds_costs_the_touch_and_writes_nothing() {
        let mut ports = Ports::default();
        ports.world.set(word(3), word(9));
        let mut guest = numbered(u64::MAX);
        let mut frame = ports.frame();
        frame
            .call(StorageCacheBytes32, &[at(3), at(9)], &mut guest)
            .unwrap();
        let touch = V1.storage_warm + V1.storage_cold_store;
        guest.ink = V1.host_call(StorageFlushCache) + touch;
        assert_eq!(frame.call(StorageFlushCache, &[0], &mut guest), Ok(0));
        assert_eq!(guest.ink, 0);
        drop(frame);
        assert!(ports.untouched());
    }

    #[test]
    fn a_frame_that_may_change_nothing_may_flush_nothing_only() {
        let mut ports = Ports::default();
        ports.context.read_only = true;
        let mut guest = numbered(u64::MAX);
        let mut frame = ports.frame();
        let load = [at(3), at(20)];
        assert_eq!(frame.call(StorageLoadBytes32, &load, &mut guest), Ok(0));
        assert_eq!(frame.call(StorageFlushCache, &[1], &mut guest), Ok(0));
        let store = [at(3), at(9)];
        assert_eq!(frame.call(StorageCacheBytes32, &store, &mut guest), Ok(0));
        let exit = frame.call(StorageFlushCache, &[1], &mut guest);
        assert_eq!(exit, Err(HostExit::Trap(TrapCode::ReadOnly)));
        drop(frame);
        assert!(ports.untouched());
    }

    #[test]
    fn bad_pointers_trap_and_touch_nothing() {
        let bad = u64::from(MEMORY_BYTES) - 31;
        for arguments in [[bad, 0], [0, bad]] {
            for function in [StorageLoadBytes32, StorageCacheBytes32] {
                let mut ports = Ports::default();
                let mut guest = numbered(V1.host_call(function));
                let exit = ports.frame().call(function, &arguments, &mut guest);
                assert_eq!(exit, OUT_OF_BOUNDS);
                assert!(ports.untouched());
                assert_eq!(ports.world.loads, 0);
            }
        }
    }
}
