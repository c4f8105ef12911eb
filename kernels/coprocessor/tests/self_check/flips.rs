//! Bits turned over on the device are found with the chance that is published.
//!
//! `AIVM_FLIPS` sets how many bits are turned over; `cargo xtask campaign self-check` takes 10,000.

use aivm_coprocessor::CheckPolicy;
use aivm_coprocessor::check::Disagreement;
use aivm_gpu::{BitFlip, FlipPlace};
use aivm_tosa::{Executor, ObservedStep, Operator, Priced};

use crate::support::{Numbers, Subject, executors, model, models};

/// Whether a step multiplies and sums.
fn is_linear(model: &Priced, step: &ObservedStep) -> bool {
    step.nodes.iter().any(|id| {
        let operator = &model.graph().nodes()[id.0 as usize].operator;
        matches!(
            operator,
            Operator::Conv2d { .. }
                | Operator::Conv3d { .. }
                | Operator::DepthwiseConv2d { .. }
                | Operator::MatMul { .. }
                | Operator::TransposeConv2d { .. }
        )
    })
}

/// Whether the sums of a step are computed apart from its output.
fn has_sums_apart(model: &Priced, step: &ObservedStep) -> bool {
    let node = step
        .accumulators
        .map(|id| &model.graph().nodes()[id.0 as usize]);
    node.is_some_and(|node| node.outputs[0] != step.output)
}

/// How many bits to turn over.
fn flips() -> usize {
    std::env::var("AIVM_FLIPS").map_or(500, |flips| flips.parse().expect("a number"))
}

/// Cases in one run, each with one bit turned over but the last.
const CASES: u32 = 32;

/// Turns over one bit of each case in some linear step, and says where. Bits of words come up equally often.
fn flip_linear(
    subject: &Subject,
    places: &[(usize, FlipPlace)],
    numbers: &mut Numbers,
    next_bit: &mut u64,
) -> Vec<BitFlip> {
    let flip = |case: u32| {
        let (step, place) = places[numbers.below(places.len() as u64) as usize];
        let described = &subject.steps()[step];
        let graph = subject.model.graph();
        let tensor = match (place, described.accumulators) {
            (FlipPlace::Accumulators, Some(id)) => graph.nodes()[id.0 as usize].outputs[0],
            _ => described.output,
        };
        let words = graph.tensor(tensor).bytes() / 4;
        assert!(words > 0, "the models' linear tensors take whole words");
        *next_bit += 1;
        BitFlip {
            case,
            step,
            place,
            bit: numbers.below(words) * 32 + *next_bit % 32,
        }
    };
    (0..CASES - 1).map(flip).collect()
}

/// Where bits of linear steps can be turned over.
fn linear_places(subject: &Subject, sums: bool) -> Vec<(usize, FlipPlace)> {
    let mut places = Vec::new();
    for (index, step) in subject.steps().iter().enumerate() {
        if is_linear(&subject.model, step) {
            places.push((index, FlipPlace::Output));
            if sums && has_sums_apart(&subject.model, step) {
                places.push((index, FlipPlace::Accumulators));
            }
        }
    }
    places
}

#[test]
fn no_flip_in_a_linear_output_escapes_when_all_is_checked() {
    let (executors, models) = (executors(), models());
    let (mut numbers, mut next_bit) = (Numbers(3), 0);
    let rounds = flips().div_ceil((executors.len() * models.len()).max(1) * (CASES as usize - 1));
    let (mut made, mut escaped) = (0, 0);
    for executor in &executors {
        for (name, model) in &models {
            let subject = Subject::new(executor, model);
            let places = linear_places(&subject, true);
            for _ in 0..rounds {
                let input = subject.input(CASES, &mut numbers);
                let flips = flip_linear(&subject, &places, &mut numbers, &mut next_bit);
                executor.flip_bits(flips.clone());
                let (rejected, _) = subject.rejected(CheckPolicy::ALL, CASES, &input);
                for flip in &flips {
                    made += 1;
                    if !rejected.contains(&flip.case) {
                        println!("{name} on {}: {flip:?} escaped", executor.name());
                        escaped += 1;
                    }
                }
                assert!(!rejected.contains(&(CASES - 1)), "an honest case of {name}");
            }
        }
    }
    println!("campaign: flips_checked_fully={made} escaped_at_full_share={escaped}");
    assert_eq!(escaped, 0, "of {made} flips");
}

