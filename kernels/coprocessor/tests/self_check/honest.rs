//! Honest back ends are never rejected.

use std::collections::BTreeSet;

use aivm_cases::Choices;
use aivm_coprocessor::CheckPolicy;
use aivm_tosa::{Executor, NodeId, Operator, RunError};

use crate::support::{Numbers, Subject, executors, model, models};

#[path = "../../../reference/tests/support/rules.rs"]
mod rules;

#[test]
fn honest_runs_pass_and_steps_cover_all_nodes() {
    let mut numbers = Numbers(1);
    for executor in executors() {
        for (name, model) in models() {
            let subject = Subject::new(&executor, &model);
            let input = subject.input(5, &mut numbers);
            let (rejected, checks) = subject.rejected(CheckPolicy::ALL, 5, &input);
            assert!(rejected.is_empty(), "{name} on {}", executor.name());
            assert_eq!(checks, 5 * subject.steps().len() as u64);
            let nodes = subject.steps().iter().flat_map(|step| &step.nodes);
            let nodes: BTreeSet<NodeId> = nodes.copied().collect();
            let moves = |id: &u32| {
                let operator = &model.graph().nodes()[*id as usize].operator;
                matches!(operator, Operator::Reshape | Operator::Identity)
            };
            let all = 0..model.graph().nodes().len() as u32;
            let missing: Vec<u32> = all
                .filter(|id| !nodes.contains(&NodeId(*id)) && !moves(id))
                .collect();
            assert!(missing.is_empty(), "{name}: nodes {missing:?}");
        }
    }
}

#[test]
fn an_observed_run_gives_the_bytes_of_an_unobserved_one() {
    let mut numbers = Numbers(2);
    for executor in executors() {
        for (name, model) in models() {
            let subject = Subject::new(&executor, &model);
            let input = subject.input(70, &mut numbers);
            let expected = subject.plan.run_cases(70, &input).expect("it runs");
            for policy in [CheckPolicy::OFF, CheckPolicy::per_mille(20)] {
                let checked = subject.checker.run(&*subject.plan, policy, 70, &input);
                let checked = checked.expect("it runs");
                assert!(checked.output == expected, "{name} with {policy:?}");
            }
        }
    }
}

/// What is seen counts in the work of a submission: where it is too much, there are more of them.
#[test]
fn a_run_that_is_seen_is_cut_into_submissions_too() {
    for mut adapter in aivm_gpu::adapters() {
        let name = adapter.name.clone();
        let mut submissions = Vec::new();
        for work_max in [u64::MAX, 100_000] {
            adapter.limits.work_max = work_max;
            let executor = aivm_gpu::GpuExecutor::open(&adapter).expect("it opens");
            let (_, model) = models().swap_remove(0);
            let subject = Subject::new(&executor, &model);
            let input = subject.input(3, &mut Numbers(7));
            let before = executor.metrics().submissions;
            subject.plan.run_cases(3, &input).expect("it runs");
            let unseen = executor.metrics().submissions - before;
            let (rejected, checks) = subject.rejected(CheckPolicy::ALL, 3, &input);
            assert!(rejected.is_empty() && checks > 0, "{name}");
            submissions.push((unseen, executor.metrics().submissions - before - unseen));
        }
        let [(1, 1), (unseen, seen)] = submissions[..] else {
            panic!("{name}: {submissions:?}")
        };
        assert!(seen > unseen && unseen > 1, "{name}: {submissions:?}");
    }
}

/// Among them models whose accumulators wrap, and models with control flow and late values.
#[test]
fn what_tosa_leaves_open_is_no_disagreement() {
    for executor in executors() {
        for rule in rules::rules() {
            let subject = Subject::new(&executor, &rule.model);
            let policy = CheckPolicy::ALL;
            let run = subject
                .checker
                .run(&*subject.plan, policy, 1, &rule.input)
                .map(|checked| {
                    assert!(checked.rejected.is_empty(), "{}", rule.name);
                    assert!(checked.checks > 0, "{}", rule.name);
                    checked.output
                });
            assert_eq!(
                run,
                rule.expected.map_err(RunError::Status),
                "{}",
                rule.name
            );
        }
    }
}

#[test]
fn random_graphs_pass() {
    for executor in executors() {
        for seed in 0..60 {
            let model = model(&aivm_cases::graph(seed));
            let input = aivm_cases::input(&model, &mut Choices::new(seed));
            let subject = Subject::new(&executor, &model);
            let policy = CheckPolicy::ALL;
            let checked = subject.checker.run(&*subject.plan, policy, 1, &input);
            // A loop without end is a status.
            if let Ok(checked) = checked {
                assert_eq!(checked.rejected, [], "seed {seed} on {}", executor.name());
            }
        }
    }
}
