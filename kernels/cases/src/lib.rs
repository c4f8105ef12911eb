//! Random models of every operator, and random inputs for them: what tests, the determinism bench and campaigns run.
//!
//! A seed is everything that a case depends on, so a case that goes wrong is named by a few numbers. Nothing runs here.

#![forbid(unsafe_code)]

mod elements;
mod families;
mod linear;
mod operators;
mod regions;
mod rows;

pub mod choices;
pub mod generator;
pub mod model;
pub mod plan;

pub use choices::Choices;
pub use families::{FAMILIES, Family};
pub use generator::Generator;

use aivm_tosa::{DataType, Priced};

/// The file of a graph of up to 20 operators of all kinds that follows from a seed.
#[must_use]
pub fn graph(seed: u64) -> Vec<u8> {
    let mut generator = Generator::new(Choices::new(seed), "t", 0);
    let shape = generator.any_shape();
    let types = [model::I8, model::I8, model::I16, model::INT32, model::BOOL];
    let data_type = generator.structure.one_of(&types);
    generator.input(data_type, &shape);
    for _ in 0..generator.structure.number(1, 20) {
        generator.step();
    }
    generator.finish().file()
}

/// Random values for all inputs of one case.
#[must_use]
pub fn input(model: &Priced, choices: &mut Choices) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(model.graph().input_bytes() as usize);
    for &id in model.graph().inputs() {
        let tensor = model.graph().tensor(id);
        let bits = match tensor.data_type {
            DataType::Bool => 1,
            DataType::I4 => 4,
            DataType::I8 => 8,
            DataType::I16 => 16,
            DataType::I32 => 32,
            DataType::I48 => 48,
        };
        let elements = choices.elements(bits, tensor.shape.elements() as usize);
        aivm_tosa::bytes::encode(tensor.data_type, &elements, &mut bytes);
    }
    bytes
}
