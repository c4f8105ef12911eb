//! The calibration: prices under which no case is much slower for its gas than the median, in any engine, on any of the
//! machines that were measured, and which change as little as that allows.
//!
//! What a case costs is linear in the prices. How often it does what a price is for is counted by running it under a schedule
//! in which that price is 1 and all others are 0. The prices are found by simulated annealing. `simple` stays: it is the
//! unit.

use aivm_core::GasSchedule;
use aivm_lockstep::Random;

use crate::BEHIND_CACHES;
use crate::cases::Case;
use crate::measure::ink_of_a_unit;

/// A price: its name and where it is.
type Price = (&'static str, fn(&mut GasSchedule) -> &mut u64);

/// The prices that are set by this bench, without the unit.
const PRICES: [Price; 18] = [
    ("convert", |schedule| &mut schedule.convert),
    ("local_write", |schedule| &mut schedule.local_write),
    ("compare", |schedule| &mut schedule.compare),
    ("bit_count", |schedule| &mut schedule.bit_count),
    ("multiply", |schedule| &mut schedule.multiply),
    ("divide", |schedule| &mut schedule.divide),
    ("load", |schedule| &mut schedule.load),
    ("store", |schedule| &mut schedule.store),
    ("global", |schedule| &mut schedule.global),
    ("branch", |schedule| &mut schedule.branch),
    ("branch_table", |schedule| &mut schedule.branch_table),
    ("call", |schedule| &mut schedule.call),
    ("call_indirect", |schedule| &mut schedule.call_indirect),
    ("function_header", |schedule| &mut schedule.function_header),
    ("local", |schedule| &mut schedule.local),
    ("bulk_base", |schedule| &mut schedule.bulk_base),
    ("bulk_byte", |schedule| &mut schedule.bulk_byte),
    ("table_entry", |schedule| &mut schedule.table_entry),
];

/// What each of them is.
type Prices = [f64; PRICES.len()];

/// What is aimed at: below the rule, since machines differ and vary.
const RATIO_AIM: f64 = 2.8;

/// How much the worst case of an engine counts, the sum over all cases above the aim, and the distance of prices from today's.
const WEIGHT_OF_WORST: f64 = 3.0;
const WEIGHT_OF_SUM: f64 = 0.2;
const WEIGHT_OF_CHANGES: f64 = 0.15;

/// Steps of the annealing, and prices that a step moves at most.
const STEPS: u32 = 100_000;
const PRICES_MOVED: u64 = 3;

/// The logarithm of a price's factor in a step at most: in the first, and in the last besides.
const STRIDE_FIRST: f64 = 0.4;
const STRIDE_LAST: f64 = 0.02;

/// How much worse prices may become in a step, by chance and at first.
const HEAT: f64 = 0.1;

/// The nanoseconds of each case in one engine on one machine, in the order of the cases; none where it was not measured.
pub(crate) struct Times {
    pub(crate) whose: String,
    pub(crate) nanoseconds: Vec<Option<f64>>,
}

/// How often a unit of a case does what each price is for, and what it costs besides.
struct Composition {
    counts: Prices,
    rest: f64,
    is_judged: bool,
}

impl Composition {
    fn new(case: &Case) -> Composition {
        let today = GasSchedule::V1;
        let mut rest = ink_of_a_unit(case, &today);
        let counts = PRICES.map(|(_, price)| {
            let mut only = free();
            *price(&mut only) = 1;
            let count = ink_of_a_unit(case, &only);
            rest -= count * *price(&mut today.clone()) as f64;
            count
        });
        Composition {
            counts,
            rest,
            is_judged: !BEHIND_CACHES.contains(&case.name.as_str()),
        }
    }

    fn ink(&self, prices: &Prices) -> f64 {
        let priced = self.counts.iter().zip(prices);
        self.rest + priced.map(|(count, price)| count * price).sum::<f64>()
    }
}

/// A schedule in which nothing that contract code does costs anything.
fn free() -> GasSchedule {
    let mut schedule = GasSchedule {
        simple: 0,
        memory_page: 0,
        host_base: 0,
        ..GasSchedule::V1
    };
    for (_, price) in PRICES {
        *price(&mut schedule) = 0;
    }
    schedule
}

/// Prints today's prices beside the fitted ones, and how far the slowest case is from the median under both.
pub(crate) fn fit(cases: &[Case], times: &[Times]) {
    let compositions: Vec<Composition> = cases.iter().map(Composition::new).collect();
    let mut schedule = GasSchedule::V1;
    let today: Prices = PRICES.map(|(_, price)| *price(&mut schedule) as f64);
    let badness = |prices: &Prices| badness(&compositions, times, prices, &today);
    let prices = anneal(today, badness);
    let prices = prices.map(rounded);
    for ((name, _), (today, fitted)) in PRICES.iter().zip(today.iter().zip(prices)) {
        println!("  {name:16} {today:8.0} today, {fitted:8.0} fitted");
    }
    for engine in times {
        let [before, after] = [&today, &prices].map(|prices| {
            let ratios = ratios(&compositions, engine, prices);
            let worst = ratios.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
            worst.expect("a case that is judged")
        });
        println!(
            "  {:40} worst {:5.2} × the median today ({}), {:5.2} fitted ({})",
            engine.whose, before.1, cases[before.0].name, after.1, cases[after.0].name
        );
    }
}

/// The best prices that were met on a random way from `today` that grows colder.
fn anneal(today: Prices, badness: impl Fn(&Prices) -> f64) -> Prices {
    let mut random = Random::new(1);
    let (mut here, mut badness_here) = (today, badness(&today));
    let (mut best, mut badness_best) = (here, badness_here);
    for step in 0..STEPS {
        let left = 1.0 - f64::from(step) / f64::from(STEPS);
        let stride = STRIDE_LAST + STRIDE_FIRST * left * left;
        let heat = HEAT * left * left * left;
        let mut moved = here;
        for _ in 0..1 + random.below(PRICES_MOVED) {
            let index = random.below(moved.len() as u64) as usize;
            moved[index] *= (stride * (2.0 * fraction(&mut random) - 1.0)).exp();
        }
        let badness_moved = badness(&moved);
        let worse = badness_moved - badness_here;
        if worse < 0.0 || fraction(&mut random) < (-worse / heat).exp() {
            (here, badness_here) = (moved, badness_moved);
        }
        if badness_here < badness_best {
            (best, badness_best) = (here, badness_here);
        }
    }
    best
}

/// From 0 up to 1.
fn fraction(random: &mut Random) -> f64 {
    (random.next() >> 11) as f64 / (1_u64 << 53) as f64
}

/// How far the cases are above what is aimed at, and how far the prices are from today's.
fn badness(compositions: &[Composition], times: &[Times], prices: &Prices, today: &Prices) -> f64 {
    let of_engines = times.iter().map(|engine| {
        let ratios = ratios(compositions, engine, prices);
        let above = ratios
            .into_iter()
            .map(|(_, ratio)| (ratio - RATIO_AIM).max(0.0));
        let (sum, worst) = above.fold((0.0, 0.0), |(sum, worst), above| {
            (sum + above * above, f64::max(worst, above))
        });
        WEIGHT_OF_SUM * sum + WEIGHT_OF_WORST * worst
    });
    let of_changes = prices
        .iter()
        .zip(today)
        .map(|(price, today)| (price / today).ln());
    of_engines.sum::<f64>()
        + WEIGHT_OF_CHANGES * of_changes.map(|change| change * change).sum::<f64>()
}

/// Nanoseconds per gas over the median of all, of each case that is judged and was measured, by its place.
fn ratios(compositions: &[Composition], engine: &Times, prices: &Prices) -> Vec<(usize, f64)> {
    let speed = |index: usize| Some(engine.nanoseconds[index]? / compositions[index].ink(prices));
    let speeds: Vec<(usize, f64)> = (0..compositions.len())
        .filter_map(|index| Some((index, speed(index)?)))
        .collect();
    let mut sorted: Vec<f64> = speeds.iter().map(|(_, speed)| *speed).collect();
    sorted.sort_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    let judged = speeds
        .into_iter()
        .filter(|(index, _)| compositions[*index].is_judged);
    judged
        .map(|(index, speed)| (index, speed / median))
        .collect()
}

/// To two digits.
fn rounded(price: f64) -> f64 {
    let unit = 10_f64.powf(price.log10().floor() - 1.0).max(1.0);
    (price / unit).round() * unit
}
