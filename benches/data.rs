//! Reading: from columns in memory and from CSV to a history.

mod market;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use market::Columns;
use segmentry::data::HistorySpec;

const ROWS: usize = 1_000_000;

fn reading(c: &mut Criterion) {
    let mut group = c.benchmark_group("data");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    let columns = Columns::new(ROWS);
    let spec = HistorySpec::new();
    group.bench_function("history of 1M rows in memory", |b| {
        b.iter(|| black_box(columns.history(&spec)))
    });
    #[cfg(feature = "csv")]
    {
        use segmentry::data::{CsvTransactions, CustomerHistory};
        use segmentry::work::Work;
        let mut file = String::from("customer_id,time,amount\n");
        for i in 0..ROWS {
            file += &format!(
                "c{},2024-{:02}-{:02},{}.{:02}\n",
                i * 7919 % 111_111,
                1 + i % 12,
                1 + i % 28,
                i % 90,
                i % 100
            );
        }
        let bytes: &'static [u8] = file.leak().as_bytes();
        group.bench_function("history of 1M rows of CSV", |b| {
            b.iter(|| {
                let source = CsvTransactions::from_reader(bytes);
                black_box(CustomerHistory::read(&source, &spec, &Work::new()).expect("a good file"))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
