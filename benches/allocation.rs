//! Budgets: generated customers with eight levers, three limits, primaries and secondaries; and for
//! any number of customers seconds, gap and memory, beside which other solvers' can be put.
//!
//! ```text
//! cargo bench --bench allocation -- 1000000
//! cargo bench --bench allocation -- 100000 one OFFERS.f64
//! ```
//!
//! `one` leaves out secondaries; the file gets gains (NaN where there is no offer), costs, and the
//! three limits, as 64-bit numbers.

#![allow(clippy::print_stdout)]

#[path = "common/memory.rs"]
mod memory;

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group};
use segmentry::strategy::allocation::{Allocator, OfferTable, Uses};
use segmentry::work::Work;

const LEVERS: usize = 8;
const MINUTES: [f64; LEVERS] = [10.0, 0.0, 5.0, 0.0, 0.0, 15.0, 0.0, 3.0];
const MAIL: [f64; LEVERS] = [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0];

/// Gains of offers, NaN where there is none, and their costs: what an offer gains goes with what the
/// customer is worth, an exponential amount.
fn offers(n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut state = 7u64;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    let (mut gains, mut costs) = (Vec::with_capacity(n * LEVERS), Vec::with_capacity(n * LEVERS));
    for _ in 0..n {
        let worth = -20.0 * libm::log(uniform());
        for lever in 0..LEVERS {
            let offered = uniform() < 0.7;
            let gain = worth * (0.2 + uniform()) * (1.0 + lever as f64 / 4.0) - 2.0;
            gains.push(if offered { gain } else { f64::NAN });
            costs.push(0.5 + 5.0 * uniform() * (1.0 + lever as f64 / 8.0));
        }
    }
    (gains, costs)
}

fn table(gains: Vec<f64>, costs: Vec<f64>) -> OfferTable {
    let gains = gains.into_iter().map(|gain| (!gain.is_nan()).then_some(gain));
    let table = OfferTable::new(LEVERS, gains).expect("finite gains");
    let table = table.uses("money", Uses::PerOffer(costs)).expect("finite costs");
    let table = table.uses("minutes", Uses::PerLever(MINUTES.to_vec())).expect("eight levers");
    table.uses("mail", Uses::PerLever(MAIL.to_vec())).expect("eight levers")
}

fn limits(n: usize) -> [f64; 3] {
    [1.2 * n as f64, n as f64, 0.3 * n as f64]
}

fn allocator(n: usize, secondaries: bool) -> Allocator {
    let [money, minutes, mail] = limits(n);
    let mut allocator =
        Allocator::new().limit("money", money).limit("minutes", minutes).limit("mail", mail);
    for one in 0..LEVERS {
        for other in (0..LEVERS).filter(|&other| secondaries && other != one) {
            let share = 0.5 + 0.05 * (one * other % 8) as f64;
            let share = if (one + other) % 3 == 0 { 0.0 } else { share };
            allocator = allocator.goes_with(one, other, share);
        }
    }
    allocator
}

fn beside_others(n: usize, secondaries: bool, file: Option<&String>) {
    let (gains, costs) = offers(n);
    if let Some(file) = file {
        let numbers = gains.iter().chain(&costs).chain(&limits(n)).copied().collect::<Vec<f64>>();
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        std::fs::write(file, bytes).expect("a file that can be written");
    }
    let table = table(gains, costs);
    let allocator = allocator(n, secondaries);
    for _ in 0..3 {
        let start = Instant::now();
        let (found, kilobytes) = memory::growth(|| allocator.solve(&table, &Work::new()));
        let found = found.expect("limits without quotas");
        println!(
            "{n} customers: {:.3} s, gains {:.2}, relative gap {:.1e}, greedy {:.2}, {} passes, \
             {:?} bytes a customer beside the table",
            start.elapsed().as_secs_f64(),
            found.value(),
            found.relative_gap().unwrap_or(0.0),
            found.greedy().value,
            found.passes(),
            kilobytes.map(|kilobytes| kilobytes * 1024 / n as u64),
        );
    }
}

fn budgets(c: &mut Criterion) {
    let n = 20_000;
    let (gains, costs) = offers(n);
    let table = table(gains, costs);
    let mut group = c.benchmark_group("allocation");
    group.sample_size(10);
    for (name, secondaries) in [("primaries", false), ("primaries and secondaries", true)] {
        let allocator = allocator(n, secondaries);
        group.bench_function(format!("20k x 8, 3 limits, {name}"), |b| {
            b.iter(|| black_box(allocator.solve(&table, &Work::new())));
        });
    }
    group.finish();
}

criterion_group!(benches, budgets);

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    match arguments.first().and_then(|n| n.parse().ok()) {
        Some(n) => {
            let secondaries = arguments.get(1).is_none_or(|word| word != "one");
            beside_others(n, secondaries, arguments.get(2));
        }
        None => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
