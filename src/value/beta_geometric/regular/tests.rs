use super::fit::negative_log_likelihood;
use super::*;
use crate::num::random::{Purpose, Stream};
use crate::num::real::{exp, ln};
use crate::value::{BgNbd, MbgNbd, PurchaseSummary};

/// Customers who buy at Erlang-k times and drop out after purchases, as MBG/CNBD-k says.
fn simulated(k: u32, n: u64) -> PurchaseRhythm {
    let customer = |row| {
        let mut stream = Stream::new(11, Purpose::Timing, row);
        let rate = stream.gamma(2.0) / 0.5 * f64::from(k) / 4.0;
        let dropout = stream.beta(0.8, 3.0);
        let end = 200.0 + (stream.uniform() * 160.0).floor();
        let (mut ages, mut age) = (Vec::new(), 0.0);
        while stream.uniform() >= dropout {
            for _ in 0..k {
                age -= 7.0 * ln(stream.open_uniform()) / rate;
            }
            if age > end {
                break;
            }
            ages.push(age);
        }
        (ages, end)
    };
    PurchaseRhythm::from_ages((0..n).map(customer)).unwrap()
}

#[test]
fn the_regularity_of_simulated_customers_is_found() {
    for k in [1, 3] {
        let rhythm = simulated(k, 600);
        let model = MbgCnbd::new().fit(&rhythm, &Work::new()).unwrap();
        assert_eq!(model.k(), k);
        assert_eq!(*model.status(), FitStatus::Converged);
        let errors = model.covariance().unwrap();
        // Drawn with r 2, α 0.5 · 4 / k, a 0.8 and b 3: within four standard errors.
        for (i, truth) in [2.0, 2.0 / f64::from(k), 0.8, 3.0].into_iter().enumerate() {
            let off = (model.parameters()[i].1 - truth) / errors[i][i].sqrt();
            assert!(off.abs() < 4.0, "{i}: {off}");
        }
    }
}

#[test]
fn random_timing_is_the_plain_model() {
    let rhythm = simulated(1, 200);
    let work = Work::new();
    let plain = MbgNbd::new().fit(rhythm.base(), &work).unwrap();
    let model = MbgCnbd::new().regularity(1).fit(&rhythm, &work).unwrap();
    assert_eq!(model.hidden, plain);
    // The regular formulas at k = 1 are the plain ones, too.
    let p = plain.values();
    let logs = p.map(ln);
    let whole = negative_log_likelihood(Variant::MbgNbd, 1, rhythm.base(), &logs, &work).unwrap();
    assert!((whole.value + plain.log_likelihood().unwrap()).abs() < 1e-12 * whole.value);
    let steepest = whole.gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
    assert!(steepest < 1e-6, "{steepest}");
    let record = PurchaseRecord::new(3, 100.0, 150.0).unwrap();
    let odds = likelihood::odds_gone(Variant::MbgNbd, 1, &record, p);
    assert!((odds / plain.odds_gone(&record) - 1.0).abs() < 1e-13);
    let year = Days::weeks(52);
    let sum = model.p_alive(&record).value() * model.purchases_if_alive(&record, 52.0);
    assert!((sum / plain.expected_purchases(&record, year) - 1.0).abs() < 1e-12);
    let (chances, plain) = (
        model.purchase_distribution(&record, year, 5),
        plain.purchase_distribution(&record, year, 5),
    );
    for (got, want) in chances.into_iter().zip(plain) {
        assert!((got - want).abs() < 1e-14);
    }
}

/// A model, weeks at the repeat purchases and at the end, weeks ahead, and what is to come out.
type Case<'a> = (FittedCnbd, &'a [f64], f64, u32, [f64; 4]);

