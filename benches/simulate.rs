//! Simulating: rows drawn, and customers drawn again.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use segmentry::data::{CustomerHistory, PartialHistory};
use segmentry::simulate::Market;
use segmentry::units::Days;
use segmentry::work::Work;

const CUSTOMERS: u64 = 100_000;

fn simulate(c: &mut Criterion) {
    let mut group = c.benchmark_group("simulate");
    group.sample_size(10).throughput(Throughput::Elements(CUSTOMERS));
    for (name, market) in
        [("a plain market", Market::new(CUSTOMERS)), ("a retail market", Market::retail(CUSTOMERS))]
    {
        let spec = market.history_spec().expect("a preset");
        group.bench_function(format!("history of {name} of 100k customers"), |b| {
            b.iter(|| black_box(CustomerHistory::read(&market, &spec, &Work::new())));
        });
        group.bench_function(format!("one partition of {name}"), |b| {
            b.iter(|| black_box(PartialHistory::read(&market, 0, &spec, &Work::new())));
        });
        let truth = market.truth().expect("a preset");
        group.bench_function(format!("holdouts of {name} of 100k customers"), |b| {
            b.iter(|| {
                let year = Days::weeks(52);
                truth.customers().map(|c| u64::from(c.holdout(year).purchases)).sum::<u64>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, simulate);
criterion_main!(benches);
