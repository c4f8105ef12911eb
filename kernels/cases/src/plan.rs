//! A million cases as a list of shapes: of each family its share, of each shape several sets of data.

use std::sync::Arc;

use aivm_tosa::{ModelLimits, PriceTable, Priced, Refusal, load};

use crate::{Choices, FAMILIES, Family, Generator};

/// A random model and how many sets of data it runs on.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its number, which with the seed decides everything about it.
    pub index: u64,
    /// What it is made of.
    pub family: &'static Family,
    /// How many cases it runs.
    pub cases: u32,
}

/// The shapes of `cases` cases, in order. Those of more cases begin with the same shapes; only the last one may run
/// fewer cases than its family asks for.
#[must_use]
pub fn shapes(cases: u64) -> Vec<Shape> {
    let rounds: Vec<&'static Family> = round();
    let mut shapes = Vec::new();
    let mut left = cases;
    let mut index = 0;
    while left > 0 {
        let family = rounds[index as usize % rounds.len()];
        let cases = u64::from(family.cases).min(left);
        left -= cases;
        shapes.push(Shape {
            index,
            family,
            cases: cases as u32,
        });
        index += 1;
    }
    shapes
}

/// One round over the families: each as often as its weight, spread out.
fn round() -> Vec<&'static Family> {
    let most = FAMILIES.iter().map(|family| family.weight).max();
    let turn = |turn: u32| FAMILIES.iter().filter(move |family| turn < family.weight);
    (0..most.unwrap_or(0)).flat_map(turn).collect()
}

impl Shape {
    /// Its model's file.
    #[must_use]
    pub fn file(&self, seed: u64) -> Vec<u8> {
        let place = FAMILIES
            .iter()
            .position(|family| family.name == self.family.name);
        let place = place.unwrap_or_default() as u64;
        let mut choices = Choices::of(&[seed, self.index, 1]);
        let number = choices.bits() % u64::from(self.family.structures);
        let mut generator = Generator::new(choices, "t", 0);
        generator.structure = Choices::of(&[seed, place, number]);
        generator.elements_max = 4000;
        generator.late_percent = 0;
        (self.family.build)(&mut generator);
        generator.finish().file()
    }

    /// Its model.
    ///
    /// # Errors
    /// A family has built a model that is not valid: a mistake in the family.
    pub fn model(&self, seed: u64) -> Result<Arc<Priced>, Refusal> {
        load(&self.file(seed), &ModelLimits::TOOL, &PriceTable::V1).map(Arc::new)
    }

    /// The inputs of all its cases, one after the other.
    #[must_use]
    pub fn input(&self, seed: u64, model: &Priced) -> Vec<u8> {
        let mut choices = Choices::of(&[seed, self.index, 2]);
        (0..self.cases)
            .flat_map(|_| crate::input(model, &mut choices))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn cases_are_counted_exactly_and_every_family_has_its_share() {
        let some = shapes(10_001);
        assert_eq!(
            some.iter().map(|shape| u64::from(shape.cases)).sum::<u64>(),
            10_001
        );
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for shape in shapes(100_000) {
            *counts.entry(shape.family.name).or_default() += 1;
        }
        assert_eq!(counts.len(), FAMILIES.len());
        for family in FAMILIES {
            assert!(
                counts[family.name] >= 20 * family.weight,
                "{}: {counts:?}",
                family.name
            );
        }
        assert!(shapes(0).is_empty());
    }

    /// Of every family many graphs are valid, nearly all differ, and together they use every operator.
    #[test]
    fn shapes_are_valid_models_of_every_operator() {
        let mut operators = BTreeSet::new();
        let mut files = BTreeSet::new();
        let all = shapes(60_000);
        for shape in &all {
            let model = shape.model(7).unwrap_or_else(|refusal| {
                panic!("{} {}: {refusal}", shape.family.name, shape.index)
            });
            for node in model.program().graphs().flat_map(|graph| graph.nodes()) {
                operators.insert(node.operator.name());
            }
            assert_eq!(
                shape.input(7, &model).len() as u64,
                model.graph().input_bytes() * u64::from(shape.cases)
            );
            files.insert(model.hash());
        }
        assert_eq!(operators.len(), 56, "{operators:?}");
        assert!(
            files.len() * 100 >= all.len() * 97,
            "{} of {}",
            files.len(),
            all.len()
        );
    }

    #[test]
    fn a_shape_follows_from_seed_and_index() {
        for shape in shapes(3_000) {
            assert_eq!(shape.file(3), shape.file(3));
        }
        let first = shapes(50)[0];
        assert_ne!(first.file(3), first.file(4));
    }
}
