//! Prices: sums of work times price, control flow at its worst, and no graph that makes them panic or hang.

use crate::model::{BOOL, I8, I16, I32, INT32, Ints, Model, Table, add, set};
use crate::regions::{accumulator, choice, counting};
use aivm_tosa::{ModelLimits, NodeId, PriceTable, Priced, RefusalCode, RegionId, Work, load};

/// Every kind of work costs 1 thousandth, nothing else costs.
const ONES: PriceTable = PriceTable {
    version: 9,
    case: 0,
    node: 0,
    packed: 1,
    plain: 1,
    sum: 1,
    tap: 1,
    element: 1,
    single: 1,
    row: 1,
    jump: 1,
    wide: 1,
    division: 1,
    lookup: 1,
    late: 1,
    byte: 1,
    far: 1,
    border: 1,
};

fn priced(model: &Model, prices: &PriceTable) -> Priced {
    load(&model.file(), &ModelLimits::CHAIN, prices).expect("it is valid")
}

/// The work of the last node of `model`.
fn work(model: &Model) -> Work {
    let model = priced(model, &ONES);
    let last = model.graph().nodes().len() - 1;
    model.cost(NodeId(last as u32)).0
}

#[test]
fn the_price_is_the_sum_of_work_times_price_rounded_up() {
    let prices = PriceTable {
        case: 5,
        node: 100,
        element: 10,
        ..ONES
    };
    let model = priced(&add(), &prices);
    // 100 for ADD, 10 for each of 2 elements of 2 operands, 3 tensors of 8 bytes.
    assert_eq!(model.cost(NodeId(0)).1, 100 + 40 + 24);
    // With these and the 24 bytes of inputs and outputs, their number, a case of 806 makes 1,000.
    for (case, gas) in [(5, 1), (806, 1), (807, 2)] {
        let model = priced(&add(), &PriceTable { case, ..prices });
        assert_eq!(model.gas(), gas);
    }
    assert_eq!(model.hash(), aivm_tosa::model_hash(&add().file()));
}

#[test]
fn a_price_beyond_64_bits_is_refused() {
    let free = PriceTable {
        element: 0,
        byte: 0,
        border: 0,
        ..ONES
    };
    for prices in [
        PriceTable {
            byte: u64::MAX,
            ..free
        },
        PriceTable {
            case: u64::MAX,
            element: 1,
            ..free
        },
        PriceTable {
            node: u64::MAX,
            element: 1,
            ..free
        },
    ] {
        let refusal = load(&add().file(), &ModelLimits::CHAIN, &prices);
        let code = refusal.expect_err("the sum overflows").code;
        assert_eq!(code, RefusalCode::GasOverflow);
    }
}

#[test]
fn a_choice_costs_its_dearer_branch() {
    let model = priced(&choice(), &PriceTable::V1);
    let (then, other) = (
        model.region_cost(RegionId(0)),
        model.region_cost(RegionId(1)),
    );
    // CLZ and IDENTITY of the same tensor: counting takes as long as reading two operands more, of two elements.
    assert_eq!(then.1, other.1 + 4 * PriceTable::V1.element);
    let mut dearer = choice();
    let otherwise = &mut dearer.regions[1].1;
    *otherwise =
        otherwise
            .clone()
            .tensor("more", INT32, &[2])
            .operator("CLZ", vec![], &["x"], &["more"]);
    for swapped in [false, true] {
        let mut model = dearer.clone();
        if swapped {
            let names = [0, 1].map(|index| model.regions[index].0.clone());
            let [first, second] = names;
            model.regions[0].0 = second;
            model.regions[1].0 = first;
        }
        let model = priced(&model, &PriceTable::V1);
        let (_, price) = model.cost(NodeId(0));
        let regions = [0, 1].map(|id| model.region_cost(RegionId(id)).1);
        assert!(regions[1] > regions[0]);
        // The node, its 1 condition, 2 inputs and 2 outputs of 4 bytes (each as long as three), and the dearer region.
        let own = PriceTable::V1.node
            + 3 * 5 * PriceTable::V1.element
            + 3 * PriceTable::V1.row
            + (1 + 16) * PriceTable::V1.byte;
        assert_eq!(price, own + regions[1]);
    }
}

#[test]
fn a_loop_costs_its_limit() {
    for limit in [0, 1, 7, 1024] {
        let limits = ModelLimits {
            loop_iterations: limit,
            ..ModelLimits::CHAIN
        };
        let model = load(&counting().file(), &limits, &PriceTable::V1).expect("it is valid");
        let runs = u64::from(limit) + 1;
        let [(cond, cond_price), (body, body_price)] =
            [0, 1].map(|id| model.region_cost(RegionId(id)));
        let own = PriceTable::V1.node
            + 3 * 6 * PriceTable::V1.element
            + 4 * PriceTable::V1.row
            + 24 * PriceTable::V1.byte;
        let (work, price) = model.cost(NodeId(0));
        assert_eq!(price, runs * (own + cond_price) + (runs - 1) * body_price);
        assert_eq!(
            work.elements,
            runs * (3 * 6 + cond.elements) + (runs - 1) * body.elements
        );
        assert_eq!(model.loop_iterations(), limit);
    }
}

