//! Value: fits and forecasts on simulated customers, and, given `.npy` files of purchase records as
//! other packages read them, a line for each task beside which theirs can be put.
//!
//! ```text
//! cargo bench --bench value -- DATA/btyd_1000000.npy [TASK ..]
//! ```
//!
//! The task `counted_peak` has to stand alone: it reads a file row by row and holds nothing but the
//! distinct records, so that the peak is that of a fit from counts.
//!
//! A file holds one row per customer: x, t_x and T in weeks, and the mean spend of the repeat
//! purchases.

#![allow(clippy::print_stdout)]

mod market;

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, Read};
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, criterion_group};
use market::Columns;
use segmentry::data::HistorySpec;
use segmentry::units::Days;
use segmentry::value::{
    BgNbd, Bootstrap, Discount, Economics, FittedPurchaseModel, FittedValueModel, GammaGamma,
    LifetimeValue, MbgNbd, ParetoNbd, PurchaseRecord, PurchaseSummary, SpendRecord,
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

/// The rows of a two-dimensional array of `f64` with four columns, as NumPy stores it.
fn rows_of(path: &str) -> Vec<[f64; 4]> {
    let bytes = std::fs::read(path).expect("the file can be read");
    assert_eq!(&bytes[..6], b"\x93NUMPY", "a file of NumPy's");
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[10..10 + header]);
    assert!(text.contains("'<f8'") && text.contains("'fortran_order': False"), "{text}");
    let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    let row = |row: &[u8]| std::array::from_fn(|i| number(&row[8 * i..8 * i + 8]));
    bytes[10 + header..].chunks_exact(32).map(row).collect()
}

/// A fit of records that are counted as they are read.
fn counted_as_read(path: &str) {
    let mut file = BufReader::new(File::open(path).expect("the file can be read"));
    let mut start = [0; 10];
    file.read_exact(&mut start).expect("a file of NumPy's");
    let header = u64::from(u16::from_le_bytes([start[8], start[9]]));
    file.seek_relative(header as i64).expect("a header");
    let mut n = 0;
    let rows = std::iter::from_fn(|| {
        let mut row = [0; 32];
        file.read_exact(&mut row).ok()?;
        n += 1;
        let number =
            |i: usize| f64::from_le_bytes(row[8 * i..8 * i + 8].try_into().expect("eight bytes"));
        let days = |weeks: f64| (weeks * 7.0).round();
        let record = PurchaseRecord::new(number(0) as u32, days(number(1)), days(number(2)));
        Some((record.expect("a record of a customer"), 1))
    });
    let before = peak_mb();
    let start = Instant::now();
    let base = PurchaseSummary::from_counts(rows);
    let model = BgNbd::new().fit(&base, &Work::new()).expect("a fit");
    println!(
        "{{\"peer\": \"segmentry\", \"task\": \"counted_peak\", \"n\": {n}, \"seconds\": {:.6}, \
         \"peak_rss_mb\": {}, \"before_mb\": {before}, \"quality\": {{\"unique\": {}, \
         \"ll\": {:?}}}}}",
        start.elapsed().as_secs_f64(),
        peak_mb(),
        base.distinct().len(),
        model.log_likelihood()
    );
}

/// Least and middle seconds of five runs.
fn measure<R>(mut task: impl FnMut() -> R) -> (R, f64, f64) {
    let mut seconds = Vec::new();
    let mut last = None;
    for _ in 0..5 {
        drop(last.take());
        let start = Instant::now();
        last = Some(black_box(task()));
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    (last.expect("five runs"), seconds[0], seconds[2])
}

/// Calls `f` so often, on as many threads as there are.
fn in_parallel<R: Send>(times: u32, f: &(dyn Fn(u32) -> R + Sync)) -> Vec<R> {
    let given = std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse().ok());
    let threads =
        given.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get() as u32));
    let of_thread = |thread: u32| (thread..times).step_by(threads as usize).map(f).collect();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || -> Vec<R> { of_thread(thread) }))
            .collect();
        running.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// The most memory that the process held so far, where the system tells.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = peak.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kb.unwrap_or(0) / 1024
}

