use super::*;
use crate::value::PurchaseRecord;

fn record(x: u32, t_x: f64, age: f64) -> PurchaseRecord {
    PurchaseRecord::new(x, t_x, age).unwrap()
}

fn base() -> PurchaseSummary {
    let rows = [
        (0, 0.0, 200.0),
        (0, 0.0, 130.0),
        (1, 20.0, 200.0),
        (1, 199.0, 200.0),
        (2, 150.0, 200.0),
        (5, 60.0, 160.0),
        (20, 190.0, 200.0),
        (20, 200.0, 200.0),
        (90, 3.0, 200.0),
    ];
    let records = rows.map(|(x, t_x, age)| record(x, t_x, age));
    PurchaseSummary::from_records(records).unwrap()
}

const POINTS: [[f64; 4]; 4] =
    [[-0.6, 2.3, -0.5, 2.4], [0.8, 3.0, 1.2, -0.7], [2.0, -1.0, -3.0, -2.0], [-2.0, 5.0, 1.0, 6.0]];

#[test]
fn derivatives_equal_finite_differences() {
    let base = base();
    let work = Work::new();
    for rows in [true, false].map(|with| Rows::with_tables(&base, with)) {
        let evaluate = |logs: &[f64; 4]| rows.negative_log_likelihood(logs, &work).unwrap();
        for at in POINTS {
            let here = evaluate(&at);
            let step = 1e-5;
            for i in 0..4 {
                let moved = |by: f64| {
                    let mut there = at;
                    there[i] += by;
                    evaluate(&there)
                };
                let (up, down) = (moved(step), moved(-step));
                let slope = (up.value - down.value) / (2.0 * step);
                assert!(
                    (slope - here.gradient[i]).abs() < 1e-6 * slope.abs().max(1.0),
                    "{i}: {slope} {}",
                    here.gradient[i]
                );
                for j in 0..4 {
                    let curve = (up.gradient[j] - down.gradient[j]) / (2.0 * step);
                    assert!(
                        (curve - here.hessian[i][j]).abs() < 1e-5 * curve.abs().max(1.0),
                        "{i} {j}: {curve} {}",
                        here.hessian[i][j]
                    );
                }
            }
        }
    }
}

#[test]
fn tables_equal_single_integrals() {
    let base = base();
    let work = Work::new();
    for at in POINTS {
        let [tables, single] = [true, false].map(|with| {
            Rows::with_tables(&base, with).negative_log_likelihood(&at, &work).unwrap()
        });
        let close = |got: f64, want: f64| {
            assert!((got - want).abs() < 1e-12 * want.abs().max(1.0), "{got} {want}");
        };
        close(tables.value, single.value);
        for i in 0..4 {
            close(tables.gradient[i], single.gradient[i]);
            for j in 0..4 {
                close(tables.hessian[i][j], single.hessian[i][j]);
            }
        }
    }
}

#[test]
fn the_sum_of_single_likelihoods_is_the_likelihood() {
    let base = base();
    for at in POINTS {
        let model = FittedParetoNbd::with(at.map(exp));
        let whole = Rows::of(&base).negative_log_likelihood(&at, &Work::new()).unwrap();
        let mut single = 0.0;
        for (record, &n) in base.distinct().iter().zip(base.customers()) {
            single += model.log_likelihood_of(record) * n as f64;
        }
        assert!((whole.value + single).abs() < 1e-13 * single.abs(), "{} {single}", whole.value);
    }
}
