//! What the bench found: hashes, times and mismatches of each family on each path.

use std::collections::BTreeMap;

use aivm_cases::FAMILIES;
use sha3::{Digest, Keccak256};

use super::path::Path;
use super::{PathResult, Ran, ShapeResult};

/// Mismatches that a report describes; all are counted.
const MISMATCHES_MAX: usize = 100;

/// What a run of the bench found.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Random models.
    pub shapes: u64,
    /// Runs of a model on random inputs; each path was asked for all of them.
    pub cases: u64,
    /// Keccak-256 over the models and inputs: where it differs, two reports are about different cases.
    pub asked: [u8; 32],
    /// Names of the paths.
    pub paths: Vec<String>,
    /// Families, by name.
    pub families: Vec<FamilyReport>,
    /// The first cases that differ from the reference.
    pub mismatches: Vec<Mismatch>,
    /// Runs that gave no answer on a path, by path and reason.
    pub skipped: Vec<Skipped>,
    /// Models of the generator that are not valid, or that the reference cannot run: a mistake of ours.
    pub invalid: Vec<String>,
}

/// A family of graphs.
#[derive(Clone, Debug)]
pub struct FamilyReport {
    /// Its name.
    pub name: &'static str,
    /// Random models.
    pub shapes: u64,
    /// Cases.
    pub cases: u64,
    /// Keccak-256 over the hashes of the reference's outputs of each model, in order.
    pub hash: [u8; 32],
    /// Time of the reference's runs.
    pub reference_ns: u64,
    /// One entry a path.
    pub cells: Vec<Cell>,
}

/// A family on a path.
#[derive(Clone, Debug)]
pub struct Cell {
    /// As [`FamilyReport::hash`], over the models that ran here.
    pub hash: [u8; 32],
    /// Cases that ran.
    pub cases: u64,
    /// Cases whose answer is not the reference's.
    pub wrong: u64,
    /// Time to prepare the models: plans, kernels, uploads.
    pub prepare_ns: u64,
    /// Time of the runs. Shapes run beside each other, so paths wait for each other's work.
    pub run_ns: u64,
}

/// A model whose answer differs on a path.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// The seed, which with `shape` names the model and its inputs.
    pub seed: u64,
    /// Number of the shape.
    pub shape: u64,
    /// Its family.
    pub family: &'static str,
    /// The path.
    pub path: String,
    /// Cases of this shape that differ.
    pub wrong: u32,
    /// The model's operators, in order.
    pub operators: Vec<&'static str>,
    /// The first difference.
    pub detail: String,
}

/// Runs that gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The path.
    pub path: String,
    /// What the back end said.
    pub reason: String,
    /// Models that it said it of.
    pub shapes: u64,
}

impl Report {
    /// Folds what the shapes gave, which are in order.
    pub(super) fn new(seed: u64, paths: &[Path], results: &[ShapeResult]) -> Report {
        let names: Vec<String> = paths.iter().map(|path| path.name.clone()).collect();
        let mut asked = Keccak256::new();
        let mut skipped: BTreeMap<(usize, String), u64> = BTreeMap::new();
        let mut report = Report {
            seed,
            shapes: 0,
            cases: 0,
            asked: [0; 32],
            paths: names,
            families: Vec::new(),
            mismatches: Vec::new(),
            skipped: Vec::new(),
            invalid: Vec::new(),
        };
        let mut families: Vec<Folding> = FAMILIES
            .iter()
            .map(|family| Folding::new(family.name, paths.len()))
            .collect();
        for ShapeResult { shape, ran } in results {
            let ran = match ran {
                Ok(ran) => ran,
                Err(what) => {
                    let line = format!("shape {} ({}): {what}", shape.index, shape.family.name);
                    report.invalid.push(line);
                    continue;
                }
            };
            report.shapes += 1;
            report.cases += u64::from(shape.cases);
            asked.update(ran.asked);
            for family in &mut families {
                if family.name == shape.family.name {
                    family.add(shape.cases, ran);
                }
            }
            for (path, result) in ran.paths.iter().enumerate() {
                if let Err(reason) = &result.answered {
                    *skipped.entry((path, reason.clone())).or_default() += 1;
                }
                if report.mismatches.len() < MISMATCHES_MAX {
                    report.mismatches.extend(result.mismatch.clone());
                }
            }
        }
        let families = families.into_iter().filter(|family| family.shapes > 0);
        report.families = families.map(Folding::finish).collect();
        report.asked = asked.finalize().into();
        let skipped = skipped.into_iter().map(|((path, reason), shapes)| Skipped {
            path: paths[path].name.clone(),
            reason,
            shapes,
        });
        report.skipped = skipped.collect();
        report
    }

    /// Cases whose answer is not the reference's, on all paths together.
    #[must_use]
    pub fn wrong(&self) -> u64 {
        let cells = self.families.iter().flat_map(|family| &family.cells);
        cells.map(|cell| cell.wrong).sum()
    }

    /// Whether every path gave the reference's answer to every case.
    #[must_use]
    pub fn all_agree(&self) -> bool {
        self.wrong() == 0 && self.skipped.is_empty() && self.invalid.is_empty()
    }
}

/// A family while its shapes are folded.
struct Folding {
    name: &'static str,
    shapes: u64,
    cases: u64,
    hash: Keccak256,
    reference_ns: u64,
    cells: Vec<(Keccak256, Cell)>,
}

impl Folding {
    fn new(name: &'static str, paths: usize) -> Folding {
        let cell = Cell {
            hash: [0; 32],
            cases: 0,
            wrong: 0,
            prepare_ns: 0,
            run_ns: 0,
        };
        Folding {
            name,
            shapes: 0,
            cases: 0,
            hash: Keccak256::new(),
            reference_ns: 0,
            cells: vec![(Keccak256::new(), cell); paths],
        }
    }

    fn add(&mut self, cases: u32, ran: &Ran) {
        self.shapes += 1;
        self.cases += u64::from(cases);
        self.hash.update(ran.answered);
        self.reference_ns += ran.reference_ns;
        for ((hash, cell), result) in self.cells.iter_mut().zip(&ran.paths) {
            let PathResult {
                prepare_ns,
                run_ns,
                answered,
                wrong,
                mismatch: _,
            } = result;
            let Ok(answered) = answered else { continue };
            hash.update(answered);
            cell.cases += u64::from(cases);
            cell.wrong += u64::from(*wrong);
            cell.prepare_ns += prepare_ns;
            cell.run_ns += run_ns;
        }
    }

    fn finish(self) -> FamilyReport {
        let cells = self.cells.into_iter().map(|(hash, cell)| Cell {
            hash: hash.finalize().into(),
            ..cell
        });
        FamilyReport {
            name: self.name,
            shapes: self.shapes,
            cases: self.cases,
            hash: self.hash.finalize().into(),
            reference_ns: self.reference_ns,
            cells: cells.collect(),
        }
    }
}
