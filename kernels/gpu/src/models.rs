//! Which models lie on a device: each once, by its hash, and those used longest ago make room for others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aivm_tosa::{ExecutorFault, Plan};

use crate::counters::Counters;

/// Plans with their buffers on one device.
#[derive(Default)]
pub(crate) struct Models {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    entries: BTreeMap<[u8; 32], Entry>,
    /// Counts uses.
    uses: u64,
}

#[derive(Default)]
struct Entry {
    /// Locked while the model is loaded, so that threads which want it wait for one of them.
    plan: Arc<Mutex<Option<Arc<dyn Plan>>>>,
    /// The last use.
    used: u64,
}

impl Models {
    /// The plan of the model `hash`, which `load` makes if it is not there. Loading holds up nobody who wants another.
    ///
    /// # Errors
    /// Those of `load`; the next caller tries again.
    pub(crate) fn get(
        &self,
        hash: [u8; 32],
        load: impl FnOnce() -> Result<Arc<dyn Plan>, ExecutorFault>,
    ) -> Result<Arc<dyn Plan>, ExecutorFault> {
        let place = {
            let mut table = lock(&self.table);
            table.uses += 1;
            let uses = table.uses;
            let entry = table.entries.entry(hash).or_default();
            entry.used = uses;
            Arc::clone(&entry.plan)
        };
        let mut plan = lock(&place);
        if let Some(plan) = &*plan {
            return Ok(Arc::clone(plan));
        }
        match load() {
            Ok(loaded) => {
                *plan = Some(Arc::clone(&loaded));
                Ok(loaded)
            }
            Err(fault) => {
                drop(plan);
                self.forget_empty(&hash, &place);
                Err(fault)
            }
        }
    }

    /// Forgets a place at which loading failed, unless another thread is about to load there.
    fn forget_empty(&self, hash: &[u8; 32], place: &Arc<Mutex<Option<Arc<dyn Plan>>>>) {
        let mut table = lock(&self.table);
        let same = |entry: &Entry| Arc::ptr_eq(&entry.plan, place);
        // Handles are given out under the table's lock: with the table's and this one alone, nobody waits for the place.
        // It is not locked here, because who loads there may wait for the table.
        if table.entries.get(hash).is_some_and(same) && Arc::strong_count(place) == 2 {
            table.entries.remove(hash);
        }
    }

    /// Models that are loaded now.
    pub(crate) fn len(&self) -> u64 {
        let table = lock(&self.table);
        let loaded = |entry: &&Entry| entry.plan.try_lock().is_ok_and(|plan| plan.is_some());
        table.entries.values().filter(loaded).count() as u64
    }

    /// Drops models that no run uses, those used longest ago first, until at most `bytes_max` bytes of buffers are left.
    /// Keeps `keep`. How many it dropped.
    pub(crate) fn evict(&self, counters: &Counters, bytes_max: u64, keep: &[u8; 32]) -> u64 {
        let mut dropped = 0;
        while counters.bytes() > bytes_max {
            let Some(plan) = self.take_oldest(keep) else {
                break;
            };
            // Its buffers go, so the count of bytes falls.
            drop(plan);
            Counters::count(&counters.models_evicted);
            dropped += 1;
        }
        dropped
    }

    fn take_oldest(&self, keep: &[u8; 32]) -> Option<Arc<dyn Plan>> {
        let mut table = lock(&self.table);
        let idle = |entry: &Entry| {
            // The only handle is the table's, so nobody is about to lock it.
            Arc::strong_count(&entry.plan) == 1
                && lock(&entry.plan)
                    .as_ref()
                    .is_some_and(|plan| Arc::strong_count(plan) == 1)
        };
        let candidates = table.entries.iter();
        let (&oldest, _) = candidates
            .filter(|(hash, entry)| *hash != keep && idle(entry))
            .min_by_key(|(_, entry)| entry.used)?;
        let entry = table.entries.remove(&oldest)?;
        lock(&entry.plan).take()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use aivm_reference::ReferenceExecutor;
    use aivm_tosa::{Executor, FaultKind, ModelLimits, PriceTable};

    use super::*;

    const MODEL: &[u8] = include_bytes!("../../../tests/oracle/abs/model.tosa");

    fn plan() -> Arc<dyn Plan> {
        let model = aivm_tosa::load(MODEL, &ModelLimits::default(), &PriceTable::default());
        let model = Arc::new(model.expect("a valid model"));
        let plan = ReferenceExecutor.prepare(&model);
        plan.expect("it runs every model")
    }

    fn no_memory() -> ExecutorFault {
        ExecutorFault::new("test", FaultKind::OutOfMemory, "no memory")
    }

    /// One thread fails to load a model while another waits to load the same, which makes room for it.
    #[test]
    fn a_model_that_one_thread_could_not_load_is_loaded_by_the_next() {
        for _ in 0..20 {
            let (models, counters) = (Models::default(), Counters::default());
            let models = Arc::new(models);
            let (failing, begun) = channel();
            let (done, ended) = channel();
            let first = Arc::clone(&models);
            thread::spawn(move || {
                let loaded = first.get([1; 32], || {
                    failing.send(()).expect("somebody listens");
                    // Until the other one waits.
                    thread::sleep(Duration::from_millis(20));
                    Err(no_memory())
                });
                assert!(loaded.is_err());
            });
            begun.recv().expect("it begins to load");
            let second = Arc::clone(&models);
            thread::spawn(move || {
                let loaded = second.get([1; 32], || {
                    // Meanwhile the first one forgets what it could not load.
                    thread::sleep(Duration::from_millis(20));
                    counters
                        .buffer_bytes
                        .store(1, std::sync::atomic::Ordering::Relaxed);
                    assert_eq!(second.evict(&counters, 0, &[1; 32]), 0);
                    Ok(plan())
                });
                // Nobody listens if this came too late.
                let _ = done.send(loaded.is_ok());
            });
            let loaded = ended.recv_timeout(Duration::from_secs(10));
            assert_eq!(loaded, Ok(true), "neither waits for the other");
            assert_eq!(models.len(), 1, "the next one finds it");
        }
    }

    #[test]
    fn a_model_that_nobody_could_load_leaves_nothing() {
        let models = Models::default();
        assert!(models.get([1; 32], || Err(no_memory())).is_err());
        assert!(lock(&models.table).entries.is_empty());
        assert!(models.get([1; 32], || Ok(plan())).is_ok());
        assert_eq!(models.len(), 1);
    }
}
