//! Randomness of the operating system: which steps are checked and what they are multiplied with. No result depends on
//! it, and nobody else may know it.

use std::sync::atomic::{AtomicU64, Ordering};

use aivm_tosa::{ExecutorFault, FaultKind, Selected};

use super::CheckPolicy;
use super::residue::Residue;

/// Bytes drawn at once.
const DRAWN: usize = 4096;

fn fill(bytes: &mut [u8]) -> Result<(), ExecutorFault> {
    getrandom::fill(bytes).map_err(|error| {
        let what = format!("no randomness: {error}");
        ExecutorFault::new("self-check", FaultKind::Lost, what)
    })
}

/// Which steps of `cases` cases are checked: each with the policy's chance, whatever the others are.
pub(super) fn select(
    policy: CheckPolicy,
    cases: u32,
    steps: usize,
) -> Result<Vec<Selected>, ExecutorFault> {
    let all = (0..cases).flat_map(|case| (0..steps).map(move |step| Selected { case, step }));
    match policy.threshold() {
        0 => return Ok(Vec::new()),
        threshold if threshold > u64::from(u32::MAX) => return Ok(all.collect()),
        _ => {}
    }
    let mut selected = Vec::new();
    let (mut drawn, mut used, mut left) = ([0; DRAWN], DRAWN, 4 * cases as usize * steps);
    for of in all {
        if used == DRAWN {
            used = DRAWN - left.min(DRAWN);
            fill(&mut drawn[used..])?;
        }
        let word = [0, 1, 2, 3].map(|byte| drawn[used + byte]);
        (used, left) = (used + 4, left - 4);
        if u64::from(u32::from_le_bytes(word)) < policy.threshold() {
            selected.push(of);
        }
    }
    Ok(selected)
}

/// Residues, each as likely as any other.
pub(super) fn residues(count: usize) -> Result<Vec<Residue>, ExecutorFault> {
    let mut residues = Vec::with_capacity(count);
    while residues.len() < count {
        let mut bytes = vec![0; 8 * (count - residues.len())];
        fill(&mut bytes)?;
        let words = bytes.as_chunks::<8>().0.iter();
        residues.extend(words.filter_map(|word| Residue::of_bits(u64::from_le_bytes(*word))));
    }
    Ok(residues)
}

/// Says when what linear steps are multiplied with is drawn anew: after each rejection, since that may tell something
/// about it.
#[derive(Debug, Default)]
pub struct Rotation(AtomicU64);

impl Rotation {
    /// From now on other numbers are used.
    pub(super) fn turn(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn number(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(per_mille: u32) -> usize {
        let selected = select(CheckPolicy::per_mille(per_mille), 1000, 100);
        selected.expect("there is randomness").len()
    }

    #[test]
    fn nothing_everything_and_a_share_are_selected() {
        assert_eq!((count(0), count(1000)), (0, 100_000));
        // Five per cent of 100,000, within eight standard deviations.
        let some = count(50);
        assert!((4450..5550).contains(&some), "{some}");
    }

    #[test]
    fn selections_differ_and_are_in_order() {
        let [one, other] =
            [0, 1].map(|_| select(CheckPolicy::per_mille(500), 10, 50).expect("randomness"));
        assert_ne!(one, other);
        assert!(one.is_sorted());
    }

    #[test]
    fn residues_are_as_many_as_asked_and_differ() {
        let drawn = residues(1000).expect("randomness");
        assert_eq!(drawn.len(), 1000);
        assert!(drawn.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