#[test]
fn variables_are_paid_by_their_bytes() {
    let model = priced(&accumulator(), &ONES);
    // Reading: the variable and the tensor, 8 bytes each, and two elements.
    assert_eq!(model.cost(NodeId(0)).1, 16 + 2);
    assert_eq!(model.cost(NodeId(2)).1, 16 + 2);
    let plain = priced(&add(), &PriceTable { case: 0, ..ONES });
    assert_eq!(plain.gas(), (24_u64 + 24 + 4 + 6).div_ceil(1000));
    // A large one that no node touches is copied before and after a case.
    let large = add().variable("v", "large", I8, &[10_000], &[]);
    assert_eq!(
        priced(&large, &ONES).gas(),
        (20_000_u64 + 52 + 8).div_ceil(1000)
    );
}

/// A region or `main` that uses `callee` (if any) `uses` times.
fn user(callee: Option<&str>, uses: usize) -> Model {
    let mut model = Model::default()
        .input("x", INT32, &[1])
        .output("y", INT32, &[1])
        .constant("c", BOOL, &[], &[1])
        .operator("CLZ", vec![], &["x"], &["y"]);
    for (index, callee) in callee.into_iter().flat_map(|c| vec![c; uses]).enumerate() {
        let name = format!("t{index}");
        model = model.tensor(&name, INT32, &[1]).control_flow(
            "COND_IF",
            [callee, callee],
            &["c", "x"],
            &[&name],
        );
    }
    model
}

#[test]
fn regions_that_share_regions_are_priced_once_each() {
    let tower = |uses| {
        let mut model = user(Some("r1"), uses);
        for level in 1..=6 {
            let next = format!("r{}", level + 1);
            let callee = (level < 6).then_some(&*next);
            model = model.region(&format!("r{level}"), user(callee, uses));
        }
        model
    };
    // 10 uses on each of 6 levels are a million runs of the innermost region.
    let model = priced(&tower(10), &PriceTable::V1);
    let innermost = model.region_cost(RegionId(5)).1;
    assert!(model.gas() > 1_000_000 * innermost / 1000);
    // 1,000 uses make 10^18 runs of some 20 gas: beyond 64 bits, found at once.
    let start = std::time::Instant::now();
    let refusal = load(&tower(1000).file(), &ModelLimits::CHAIN, &PriceTable::V1);
    let refusal = refusal.expect_err("the price overflows");
    assert_eq!(refusal.code, RefusalCode::GasOverflow);
    assert!(start.elapsed().as_secs() < 5);
}

/// A convolution with `channels` of input, a weight `[2, 3, 3, channels]` that is a constant or an input.
fn convolution(channels: i32, constant: bool) -> Model {
    let (kernel, model) = ([2, 3, 3, channels], Model::default());
    let model = if constant {
        model.constant("w", I8, &kernel, &vec![1; 18 * channels as usize])
    } else {
        model.input("w", I8, &kernel)
    };
    let attribute = vec![
        (0, Ints(vec![0; 4])),
        (1, Ints(vec![1; 2])),
        (2, Ints(vec![1; 2])),
        (4, I32(5)),
    ];
    model
        .input("x", I8, &[1, 4, 4, channels])
        .constant("b", INT32, &[1], &[0; 4])
        .constant("z", I8, &[1], &[0])
        .output("y", INT32, &[1, 2, 2, 2])
        .operator("CONV2D", attribute, &["x", "w", "b", "z", "z"], &["y"])
}

/// `y = operator(x)`.
fn unary(
    operator: &str,
    attribute: Table,
    (x, from): (i32, &[i32]),
    (y, to): (i32, &[i32]),
) -> Model {
    Model::default()
        .input("x", x, from)
        .output("y", y, to)
        .operator(operator, attribute, &["x"], &["y"])
}

#[test]
fn products_are_filled_up_to_what_kernels_compute() {
    let [one, four, five] = [1, 4, 5].map(|channels| work(&convolution(channels, true)));
    assert_eq!([one.macs, four.macs, five.macs], [72, 288, 360]);
    // 4 places by 16 columns by 3 rows of a kernel: of 3, 12 and 15 values, in groups of 4.
    assert_eq!([one.packed, four.packed, five.packed], [768, 2304, 3072]);
    assert_eq!([one.sums, one.plain], [4, 0]);
    // Weights that are computed are not packed: 8 elements of 36 products, filled up to 48, and a block of 16 more.
    let computed = work(&convolution(4, false));
    assert_eq!(
        [computed.macs, computed.packed, computed.plain],
        [288, 0, 512]
    );

    let product = |data_type| {
        let width = if data_type == I8 { 1 } else { 2 };
        let model = Model::default()
            .input("a", data_type, &[2, 3, 8])
            .input("b", data_type, &[2, 8, 5])
            .constant("z", data_type, &[1], &[0, 0][..width])
            .output("y", if data_type == I8 { INT32 } else { 6 }, &[2, 3, 5])
            .operator("MATMUL", vec![], &["a", "b", "z", "z"], &["y"]);
        work(&model)
    };
    let (narrow, wide) = (product(I8), product(I16));
    assert_eq!([narrow.macs, narrow.packed, narrow.plain], [240, 768, 0]);
    assert_eq!([wide.macs, wide.packed, wide.plain], [240, 0, 240]);
}