fn beside_the_peers(path: &str, tasks: &[String]) {
    if tasks.iter().any(|task| task == "counted_peak") {
        return counted_as_read(path);
    }
    let wanted = |task: &str| tasks.is_empty() || tasks.iter().any(|name| name == task);
    let rows = rows_of(path);
    let work = Work::new();
    let n = rows.len();
    let line = |task: &str, (least, middle): (f64, f64), quality: String| {
        println!(
            "{{\"peer\": \"segmentry\", \"task\": \"{task}\", \"n\": {n}, \"seconds\": {middle:.6}, \
             \"min\": {least:.6}, \"peak_rss_mb\": {}, \"quality\": {{{quality}}}}}",
            peak_mb()
        );
    };
    let days = |weeks: f64| (weeks * 7.0).round();
    let records: Vec<PurchaseRecord> = rows
        .iter()
        .map(|&[x, t_x, age, _]| PurchaseRecord::new(x as u32, days(t_x), days(age)))
        .collect::<Result<_, _>>()
        .expect("records of customers");

    let summary = || PurchaseSummary::from_slice(&records).expect("fewer than four billion");
    if wanted("summary") {
        let (base, least, middle) = measure(summary);
        line("summary", (least, middle), format!("\"unique\": {}", base.distinct().len()));
    }
    if wanted("counted_fit") {
        // In memory that grows with the distinct records alone.
        let (_, least, middle) = measure(|| {
            let counts = records.iter().map(|&record| (record, 1));
            BgNbd::new().fit(&PurchaseSummary::from_counts(counts), &work).expect("a fit")
        });
        line("counted_fit", (least, middle), String::new());
    }
    let base = summary();
    let model = BgNbd::new().fit(&base, &work).expect("a fit");
    if wanted("bgnbd_fit") {
        let (_, least, middle) = measure(|| BgNbd::new().fit(&summary(), &work).expect("a fit"));
        let parameters = [model.r(), model.alpha(), model.a(), model.b()];
        let quality = format!("\"params\": {parameters:.5?}, \"ll\": {:?}", model.log_likelihood());
        line("bgnbd_fit", (least, middle), quality);
    }

    if wanted("paretonbd_fit") {
        let (fitted, least, middle) =
            measure(|| ParetoNbd::new().fit(&summary(), &work).expect("a fit"));
        let parameters = [fitted.r(), fitted.alpha(), fitted.s(), fitted.beta()];
        let quality =
            format!("\"params\": {parameters:.5?}, \"ll\": {:?}", fitted.log_likelihood());
        line("paretonbd_fit", (least, middle), quality);
    }
    let closed = FittedPurchaseModel::BetaGeometric(model.clone());
    if wanted("delta_intervals") {
        // Without the step from records to customers, as the forecast below it.
        let year = Days::weeks(52);
        let (_, least, middle) = measure(|| {
            closed.forecast_intervals(&base, year, Discount::NONE, 0.95, &work).expect("a level")
        });
        line("delta_intervals", (least, middle), String::new());
        let (_, least, middle) = measure(|| closed.forecast(&base, year, Discount::NONE, &work));
        line("forecast_of_distinct", (least, middle), String::new());
    }
    if wanted("bootstrap") {
        let (draws, least, middle) = measure(|| {
            Bootstrap::new().replicates(20).draw(&closed, &base, &work).expect("twenty replicates")
        });
        line("bootstrap_20", (least, middle), format!("\"fits\": {}", draws.models().len()));
        // What a replicate would cost at least: a fit to as many weighted records, from the same
        // start, one on each thread.
        let (_, least, middle) = measure(|| {
            let refit = |_: u32| closed.refit(&base, &work).expect("a fit");
            in_parallel(20, &refit)
        });
        line("refits_20", (least, middle), String::new());
    }

    let mean = |values: &[f64]| {
        format!("\"mean\": {:.12}", values.iter().fold(0.0, |sum, v| sum + v) / n as f64)
    };
    let everybody = |of_distinct: &[f64]| -> Vec<f64> {
        base.places().iter().map(|&place| of_distinct[place as usize]).collect()
    };
    if wanted("score_palive") {
        let (alive, least, middle) = measure(|| model.p_alive_of(&records, &work));
        let alive = alive.expect("nobody cancels");
        let alive: Vec<f64> = alive.into_iter().map(|alive| alive.value()).collect();
        line("score_palive", (least, middle), mean(&alive));
    }
    let forecast = |discount| {
        let forecast = model.forecast(&base, Days::weeks(52), discount, &work).expect("a forecast");
        everybody(&forecast.iter().map(|seen| seen.purchases).collect::<Vec<_>>())
    };
    if wanted("score_expected") {
        let (expected, least, middle) = measure(|| forecast(Discount::NONE));
        line("score_expected", (least, middle), mean(&expected));
    }

    let spend: Vec<Option<SpendRecord>> =
        rows.iter().map(|&[x, _, _, mean]| SpendRecord::new(x as u32, mean).ok()).collect();
    if wanted("gammagamma_fit") {
        let (fitted, least, middle) =
            measure(|| GammaGamma::new().fit(&spend, &work).expect("a fit"));
        let parameters = [fitted.p(), fitted.q(), fitted.gamma()];
        line("gammagamma_fit", (least, middle), format!("\"params\": {parameters:.5?}"));
    }
    if wanted("score_clv12") {
        // The published spend of the CDNOW cohort; a fit is not what is measured here.
        let spend_model =
            GammaGamma::with_parameters(6.25, 3.74, 15.44).expect("the published parameters");
        let (value, least, middle) = measure(|| {
            let purchases = forecast(Discount::annual(0.1).expect("a rate"));
            let worth = |(purchases, &seen): (&f64, &Option<SpendRecord>)| {
                purchases * spend_model.expected_spend(seen).map_or(0.0, |spend| spend.amount())
            };
            purchases.iter().zip(&spend).map(worth).collect::<Vec<f64>>()
        });
        line("score_clv12", (least, middle), mean(&value));
    }
}

criterion_group!(benches, value);

fn main() {
    let arguments = std::env::args().skip(1).filter(|name| !name.starts_with("--"));
    let (files, tasks): (Vec<String>, Vec<String>) =
        arguments.partition(|name| name.ends_with(".npy"));
    if files.is_empty() {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    for file in &files {
        beside_the_peers(file, &tasks);
    }
}
