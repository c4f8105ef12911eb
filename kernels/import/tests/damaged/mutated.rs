//! Files with flipped bits, changed numbers, missing and repeated parts.

use std::path::Path;

use aivm_import::ImportError;

use crate::damage::{Random, flip};
use crate::import_bounded;

/// Imports damaged copies of `file`: `rounds`, or `AIVM_MUTATIONS` divided by the number of tests here.
fn damage(file: &[u8], seed: u64, rounds: u64) {
    let rounds = std::env::var("AIVM_MUTATIONS").map_or(rounds, |rounds| {
        rounds.parse::<u64>().expect("a number").div_ceil(2)
    });
    let mut random = Random(seed);
    let mut accepted = 0_u64;
    for round in 0..rounds {
        let mut copy = file.to_vec();
        match round % 5 {
            0 => copy.truncate(random.below(file.len())),
            1 => flip(&mut copy, random.below(file.len()), &mut random),
            2 => {
                for _ in 0..1 + random.below(8) {
                    flip(&mut copy, random.below(file.len()), &mut random);
                }
            }
            3 => {
                // A run of bytes written over another.
                let len = 1 + random.below(64.min(file.len()));
                let (from, to) = (
                    random.below(file.len() - len + 1),
                    random.below(file.len() - len + 1),
                );
                copy.copy_within(from..from + len, to);
            }
            _ => {
                // Numbers at their ends are where sizes overflow.
                let at = random.below(file.len());
                copy[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)];
            }
        }
        let result = import_bounded(&copy);
        if let Err(ImportError::Refused(refusal)) = &result {
            panic!("round {round}: wrote what is refused: {refusal}");
        }
        accepted += u64::from(result.is_ok());
    }
    println!("campaign: onnx_files={rounds} onnx_accepted={accepted}");
    println!("slowest: {:?}", crate::time::slowest());
    // Some damage meets weights or names, most of it structure; a reader that accepts nothing tests nothing.
    assert!(
        (1..rounds).contains(&accepted),
        "{accepted} of {rounds} accepted"
    );
}

fn own(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/goldens")
        .join(name);
    std::fs::read(path).expect("the model is in the repository")
}

#[test]
fn damaged_models_in_qdq_form() {
    let file = own("small_qdq.onnx");
    import_bounded(&file).expect("the undamaged file is imported");
    damage(&file, 1, 10_000);
}

#[test]
fn damaged_models_in_q_operator_form() {
    let file = own("small_qop.onnx");
    import_bounded(&file).expect("the undamaged file is imported");
    damage(&file, 2, 10_000);
}

#[test]
fn no_prefix_of_a_model_panics() {
    let file = own("small_qop.onnx");
    for len in 0..file.len() {
        // A prefix that ends between two outputs of the graph may be a model.
        let _ = import_bounded(&file[..len]);
    }
}