/// Each flip is found with the policy's share, so the number found lies within six standard deviations of it.
#[test]
fn flips_escape_at_the_published_rate() {
    let (executors, models) = (executors(), models());
    let (mut numbers, mut next_bit) = (Numbers(4), 0);
    let rounds = flips().div_ceil((executors.len() * models.len()).max(1) * (CASES as usize - 1));
    for policy in [CheckPolicy::default(), CheckPolicy::per_mille(250)] {
        let (mut made, mut found) = (0_u64, 0_u64);
        for executor in &executors {
            for (name, model) in &models {
                let subject = Subject::new(executor, model);
                let places = linear_places(&subject, false);
                for _ in 0..rounds {
                    let input = subject.input(CASES, &mut numbers);
                    let flips = flip_linear(&subject, &places, &mut numbers, &mut next_bit);
                    executor.flip_bits(flips.clone());
                    let (rejected, _) = subject.rejected(policy, CASES, &input);
                    made += flips.len() as u64;
                    found += rejected.len() as u64;
                    assert!(!rejected.contains(&(CASES - 1)), "an honest case of {name}");
                }
            }
        }
        let share = u64::from(policy.share());
        let expected = made * share / 1000;
        let variance = made * share * (1000 - share) / 1_000_000;
        let distance = found.abs_diff(expected).saturating_sub(1);
        println!("campaign: flips_at_{share}_per_mille={made} found_at_{share}_per_mille={found}");
        assert!(
            distance * distance <= 36 * variance,
            "{found} of {made} found at {policy:?}, expected {expected}"
        );
    }
}

#[test]
fn a_flip_in_any_buffer_of_any_step_is_found() {
    let mut numbers = Numbers(5);
    for executor in executors() {
        for (name, model) in models() {
            let subject = Subject::new(&executor, &model);
            let graph = model.graph();
            for (step, described) in subject.steps().iter().enumerate() {
                let inputs = (0..described.inputs.len()).map(FlipPlace::Input);
                let sums = has_sums_apart(&model, described).then_some(FlipPlace::Accumulators);
                for place in inputs.chain([FlipPlace::Output]).chain(sums) {
                    let tensor = match place {
                        FlipPlace::Input(index) => described.inputs[index],
                        _ => described.output,
                    };
                    let bit = numbers.below(graph.tensor(tensor).bytes() * 8);
                    let flip = BitFlip {
                        case: 1,
                        step,
                        place,
                        bit,
                    };
                    executor.flip_bits(vec![flip]);
                    let input = subject.input(2, &mut numbers);
                    let (rejected, _) = subject.rejected(CheckPolicy::ALL, 2, &input);
                    let found: Vec<u32> = rejected.into_iter().collect();
                    assert_eq!(found, [1], "{name} on {}: {flip:?}", executor.name());
                }
            }
        }
    }
}

#[test]
fn a_wrong_sum_is_told_from_a_wrong_output() {
    for executor in executors() {
        let model = model(include_bytes!("../../../../examples/models/mnist_cnn.tosa"));
        let subject = Subject::new(&executor, &model);
        let steps = subject.steps().iter();
        let apart = steps.clone().position(|step| has_sums_apart(&model, step));
        let step = apart.expect("a convolution with a RESCALE behind it");
        let input = subject.input(1, &mut Numbers(6));
        for (place, what) in [
            (FlipPlace::Accumulators, Disagreement::Sums { position: 0 }),
            (FlipPlace::Output, Disagreement::Output),
        ] {
            executor.flip_bits(vec![BitFlip {
                case: 0,
                step,
                place,
                bit: 3,
            }]);
            let checked = subject
                .checker
                .run(&*subject.plan, CheckPolicy::ALL, 1, &input);
            let rejected = checked.expect("it runs").rejected;
            assert_eq!((rejected[0].step, rejected[0].what), (Some(step), what));
        }
    }
}