/// Integrals over rate and dropout probability, of densities written out, at 30 digits (mpmath).
#[test]
fn single_customers_are_what_the_integrals_say() {
    let weeks = |weeks: f64| weeks * 7.0;
    let cases: [Case<'_>; 3] = [
        (
            MbgCnbd::with_parameters(2, 1.5, 3.0, 0.8, 2.5).unwrap(),
            &[4.0, 10.0],
            16.0,
            8,
            [
                -6.509_011_598_237_517,
                0.656_296_379_701_268_3,
                0.831_534_935_064_517,
                0.522_586_362_890_423,
            ],
        ),
        (
            BgCnbd::with_parameters(3, 1.5, 1.0, 0.8, 2.5).unwrap(),
            &[4.0, 6.0, 10.0],
            11.0,
            8,
            [
                -6.818_139_397_783_437,
                0.838_080_731_137_180_6,
                1.791_469_607_969_872_6,
                0.807_368_141_611_388_6,
            ],
        ),
        (
            MbgCnbd::with_parameters(4, 2.0, 1.0, 1.0, 2.0).unwrap(),
            &[],
            5.0,
            6,
            [
                -0.767_518_984_074_193_1,
                0.281_861_839_674_916_9,
                0.265_068_288_834_926_34,
                0.197_728_112_301_440_72,
            ],
        ),
    ];
    for (model, ages, end, horizon, want) in cases {
        let ages: Vec<f64> = ages.iter().map(|&age| weeks(age)).collect();
        let rhythm = PurchaseRhythm::from_ages([(&ages, weeks(end))]).unwrap();
        let record = rhythm.base().distinct()[0];
        let k = f64::from(model.k());
        let x = f64::from(record.repeat_purchases());
        let ln_gamma_of_k = crate::num::special::ln_gamma(k);
        let intervals = (k - 1.0) * (rhythm.log_intervals() - x * ln(7.0)) - x * ln_gamma_of_k;
        let horizon = Days::weeks(horizon);
        let got = [
            model.log_likelihood_of(&record) + intervals,
            model.p_alive(&record).value(),
            model.expected_purchases(&record, horizon),
            model.p_active(&record, horizon).value(),
        ];
        for (got, want) in got.into_iter().zip(want) {
            assert!((got / want - 1.0).abs() < 1e-12, "{got} {want}");
        }
    }
}

#[test]
fn derivatives_equal_finite_differences() {
    let rhythm = simulated(3, 40);
    let work = Work::new();
    for (variant, k) in [(Variant::BgNbd, 2), (Variant::MbgNbd, 5)] {
        let at = [0.4, 1.2, -0.2, 0.9];
        let evaluate = |logs: &[f64; 4]| {
            negative_log_likelihood(variant, k, rhythm.base(), logs, &work).unwrap()
        };
        let (here, step) = (evaluate(&at), 1e-5);
        for i in 0..4 {
            let moved = |by: f64| {
                let mut there = at;
                there[i] += by;
                evaluate(&there)
            };
            let (up, down) = (moved(step), moved(-step));
            let slope = (up.value - down.value) / (2.0 * step);
            assert!((slope - here.gradient[i]).abs() < 1e-6 * slope.abs().max(1.0), "{i}: {slope}");
            for j in 0..4 {
                let curve = (up.gradient[j] - down.gradient[j]) / (2.0 * step);
                let off = (curve - here.hessian[i][j]).abs();
                assert!(off < 1e-5 * curve.abs().max(1.0), "{i} {j}: {curve}");
            }
        }
    }
}

#[test]
fn forecasts_agree_with_each_other() {
    let model = MbgCnbd::with_parameters(3, 1.5, 2.0, 0.8, 2.5).unwrap();
    let year = Days::weeks(52);
    for (x, t_x, age) in [(0, 0.0, 0.0), (0, 0.0, 90.0), (5, 80.0, 90.0), (40, 300.0, 320.0)] {
        let record = PurchaseRecord::new(x, t_x, age).unwrap();
        let chances = model.purchase_distribution(&record, year, 800);
        let (mut total, mut mean) = (0.0, 0.0);
        for (m, chance) in chances.iter().enumerate() {
            assert!(*chance >= 0.0);
            total += chance;
            mean += m as f64 * chance;
        }
        assert!((total - 1.0).abs() < 1e-12);
        let expected = model.expected_purchases(&record, year);
        assert!((mean / expected - 1.0).abs() < 1e-11, "{mean} {expected}");
        assert!((1.0 - chances[0] - model.p_active(&record, year).value()).abs() < 1e-12);
        let alive = model.p_alive(&record);
        assert_eq!(model.p_alive_after(&record, Days::new(0)), alive);
        assert!(model.p_alive_after(&record, year) < alive);

        // Discounting equals a fine sum, and none is none.
        let discount = Discount::annual(0.1).unwrap();
        let (mut sum, mut before) = (0.0, 0.0);
        for week in 1..=52 {
            let now = model.expected_purchases(&record, Days::weeks(week));
            sum += exp(-discount.weekly() * (f64::from(week) - 0.5)) * (now - before);
            before = now;
        }
        let discounted = model.discounted_purchases(&record, year, discount).unwrap();
        assert!((discounted / sum - 1.0).abs() < 1e-5, "{discounted} {sum}");
        let undiscounted = model.discounted_purchases(&record, year, Discount::NONE).unwrap();
        assert!((undiscounted / expected - 1.0).abs() < 1e-13);
        // At a rate at which little is left after the year, the year is nearly all.
        let steep = Discount::annual(1e6).unwrap();
        let ever = model.discounted_purchases(&record, Horizon::Forever, steep).unwrap();
        let year = model.discounted_purchases(&record, year, steep).unwrap();
        assert!(ever > year && ever < year * (1.0 + 1e-4), "{ever} {year}");
        assert!(model.discounted_purchases(&record, Horizon::Forever, Discount::NONE).is_err());
    }
}

