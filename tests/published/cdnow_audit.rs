//! The audit of the CDNOW cohort by quarter, counted from the log by an independent script, and what
//! of its migration a base that does not change would show.

use segmentry::data::{CsvTransactions, CustomerHistory, HistorySpec};
use segmentry::units::{Calendar, Days, Money, Probability};
use segmentry::value::{
    CustomerBaseAudit, GammaGamma, MbgNbd, MigrationForecast, Monetary, PurchaseRecord,
    PurchaseSummary, QuantileGroups, Resampling, Rfm, RfmQuantities, SpendRecord, Standing,
};
use segmentry::work::Work;

fn history(until: Option<&str>) -> CustomerHistory {
    let file = format!("{}/examples/data/cdnow.csv", env!("CARGO_MANIFEST_DIR"));
    let shop = CsvTransactions::open(file).unwrap().time("date");
    let mut spec = HistorySpec::new().purchase_days();
    if let Some(until) = until {
        spec = spec.observed_until(until.parse().unwrap());
    }
    CustomerHistory::read(&shop, &spec, &Work::new()).unwrap()
}

fn audit() -> CustomerBaseAudit {
    CustomerBaseAudit::of(&history(None), Calendar::Quarters).unwrap()
}

fn cents(money: Money) -> i64 {
    (money.amount() * 100.0).round() as i64
}

/// Customers, purchase days and cents of each quarter.
const QUARTERS: [(u64, u64, i64); 6] = [
    (2357, 3169, 11_249_861),
    (524, 920, 3_362_963),
    (418, 725, 2_698_731),
    (404, 731, 2_810_927),
    (384, 656, 2_488_658),
    (300, 495, 1_798_054),
];

#[test]
fn every_look_has_the_counted_figures() {
    let audit = audit();
    let cohort = audit.cohort(0).unwrap();
    let health = audit.health();
    assert_eq!(cohort.acquired, 2357);
    let mut so_far = 0;
    for (period, counted) in QUARTERS.into_iter().enumerate() {
        let lens = audit.period(period).unwrap();
        for of in [lens.total, cohort.ages[period].turnover, health.periods[period].total] {
            assert_eq!((of.customers, of.purchases, cents(of.gross)), counted);
        }
        so_far += counted.2;
        let retention = cohort.ages[period].retention.unwrap();
        assert!((retention - counted.0 as f64 / 2357.0).abs() < 1e-15);
        let each = cohort.ages[period].cumulative_per_acquired.unwrap().amount();
        assert!((each - so_far as f64 / 235_700.0).abs() < 1e-9);
        assert_eq!(health.periods[period].new_share, Some(if period == 0 { 1.0 } else { 0.0 }));
    }
    assert_eq!((health.total.purchases, cents(health.total.net)), (6696, 24_409_194));

    let lens = audit.period(1).unwrap();
    let bands: Vec<(u32, u64)> =
        lens.by_purchases.iter().map(|band| (band.each, band.turnover.customers)).collect();
    let counted = [317, 114, 54, 17, 9, 4, 4, 2];
    assert_eq!(bands[..8], (1..=8).zip(counted).collect::<Vec<_>>());
    assert_eq!(bands[8..], [(10, 2), (12, 1)]);
    assert_eq!((lens.deciles[0].customers, cents(lens.deciles[0].gross)), (53, 1_241_673));
}

#[test]
fn two_quarters_have_the_counted_flows() {
    let lens = audit().between(1, 2).unwrap();
    let of = |flow: segmentry::value::Turnover| (flow.customers, cents(flow.gross));
    assert_eq!(of(lens.retained_before), (214, 1_702_320));
    assert_eq!(of(lens.retained_after), (214, 1_658_698));
    assert_eq!(of(lens.lost), (310, 1_660_643));
    assert_eq!(of(lens.reactivated), (204, 1_040_033));
    assert_eq!(of(lens.new), (0, 0));
    let best = Standing::Group(1);
    let count = |from, to| lens.migration.cell(from, to).customers;
    assert_eq!((count(best, best), count(best, Standing::NotActive)), (15, 21));
    assert_eq!(
        (count(Standing::Group(10), Standing::NotActive), count(best, Standing::Group(10))),
        (33, 0)
    );
    let change = lens.change.total;
    assert_eq!(cents(change.change), 2_698_731 - 3_362_963);
    let parts = [change.customers, change.mix, change.orders_per_customer, change.order_value];
    assert_eq!(parts.into_iter().map(cents).sum::<i64>(), cents(change.change));
}

/// Of the 53 best customers of the second quarter of 1997 only 15 are among the best of the third,
/// and 21 do not buy. Fitted to the time before, MBG/NBD and Gamma-Gamma foresee nearly that: hardly
/// any of it is news.
#[test]
fn the_best_fall_back_as_a_base_that_does_not_change_would() {
    let known = history(Some("1997-06-30"));
    let work = Work::new();
    let base = PurchaseSummary::of(&known);
    let purchases = MbgNbd::new().fit(&base, &work).unwrap();
    let spend = SpendRecord::of(&known);
    let paid = GammaGamma::new().fit(&spend, &work).unwrap();
    let records: Vec<Option<PurchaseRecord>> =
        base.places().iter().map(|&place| Some(base.distinct()[place as usize])).collect();
    let audit = audit();
    let deciles = QuantileGroups::new(10);
    let [before, after] = [1, 2].map(|quarter| audit.standings(quarter, &deciles).unwrap());
    let forecast = MigrationForecast::new(purchases, paid, Days::new(92)).replicates(100);
    let expected =
        forecast.expected(known.ids(), &records, &spend, [&before, &after], &work).unwrap();
    let best = Standing::Group(1);
    for (to, observed) in [(best, 15), (Standing::NotActive, 21)] {
        let cell = expected.cell(best, to).unwrap();
        assert_eq!(cell.observed, observed);
        assert!(cell.surprise().unwrap().abs() < 3.0, "{cell:?}");
    }
    let stay = expected.cell(best, best).unwrap();
    assert!(stay.row_share.unwrap() < 0.6, "{stay:?}");
}

#[test]
fn intervals_hold_the_published_concentration() {
    let history = history(None);
    let spend: Vec<Money> = (0..history.n_customers()).map(|row| history.net(row)).collect();
    let top = [0.1, 0.2].map(|share| Probability::new(share).unwrap());
    let found = Resampling::new().replicates(399).concentration(&spend, &top, &Work::new());
    let found = found.unwrap().unwrap();
    let published =
        [(found.gini, 0.6309), (found.top_shares[0], 0.5081), (found.top_shares[1], 0.6746)];
    for (of, printed) in published {
        assert!((of.estimate - printed).abs() < 5e-5, "{of:?}");
        assert!(of.low < printed && printed < of.high && of.high - of.low < 0.1, "{of:?}");
        let width = (of.high - of.low) / (2.0 * 1.96 * of.standard_error);
        assert!((width - 1.0).abs() < 0.25, "{of:?}");
    }
}

#[test]
fn scores_follow_the_quantities() {
    let history = history(None);
    let base = RfmQuantities::of(&history, Monetary::Net);
    let found = Rfm::new().score(&base, history.ids()).unwrap();
    let best = found.of.iter().zip(&base).filter(|(score, _)| score.cell() == "555");
    let (mut customers, mut spend) = (0, 0.0);
    for (_, of) in best {
        customers += 1;
        spend += of.monetary.amount();
    }
    // A tenth of the customers with two fifths of the money.
    assert!(customers > 150 && customers < 400, "{customers}");
    assert!(spend / 244_091.94 > 0.3, "{spend}");
}
