//! Value: fits and forecasts on 10,000 and 100,000 customers.

mod market;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use market::Columns;
use segmentry::data::HistorySpec;
use segmentry::value::{
    Economics, FittedValueModel, GammaGamma, LifetimeValue, MbgNbd, PurchaseSummary, SpendRecord,
};
use segmentry::work::Work;

fn value(c: &mut Criterion) {
    let mut group = c.benchmark_group("value");
    group.sample_size(10);
    for customers in [10_000usize, 100_000] {
        let history = Columns::new(customers * 9).history(&HistorySpec::new());
        let work = Work::new();
        let base = PurchaseSummary::of(&history);
        group.bench_function(BenchmarkId::new("MBG/NBD fit", customers), |b| {
            b.iter(|| black_box(MbgNbd::new().fit(&base, &work)));
        });
        let spend = SpendRecord::of(&history);
        group.bench_function(BenchmarkId::new("Gamma-Gamma fit", customers), |b| {
            b.iter(|| black_box(GammaGamma::new().fit(&spend, &work)));
        });
        let fitted =
            LifetimeValue::new().fit_to(&history, &work).expect("a ladder has a lowest rung");
        group.bench_function(BenchmarkId::new("value over 52 weeks", customers), |b| {
            b.iter(|| black_box(fitted.value(&history, &Economics::none(), &work)));
        });
    }
    group.finish();
}

criterion_group!(benches, value);
criterion_main!(benches);
