//! The fast way against every choice there is, on small random tables; and the edges.

use super::choice;
use super::problem::{NOTHING, Offers, Pick, Problem};
use super::{Allocation, Allocator, OfferTable, Uses};
use crate::strategy::StrategyError;
use crate::work::Work;

/// Rounding of sums of a few numbers up to a thousand.
const ROUNDING: f64 = 1e-9;

/// Numbers from 0 to 1, of a linear congruential generator (Knuth's MMIX).
struct Stream(u64);

impl Stream {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn uniform(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A random table with its allocator.
struct Case {
    table: OfferTable,
    allocator: Allocator,
}

fn case(seed: u64, customers: usize, levers: usize) -> Case {
    let mut stream = Stream::new(seed);
    let mut uniform = || stream.uniform();
    let limits = 1 + (uniform() * 3.0) as usize;
    let gains: Vec<Option<f64>> = (0..customers * levers)
        .map(|_| (uniform() < 0.8).then(|| (100.0 * uniform()).round() - 15.0))
        .collect();
    let mut table = OfferTable::new(levers, gains).unwrap();
    let mut allocator = Allocator::new();
    for k in 0..limits {
        let name = format!("resource {k}");
        let (uses, mean) = if uniform() < 0.5 {
            let uses: Vec<f64> =
                (0..customers * levers).map(|_| (10.0 * uniform()).round()).collect();
            (Uses::PerOffer(uses), 5.0)
        } else {
            let uses: Vec<f64> = (0..levers).map(|_| (3.0 * uniform()).round()).collect();
            (Uses::PerLever(uses), 1.5)
        };
        table = table.uses(name.as_str(), uses).unwrap();
        // From nothing to enough for everybody.
        let most = mean * customers as f64 * 1.2;
        allocator = allocator.limit(name, (most * uniform() - 1.0).round().max(0.0));
    }
    if uniform() < 0.4 {
        let lever = (uniform() * levers as f64) as usize;
        allocator = allocator.quota(lever, (uniform() * customers as f64 * 0.6) as usize);
    }
    if uniform() < 0.6 {
        for one in 0..levers {
            for other in 0..levers {
                if one != other && uniform() < 0.5 {
                    allocator = allocator.goes_with(one, other, (uniform() * 4.0).round() / 4.0);
                }
            }
        }
    }
    Case { table, allocator }
}

/// The most that any choice gains, by trying all of them.
fn best_of_all(problem: &Problem<'_>) -> Option<f64> {
    let prices = vec![0.0; problem.rows.len()];
    let mut all: Vec<Vec<(f64, Vec<f64>)>> = Vec::new();
    for row in 0..problem.n() {
        let mut offers = Offers::default();
        problem.offers(row, &prices, &mut offers);
        let mut own = Vec::new();
        problem.picks(&offers, |pick| {
            let used = (0..problem.rows.len()).map(|k| problem.used(&offers, k, pick)).collect();
            own.push((problem.value(&offers, pick), used));
        });
        all.push(own);
    }
    fn try_all(
        problem: &Problem<'_>,
        all: &[Vec<(f64, Vec<f64>)>],
        value: f64,
        used: &[f64],
        best: &mut Option<f64>,
    ) {
        let Some((own, rest)) = all.split_first() else {
            if problem.keeps(used) && best.is_none_or(|best| value > best) {
                *best = Some(value);
            }
            return;
        };
        for (gain, uses) in own {
            let used: Vec<f64> = used.iter().zip(uses).map(|(a, b)| a + b).collect();
            try_all(problem, rest, value + gain, &used, best);
        }
    }
    let mut best = None;
    try_all(problem, &all, 0.0, &prices, &mut best);
    best
}

/// Value and uses again, from the table alone; fails where a limit or quota is broken.
fn check(case: &Case, allocation: &Allocation) {
    let table = &case.table;
    let problem = case.allocator.problem(table).unwrap();
    let mut value = 0.0;
    let mut counts = vec![0; table.levers()];
    for row in 0..table.len() {
        let (first, second) = (allocation.primary(row), allocation.secondary(row));
        assert!(first.is_some() || second.is_none());
        value += first.map_or(0.0, |lever| table.gain(row, lever).unwrap());
        for lever in first.into_iter().chain(second) {
            counts[lever] += 1;
        }
        if let (Some(first), Some(second)) = (first, second) {
            let share = problem.counts([first as u8, second as u8]);
            assert!(share > 0.0, "a pair that does not go together");
            value += share * table.gain(row, second).unwrap();
        }
    }
    assert!((value - allocation.value()).abs() < ROUNDING);
    assert_eq!(counts, allocation.customers());
    for limit in allocation.limits() {
        let mut used = 0.0;
        for row in 0..table.len() {
            for lever in allocation.primary(row).into_iter().chain(allocation.secondary(row)) {
                used += table.used(&limit.resource, row, lever).unwrap();
            }
        }
        assert!(used <= limit.at_most + ROUNDING, "{used} of {}", limit.at_most);
        assert!((used - limit.used).abs() < ROUNDING);
        assert!(limit.price >= 0.0);
    }
    for quota in allocation.quotas() {
        assert!(counts[quota.lever] >= quota.at_least);
        assert_eq!(counts[quota.lever], quota.reached);
    }
    if allocation.greedy().meets_quotas {
        assert!(allocation.value() >= allocation.greedy().value - ROUNDING);
    }
}

fn solve(case: &Case) -> Result<Allocation, StrategyError> {
    case.allocator.solve(&case.table, &Work::new())
}

#[test]
fn every_choice_tried_on_random_tables() {
    let (mut optimal, mut proven, mut unmet) = (0, 0, 0);
    const CASES: u64 = 600;
    for seed in 0..CASES {
        let levers = 1 + (seed % 3) as usize;
        let case = case(seed, 1 + (seed % 5) as usize, levers);
        let problem = case.allocator.problem(&case.table).unwrap();
        let best = best_of_all(&problem);
        match (solve(&case), best) {
            (Ok(allocation), Some(best)) => {
                check(&case, &allocation);
                assert!(allocation.value() <= best + ROUNDING, "seed {seed}");
                assert!(allocation.bound() >= best - ROUNDING, "seed {seed}");
                let found = allocation.value() >= best - ROUNDING;
                assert!(found || !allocation.is_optimal(), "seed {seed}: wrongly proven");
                optimal += u32::from(found);
                proven += u32::from(allocation.is_optimal());
            }
            (Err(StrategyError::Quota { .. }), None) => unmet += 1,
            (result, best) => panic!("seed {seed}: {:?} against {best:?}", result.map(|a| a.value)),
        }
    }
    println!("{optimal} optimal, {proven} proven, {unmet} without any choice, of {CASES}");
    assert!(optimal + unmet == CASES as u32);
}

#[cfg(feature = "milp")]
#[test]
fn the_integer_program_agrees() {
    let (mut judged, mut failed) = (0, 0);
    for seed in 1000..1200 {
        let case = case(seed, 6 + (seed % 14) as usize, 2 + (seed % 4) as usize);
        let exact = match case.allocator.solve_exactly(&case.table) {
            Ok(exact) => exact.map(|exact| exact.value),
            Err(error) => {
                println!("seed {seed}: {error}");
                failed += 1;
                continue;
            }
        };
        judged += 1;
        match (solve(&case), exact) {
            (Ok(allocation), Some(exact)) => {
                check(&case, &allocation);
                let short = exact - allocation.value();
                assert!(short >= -1e-6, "seed {seed}: better than the best by {}", -short);
                assert!(short <= allocation.gap() + 1e-6, "seed {seed}: {short}");
                assert!(!allocation.is_optimal() || short < 1e-6, "seed {seed}: wrongly proven");
            }
            (Err(StrategyError::Quota { .. }), None) => {}
            (result, exact) => {
                panic!("seed {seed}: {:?} against {exact:?}", result.map(|a| a.value))
            }
        }
    }
    println!("{judged} judged, the solver failed on {failed}");
    assert!(judged >= 190, "the solver failed on {failed}");
}

/// The pass in lanes against one customer after the other, at random prices.
#[test]
fn the_pass_in_lanes_takes_what_is_best() {
    for seed in 0..40 {
        let case = case(seed, 200 + seed as usize, 1 + (seed % 6) as usize);
        let problem = case.allocator.problem(&case.table).unwrap();
        let mut stream = Stream::new(seed);
        let prices: Vec<f64> = problem.rows.iter().map(|_| 4.0 * stream.uniform()).collect();
        let (picks, totals) = choice::picks(&problem, &prices, &Work::new()).unwrap();
        assert_eq!(choice::totals(&problem, &prices, 1, &Work::new()).unwrap(), totals);
        let mut offers = Offers::default();
        for (row, &pick) in picks.iter().enumerate() {
            problem.offers(row, &prices, &mut offers);
            let mut best: (f64, Pick) = (0.0, NOTHING);
            problem.picks(&offers, |other| {
                let net = problem.net(&offers, other);
                if net > best.0 {
                    best = (net, other);
                }
            });
            assert!((problem.net(&offers, pick) - best.0).abs() < ROUNDING);
        }
        let sums = problem.totals(&picks, &Work::new()).unwrap();
        assert!((sums.value - totals.value).abs() < 1e-6);
        assert_eq!(sums.counts, totals.counts);
    }
}

#[cfg(feature = "parallel")]
#[test]
fn the_same_on_any_number_of_threads() {
    let case = case(77, 70_000, 4);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let allocation = pool.install(|| solve(&case)).unwrap();
        let picks = allocation.picks.clone();
        let numbers: Vec<u64> = [allocation.value(), allocation.bound()]
            .into_iter()
            .chain(allocation.prices())
            .map(f64::to_bits)
            .collect();
        (picks, numbers)
    };
    let one = run(1);
    for threads in [2, 3, 8] {
        assert!(run(threads) == one, "{threads} threads");
    }
}

#[test]
fn many_customers_come_close_to_the_bound() {
    let (mut solved, mut worst) = (0, 0.0_f64);
    for seed in 0..6 {
        let case = case(seed, 70_000, 5);
        let allocation = match solve(&case) {
            Err(StrategyError::Quota { impossible: true, .. }) => continue,
            result => result.unwrap(),
        };
        check_many(&allocation);
        let gap = allocation.relative_gap().unwrap_or(0.0);
        println!("seed {seed}: {gap}");
        worst = worst.max(gap);
        solved += 1;
    }
    assert!(solved >= 3 && worst < 1e-4, "{solved}, {worst}");
}

fn check_many(allocation: &Allocation) {
    for limit in allocation.limits() {
        assert!(limit.used <= limit.at_most * (1.0 + 1e-12));
    }
    assert!(allocation.value() <= allocation.bound());
}

/// All customers alike: at the best price either all or none would take the offer.
#[test]
fn customers_who_are_all_alike() {
    for n in [10, 70_000] {
        let table = OfferTable::new(1, vec![Some(3.0); n]).unwrap();
        let table = table.uses("money", Uses::PerLever(vec![2.0])).unwrap();
        let budget = n as f64;
        let allocation =
            Allocator::new().limit("money", budget).solve(&table, &Work::new()).unwrap();
        assert_eq!(allocation.value(), 1.5 * budget);
        assert!((allocation.limits()[0].price - 1.5).abs() < 1e-6);
        assert!(allocation.gap() < 1e-6 * budget);
    }
}

#[test]
fn nothing_to_give() {
    let work = Work::new();
    let gains = [Some(5.0), Some(2.0), Some(4.0), None];
    let table = OfferTable::new(2, gains).unwrap();
    let table = table.uses("money", Uses::PerLever(vec![2.0, 0.0])).unwrap();
    let none = Allocator::new().limit("money", 0.0).solve(&table, &work).unwrap();
    assert_eq!((none.value(), none.primary(0), none.primary(1)), (2.0, Some(1), None));
    // The first unit would be worth 4 / 2, or (5 - 2) / 2 in place of the letter: gain per use.
    assert_eq!(none.limits()[0].price, 2.5);

    let nobody = OfferTable::new(2, []).unwrap().uses("money", Uses::PerOffer(vec![])).unwrap();
    let empty = Allocator::new().limit("money", 1.0).solve(&nobody, &work).unwrap();
    assert_eq!((empty.len(), empty.value(), empty.gap()), (0, 0.0, 0.0));
    assert_eq!(empty.relative_gap(), None);

    let no_levers = OfferTable::without_levers(3);
    let idle = Allocator::new().solve(&no_levers, &work).unwrap();
    assert_eq!((idle.len(), idle.primary(2)), (3, None));

    let losses = OfferTable::new(1, [Some(-1.0), Some(0.0), None]).unwrap();
    let idle = Allocator::new().solve(&losses, &work).unwrap();
    assert!((0..3).all(|row| idle.primary(row).is_none()) && idle.is_optimal());
}

#[test]
fn quotas_that_cost() {
    let work = Work::new();
    let table = OfferTable::new(2, [Some(5.0), Some(1.0), Some(4.0), Some(-2.0)]).unwrap();
    let allocation = Allocator::new().quota(1, 2).solve(&table, &work).unwrap();
    assert_eq!(allocation.value(), -1.0);
    assert_eq!(allocation.quotas()[0].reached, 2);
    assert!(allocation.relative_gap().is_none() && allocation.gap() < ROUNDING);
    let refused = Allocator::new().quota(1, 3).solve(&table, &work);
    assert!(matches!(refused, Err(StrategyError::Quota { reached: 2, impossible: true, .. })));
    let table = table.uses("money", Uses::PerLever(vec![0.0, 3.0])).unwrap();
    let refused = Allocator::new().quota(1, 2).limit("money", 5.0).solve(&table, &work);
    assert!(
        matches!(
            refused,
            Err(StrategyError::Quota { at_least: 2, reached: 1, impossible: true, .. })
        ),
        "{refused:?}"
    );
}

#[test]
fn what_is_no_number_is_refused() {
    let nan = f64::NAN;
    for bad in [nan, f64::INFINITY, 1e300, -f64::INFINITY] {
        let refused = OfferTable::new(2, [Some(1.0), None, None, Some(bad)]);
        assert!(matches!(refused, Err(StrategyError::OfferGain { row: 1, lever: 1 })));
    }
    let table = OfferTable::new(2, [Some(1.0), None, Some(2.0), Some(3.0)]).unwrap();
    for bad in [nan, -1.0, f64::INFINITY] {
        let refused = table.clone().uses("money", Uses::PerOffer(vec![1.0, bad, 1.0, bad]));
        let Err(StrategyError::OfferUse { row, lever, resource }) = refused else { panic!() };
        assert_eq!((row, lever, resource.as_str()), (Some(1), 1, "money"));
        let refused = table.clone().uses("money", Uses::PerLever(vec![0.0, bad]));
        assert!(matches!(refused, Err(StrategyError::OfferUse { row: None, lever: 1, .. })));
        let refused = Allocator::new().goes_with(0, 1, bad).validate(&table);
        assert!(matches!(refused, Err(StrategyError::AllocationParam { what: "share", .. })));
        let known = table.clone().uses("money", Uses::PerLever(vec![0.0, 1.0])).unwrap();
        let refused = Allocator::new().limit("money", bad).validate(&known);
        assert!(matches!(refused, Err(StrategyError::AllocationParam { what: "limit", .. })));
    }
    // Where no offer is made nothing is looked at.
    assert!(table.clone().uses("money", Uses::PerOffer(vec![1.0, nan, 1.0, 1.0])).is_ok());
    assert!(Allocator::new().limit("time", 1.0).validate(&table).is_err());
    assert!(Allocator::new().quota(2, 1).validate(&table).is_err());
    assert!(Allocator::new().goes_with(0, 2, 1.0).validate(&table).is_err());
    assert!(OfferTable::new(2, [Some(1.0); 3]).is_err());
    assert!(OfferTable::new(65, []).is_err());
    assert!(table.uses("money", Uses::PerLever(vec![1.0])).is_err());
}

/// Numbers of all sizes: nothing overflows, nothing is broken.
#[test]
fn sizes_far_apart() {
    let mut stream = Stream::new(5);
    for _ in 0..200 {
        let mut size = || libm::pow(10.0, 12.0 * stream.uniform() - 6.0);
        let gains: Vec<Option<f64>> = (0..30).map(|_| Some(size())).collect();
        let uses: Vec<f64> = (0..30).map(|_| size()).collect();
        let limit = size();
        let table = OfferTable::new(3, gains).unwrap().uses("it", Uses::PerOffer(uses)).unwrap();
        let allocator = Allocator::new().limit("it", limit).all_go_together(3);
        let allocation = allocator.solve(&table, &Work::new()).unwrap();
        check_many(&allocation);
        assert!(allocation.value() >= allocation.greedy().value * (1.0 - ROUNDING));
    }
    let huge = OfferTable::new(1, [Some(1e100), Some(1e-100)]).unwrap();
    let huge = huge.uses("it", Uses::PerOffer(vec![1e100, 1e-100])).unwrap();
    let allocation = Allocator::new().limit("it", 1e50).solve(&huge, &Work::new()).unwrap();
    assert_eq!(allocation.value(), 1e-100);
}

#[test]
fn the_frontier_rises_ever_more_slowly() {
    let case = case(12, 3_000, 4);
    let table = case.table.uses("money", Uses::PerLever(vec![1.0, 2.0, 3.0, 4.0])).unwrap();
    let budgets: Vec<f64> = (0..8).map(|step| 700.0 * f64::from(step)).collect();
    let allocator = Allocator::new().all_go_together(4);
    let curve = allocator.frontier(&table, "money", &budgets, &Work::new()).unwrap();
    assert_eq!(curve[0].value, 0.0);
    for pair in curve.windows(2) {
        assert!(pair[1].value >= pair[0].value && pair[1].bound >= pair[0].bound - ROUNDING);
        assert!(pair[1].price <= pair[0].price + ROUNDING, "{pair:?}");
        // The bound is concave in the budget, and the price is its slope.
        let step = pair[1].at_most - pair[0].at_most;
        assert!(pair[1].bound - pair[0].bound <= pair[0].price * step + 1e-6);
    }
    let one = allocator.clone().limit("money", 1400.0).solve(&table, &Work::new()).unwrap();
    assert!((one.bound() - curve[2].bound).abs() < 1e-6);
}

#[test]
fn who_enters_next_gains_most_per_unit() {
    let case = case(12, 3_000, 4);
    let table = case.table.uses("money", Uses::PerLever(vec![1.0, 2.0, 3.0, 4.0])).unwrap();
    let allocator = Allocator::new().limit("money", 900.0);
    let work = Work::new();
    let allocation = allocator.solve(&table, &work).unwrap();
    let next = allocator.enters_next(&table, &allocation, "money", 20, &work).unwrap();
    assert_eq!(next.len(), 20);
    assert!(next.windows(2).all(|pair| pair[0].per_unit >= pair[1].per_unit));
    for entrant in &next {
        assert!(entrant.per_unit <= allocation.limits()[0].price + ROUNDING);
        let now =
            allocation.primary(entrant.row).map_or(0.0, |l| table.gain(entrant.row, l).unwrap());
        assert_eq!(table.gain(entrant.row, entrant.primary), Some(now + entrant.gain));
    }
    assert!(allocator.enters_next(&table, &allocation, "time", 1, &work).is_err());
}