#[test]
fn runs_of_elements_and_elements_alone_are_told_apart() {
    let broadcast = |b: &[i32]| {
        let model = Model::default()
            .input("a", INT32, &[2, 3, 5])
            .input("b", INT32, b)
            .output("y", INT32, &[2, 3, 5])
            .operator("ADD", vec![], &["a", "b"], &["y"]);
        work(&model).rows
    };
    assert_eq!(broadcast(&[2, 3, 5]), 0);
    // Runs along the last axis; along the last two, where both repeat. Each counts twice.
    assert_eq!([broadcast(&[2, 1, 5]), broadcast(&[2, 1, 1])], [12, 4]);
    assert_eq!([broadcast(&[2, 3, 1]), broadcast(&[1, 1, 1])], [12, 2]);

    let reverse = |axis| {
        let work = work(&unary(
            "REVERSE",
            vec![(0, I32(axis))],
            (I8, &[3, 4]),
            (I8, &[3, 4]),
        ));
        [work.rows, work.singles, work.jumps]
    };
    // Finding the box counts as a row.
    assert_eq!([reverse(0), reverse(1)], [[4, 0, 0], [4, 12, 0]]);
    let transpose = |sides: [i32; 2]| {
        let perms = vec![(0, Ints(vec![1, 0]))];
        let work = work(&unary(
            "TRANSPOSE",
            perms,
            (I8, &sides),
            (I8, &[sides[1], sides[0]]),
        ));
        [work.rows, work.singles, work.jumps]
    };
    // A quarter of the rows more.
    assert_eq!(transpose([3, 4]), [6, 12, 0]);
    // Above 128 KiB no cache is expected to hold the columns.
    assert_eq!(transpose([512, 257]), [322, 512 * 257, 512 * 257]);

    let sum = |axis, to: [i32; 2]| {
        let work = work(&unary(
            "REDUCE_SUM",
            vec![(0, I32(axis))],
            (INT32, &[5, 7]),
            (INT32, &to),
        ));
        [work.rows, work.elements]
    };
    assert_eq!([sum(0, [1, 7]), sum(1, [5, 1])], [[5, 35], [5, 35]]);
    let mut quotient = add();
    set(&mut quotient.operators[0], 0, I32(20));
    set(&mut quotient.operators[0], 1, crate::model::U8(20));
    assert_eq!(work(&quotient).divisions, 2);
}

#[test]
fn what_no_cache_holds_costs_more() {
    let identity = |elements: i32| unary("IDENTITY", vec![], (I8, &[elements]), (I8, &[elements]));
    let small = work(&identity(128 << 10));
    assert_eq!([small.bytes, small.far], [256 << 10, 0]);
    let large = work(&identity((128 << 10) + 1));
    assert_eq!([large.bytes, large.far], [(256 << 10) + 2; 2]);
    // A small tensor beside many others.
    let crowd = |others: i32| {
        let model = identity(8).shape("times", &[16 << 10]);
        let model = (0..others).fold(model, |model, index| {
            let name = format!("t{index}");
            let model = model.tensor(&name, I8, &[128 << 10]);
            model.operator("TILE", vec![], &["x", "times"], &[&name])
        });
        priced(&model, &ONES).cost(NodeId(0)).0.far
    };
    assert_eq!([crowd(15), crowd(16)], [0, 16]);
}

#[test]
fn the_first_table_prices_these_graphs_so() {
    let gas = |model: &Model| priced(model, &PriceTable::V1).gas();
    let table = [
        ("ADD of two elements", add(), 1020),
        (
            "a convolution with packed weights",
            convolution(4, true),
            1065,
        ),
        (
            "a convolution with computed weights",
            convolution(4, false),
            1102,
        ),
        ("COND_IF", choice(), 1035),
        ("WHILE_LOOP", counting(), 57_430),
        ("a variable", accumulator(), 1044),
        (
            "a large TRANSPOSE",
            unary(
                "TRANSPOSE",
                vec![(0, Ints(vec![1, 0]))],
                (I8, &[512, 257]),
                (I8, &[257, 512]),
            ),
            127_429,
        ),
    ];
    let found: Vec<_> = table
        .iter()
        .map(|(what, model, _)| (*what, gas(model)))
        .collect();
    let expected: Vec<_> = table.iter().map(|(what, _, gas)| (*what, *gas)).collect();
    assert_eq!(found, expected);
}
