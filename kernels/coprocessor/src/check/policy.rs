//! How much is checked.

/// The share of steps of runs on accelerators that are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckPolicy {
    per_mille: u32,
}

impl CheckPolicy {
    /// Nothing is checked.
    pub const OFF: CheckPolicy = CheckPolicy { per_mille: 0 };
    /// Every step of every case is checked.
    pub const ALL: CheckPolicy = CheckPolicy { per_mille: 1000 };

    /// Each step of each case is checked with a chance of `share` in a thousand; above 1000 counts as 1000.
    #[must_use]
    pub const fn per_mille(share: u32) -> CheckPolicy {
        CheckPolicy {
            per_mille: if share > 1000 { 1000 } else { share },
        }
    }

    /// The chance in a thousand that a wrong step of a case is found: what is checked and wrong is found.
    #[must_use]
    pub const fn share(self) -> u32 {
        self.per_mille
    }

    /// The chance in a million that a fault that makes one step wrong in every run is found within `runs` runs.
    #[must_use]
    pub fn found_within(self, runs: u32) -> u32 {
        const ONE: u64 = 1 << 31;
        let missed_once = ONE - ONE * u64::from(self.per_mille) / 1000;
        let missed = (0..runs).fold(ONE, |missed, _| (missed * missed_once) >> 31);
        ((ONE - missed) * 1_000_000 / ONE) as u32
    }

    /// A step is checked if 32 random bits are below this.
    pub(super) fn threshold(self) -> u64 {
        (1 << 32) * u64::from(self.per_mille) / 1000
    }
}

impl Default for CheckPolicy {
    /// One step in five hundred: on a driver that computes on the CPU checks take at most 5 % of an inference's time.
    fn default() -> CheckPolicy {
        CheckPolicy { per_mille: 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_add_up_over_runs() {
        assert_eq!(CheckPolicy::OFF.found_within(1000), 0);
        assert_eq!(CheckPolicy::ALL.found_within(1), 1_000_000);
        // 1 − 0.99^100 is 0.633968.
        let found = CheckPolicy::per_mille(10).found_within(100);
        assert!((633_960..=633_970).contains(&found), "{found}");
    }

    #[test]
    fn a_share_above_all_is_all() {
        assert_eq!(CheckPolicy::per_mille(2000), CheckPolicy::ALL);
        assert!(CheckPolicy::ALL.threshold() > u64::from(u32::MAX));
    }
}