#[test]
fn what_cannot_be_is_refused() {
    for k in [0, 1001] {
        let error = BgCnbd::with_parameters(k, 1.0, 1.0, 1.0, 1.0).unwrap_err();
        assert!(matches!(error, ValueError::Param { name: "k", .. }));
        assert!(BgCnbd::new().regularity(k).validate().is_err());
    }
    assert!(BgCnbd::with_parameters(2, f64::NAN, 1.0, 1.0, 1.0).is_err());
    for ages in [vec![3.0, 2.0], vec![0.0], vec![f64::NAN], vec![11.0]] {
        let error = PurchaseRhythm::from_ages([(ages, 10.0)]).unwrap_err();
        assert!(matches!(error, ValueError::BadValue { row: 0, .. }), "{error}");
    }
    let base = PurchaseSummary::from_records([]).unwrap();
    assert!(PurchaseRhythm::new(base.clone(), f64::NAN).is_err());
    let rhythm = PurchaseRhythm::new(base, 0.0).unwrap();
    let work = Work::new();
    let error = MbgCnbd::new().fit(&rhythm, &work).unwrap_err();
    assert!(matches!(error, ValueError::Refused { .. }));
    assert_eq!(
        BgNbd::new().fit(rhythm.base(), &work).unwrap_err().to_string(),
        error.to_string().replace("MBG/", "BG/")
    );
}

#[test]
fn forecasts_of_a_base_are_those_of_its_customers() {
    let records = [(0, 0.0, 100.0), (0, 0.0, 364.0), (1, 50.0, 190.0), (12, 250.0, 280.0)]
        .map(|(x, t_x, age)| PurchaseRecord::new(x, t_x, age).unwrap());
    let base = PurchaseSummary::from_records(records).unwrap();
    let models = [
        MbgCnbd::with_parameters(2, 0.5, 3.0, 0.8, 2.5).unwrap(),
        BgCnbd::with_parameters(5, 1.5, 0.9, 0.3, 4.0).unwrap(),
    ];
    for model in models {
        for (weeks, annual) in [(52, 0.1), (52, 0.0), (3, 5.0), (520, 0.02)] {
            let (horizon, discount) = (Days::weeks(weeks), Discount::annual(annual).unwrap());
            let all = model.forecast(&base, horizon, discount, &Work::new()).unwrap();
            for (record, seen) in base.distinct().iter().zip(all) {
                assert_eq!(seen.p_alive, model.p_alive(record));
                assert_eq!(seen.p_active, model.p_active(record, horizon));
                let one = model.discounted_purchases(record, horizon, discount).unwrap();
                let off = (seen.purchases / one - 1.0).abs();
                assert!(off < 1e-10, "{record:?} {weeks} {annual}: {off:e}");
                assert!(seen.if_staying >= seen.if_alive && seen.if_alive >= seen.purchases);
            }
        }
    }
}

#[test]
fn who_cannot_leave_buys_as_though_dropout_were_impossible() {
    let base = PurchaseSummary::from_records([PurchaseRecord::new(4, 60.0, 90.0).unwrap()]);
    let model = MbgCnbd::with_parameters(3, 1.5, 0.9, 1e-6, 1e8).unwrap();
    let discount = Discount::annual(0.1).unwrap();
    let seen = model.forecast(&base.unwrap(), Days::weeks(52), discount, &Work::new()).unwrap()[0];
    assert!((seen.if_alive / seen.if_staying - 1.0).abs() < 1e-9, "{seen:?}");
}

#[test]
fn a_refit_keeps_k_and_ends_where_the_fit_did() {
    let rhythm = simulated(3, 300);
    let work = Work::new();
    let fitted = MbgCnbd::new().regularity(3).fit(&rhythm, &work).unwrap();
    let away = fitted.at([1.0, 1.0, 1.0, 1.0]).refit(rhythm.base(), &work).unwrap();
    assert_eq!((away.k(), away.log_likelihood()), (3, None));
    for (a, b) in away.parameters().iter().zip(fitted.parameters()) {
        assert!((a.1 / b.1 - 1.0).abs() < 1e-6, "{a:?} {b:?}");
    }
}
