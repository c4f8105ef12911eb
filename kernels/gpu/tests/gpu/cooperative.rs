//! Products of matrices on cooperative matrices, with the reference's bytes, on adapters that have them; on others, and
//! for other products, the kernels of `storage`.

use std::sync::Arc;

use aivm_gpu::{AdapterInfo, CooperativeTile, GpuExecutor, GpuOptions, Operands, PlanOptions};
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, Priced};

use crate::blocks::{product_file, values};
use crate::support::{adapters, kernels, model};

fn open(adapter: &AdapterInfo) -> GpuExecutor {
    let options = GpuOptions {
        plan: PlanOptions {
            operands: Operands::Cooperative,
            ..PlanOptions::default()
        },
        ..GpuOptions::default()
    };
    GpuExecutor::open_with(adapter, options).expect("it opens")
}

/// The adapters with cooperative matrices, open, and what those are. Says which have none: few do, so that is no failure.
fn executors() -> Vec<(GpuExecutor, CooperativeTile)> {
    let mut found = Vec::new();
    for adapter in adapters() {
        match adapter.limits.cooperative {
            Some(tile) => {
                println!("{}, {}: {tile:?}", adapter.name, adapter.driver_info);
                found.push((open(&adapter), tile));
            }
            None => println!(
                "skipped: {}, {} has no cooperative matrices of i8 that the kernel can use",
                adapter.name, adapter.driver_info
            ),
        }
    }
    found
}

fn product(sides: [u32; 4], zps: [u8; 2], constant: bool) -> Arc<Priced> {
    model(&product_file(sides.map(u32::cast_signed), zps, constant))
}

/// Runs a model against the reference; its only kernel is `kernel`.
fn agrees(executor: &GpuExecutor, model: &Arc<Priced>, cases: u32, kernel: &str) {
    assert_eq!(kernels(executor, model), [kernel]);
    let input = values((model.input_bytes() as u32 * cases).cast_signed());
    let reference = ReferenceExecutor.prepare(model).expect("it runs all");
    let expected = reference.run_cases(cases, &input).expect("a result");
    let plan = executor.prepare(model).expect("the model fits");
    let output = plan.run_cases(cases, &input).expect("a result");
    assert!(
        output == expected,
        "{kernel} on {}, {cases} cases",
        executor.name()
    );
}

#[test]
fn cooperative_matrices_give_the_known_answers() {
    for (executor, _) in executors() {
        assert_eq!(executor.operands(), Operands::Cooperative);
        let tests = executor.known_answer_tests();
        let ran = tests.iter().any(|test| test.kernel == "matmul_cooperative");
        let failed: Vec<_> = tests.iter().filter(|test| !test.passed).collect();
        assert!(ran && failed.is_empty(), "{failed:?}");
    }
}

#[test]
fn products_of_whole_tiles_are_the_references() {
    for (executor, tile) in executors() {
        let CooperativeTile {
            rows,
            columns,
            summed,
            ..
        } = tile;
        for (matrices, down, along, across, cases) in [
            (1, 1, 1, 1, 1),
            (1, 3, 5, 2, 3),
            (5, 2, 1, 3, 2),
            (3, 1, 40, 7, 1),
            (1, 9, 2, 11, 4),
        ] {
            let sides = [matrices, down * rows, along * summed, across * columns];
            for constant in [false, true] {
                let product = product(sides, [0, 0], constant);
                agrees(&executor, &product, cases, "matmul_cooperative");
            }
        }
    }
}

#[test]
fn the_largest_sums_are_exact() {
    for (executor, tile) in executors() {
        let sides = [1, tile.rows, 16_384, tile.columns];
        let product = product(sides, [0, 0], false);
        assert_eq!(kernels(&executor, &product), ["matmul_cooperative"]);
        let input = vec![0x80; product.input_bytes() as usize];
        let plan = executor.prepare(&product).expect("the model fits");
        let output = plan.run(&input).expect("a result");
        let sums = output.chunks_exact(4);
        assert!(
            sums.len() > 0
                && sums
                    .into_iter()
                    .all(|sum| sum == (1_u32 << 28).to_le_bytes())
        );
    }
}

/// 59,998 elements are the most, of which these tiles make 59,992 or less.
#[test]
fn sums_up_to_the_longest_are_taken() {
    for (executor, tile) in executors() {
        assert_eq!(60_000 % tile.summed, 0);
        let sums = [
            (60_000 - tile.summed, "matmul_cooperative"),
            (60_000, "matmul"),
        ];
        for (summed, kernel) in sums {
            let product = product([1, tile.rows, summed, tile.columns], [0, 0], false);
            agrees(&executor, &product, 1, kernel);
        }
    }
}

#[test]
fn a_grid_of_several_rows_makes_the_same_tiles() {
    for mut adapter in adapters() {
        adapter.limits.workgroups_max = 3;
        if let Some(tile) = adapter.limits.cooperative {
            let sides = [1, 4 * tile.rows, tile.summed, 2 * tile.columns];
            let product = product(sides, [0, 0], false);
            agrees(&open(&adapter), &product, 2, "matmul_cooperative");
        }
    }
}

#[test]
fn other_products_take_the_kernels_of_storage() {
    for (executor, tile) in executors() {
        let whole = [1, 2 * tile.rows, 2 * tile.summed, 2 * tile.columns];
        for side in 1..4 {
            let mut sides = whole;
            sides[side] += 4;
            if sides[side] % whole[side].div_euclid(2) != 0 {
                agrees(&executor, &product(sides, [0, 0], false), 1, "matmul");
            }
        }
        for zps in [[1, 0], [0, 1]] {
            agrees(&executor, &product(whole, zps, false), 1, "matmul");
        }
    }
}

#[test]
fn adapters_without_them_take_the_kernels_of_storage() {
    for mut adapter in adapters() {
        adapter.limits.cooperative = None;
        let executor = open(&adapter);
        assert_eq!(executor.operands(), Operands::Storage);
        agrees(
            &executor,
            &product([1, 32, 64, 32], [0, 0], false),
            1,
            "matmul",
        );
    }
}
