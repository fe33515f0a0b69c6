//! The whole flow, and how long a cancelled one takes to stop.

mod market;

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use market::Columns;
use segmentry::blueprint::Blueprint;
use segmentry::work::Work;

fn flow(c: &mut Criterion) {
    let mut group = c.benchmark_group("blueprint");
    group.sample_size(10);
    let columns = Columns::new(90_000);
    group.bench_function("10,000 customers", |b| {
        b.iter(|| black_box(Blueprint::new().build(&columns, &Work::new())));
    });

    // From the cancellation to the return, at moments spread over the whole flow.
    let large = Columns::new(900_000);
    let mut moment = 0;
    group.bench_function("from cancellation to return, 100,000 customers", |b| {
        b.iter_custom(|rounds| {
            let mut waited = Duration::ZERO;
            for _ in 0..rounds {
                moment = (moment + 37) % 1000;
                let work = Work::new();
                let canceller = work.canceller();
                let timer = thread::spawn(move || {
                    thread::sleep(Duration::from_millis(moment));
                    canceller.cancel();
                    Instant::now()
                });
                let stopped = Blueprint::new().build(&large, &work).is_err().then(Instant::now);
                let cancelled = timer.join().expect("the timer does not panic");
                // A flow that was over before the moment came waited for nothing.
                waited += stopped
                    .map_or(Duration::ZERO, |stopped| stopped.saturating_duration_since(cancelled));
            }
            waited
        });
    });
    group.finish();
}

criterion_group!(benches, flow);
criterion_main!(benches);
