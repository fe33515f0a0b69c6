//! UCI Online Retail as it is: returns, missing customers, cancellations, things that are no
//! products.
//!
//! Chen, Sain & Guo (2012), doi:10.1057/dbm.2012.17. The file is too large to copy; the figures
//! were counted by an independent script.

use std::path::PathBuf;

use flate2::read::GzDecoder;
use segmentry::blueprint::Blueprint;
use segmentry::data::{CsvTransactions, FindingGrade, FindingKind, Findings, Statistic};
use segmentry::units::{Money, Probability};
use segmentry::work::Work;

use crate::{close, elsewhere, prints_as};

fn file() -> Option<PathBuf> {
    elsewhere("value/uci_online_retail.csv.gz")
}

#[test]
fn the_main_job_under_the_default_rules() {
    let Some(path) = file() else { return };
    let shop = CsvTransactions::from_reader(GzDecoder::new(std::fs::File::open(path).unwrap()))
        .customer("CustomerID")
        .time("InvoiceDate")
        .quantity("Quantity")
        .price("UnitPrice")
        .order("InvoiceNo")
        .product("StockCode");
    let result = Blueprint::new().build(&shop, &Work::new()).unwrap();

    let quality = result.quality();
    assert_eq!((quality.rows_read, quality.accounted_for()), (541_909, 541_909));
    assert_eq!(quality.missing_customers.rows, 135_080);
    assert_eq!(quality.duplicates.unwrap().rows, 5_270);
    assert_eq!(quality.returns.rows, 8_905);
    prints_as(quality.returns.amount.amount(), -611_342.09, 0.005);
    // Forty at a price of zero, and four at 0.001 that round to no cent.
    assert_eq!(quality.zero_amounts.rows, 44);
    assert_eq!((quality.customers, quality.customers_without_purchase.customers), (4_339, 33));
    // Four prices have a third decimal; each row is rounded to the cent once.
    prints_as(quality.purchases.amount.amount(), 8_911_407.904, 0.01);

    judged(result.findings());

    let held = result.concentration().unwrap();
    let top = |share| held.top_share(Probability::new(share).unwrap());
    prints_as(top(0.1), 0.613_750_66, 5e-9);
    prints_as(top(0.2), 0.746_171_37, 5e-9);
    prints_as(held.gini(), 0.715_205_27, 5e-9);

    // What lapsed is won back, also where the model cannot tell dropout from a low rate.
    let value = result.value();
    assert!(value.basis().notes.iter().any(|note| note.contains("cannot tell dropout")));
    // Levers without inputs say which one is missing, for everybody.
    let rules = result.strategies().rules();
    for (lever, rule) in [
        ("cross_sell", "the products held are not known"),
        ("reduce_cost_to_serve", "the cost to serve is not known"),
        ("up_sell", "no tiers are stated"),
        ("migrate", "no move is stated"),
    ] {
        let told = rules.iter().find(|told| told.0.as_str() == lever && told.1 == rule);
        assert_eq!(told.map(|told| told.2), Some(4_339), "{lever}");
    }
    let silent = (0..value.rows().len()).filter(|&row| {
        value.rows()[row].purchases == 1 && value.rows()[row].days_since_last.count() > 300
    });
    let mut counted = 0;
    for row in silent {
        let customer = result.strategies().customer(row);
        let primary = customer.primary();
        assert_eq!(primary.name(), "win_back");
        assert!(primary.gain() >= Money::ZERO);
        counted += 1;
    }
    assert!(counted > 100, "{counted}");
}

/// A quarter of the rows name nobody, some customers undid all they bought (one of them 80,995
/// units in one order), and the best buyers spend more each time.
fn judged(findings: &Findings) {
    let flagged: Vec<FindingKind> =
        findings.graded(FindingGrade::Flag).map(|finding| finding.kind).collect();
    let expected = [
        FindingKind::MissingCustomers,
        FindingKind::ExactRepeats,
        FindingKind::SpendDependence,
        FindingKind::UndoneSales,
    ];
    assert_eq!((findings.grade(), &flagged[..]), (FindingGrade::Flag, &expected[..]));
    let open: Vec<FindingKind> =
        findings.graded(FindingGrade::CouldNotBeMade).map(|finding| finding.kind).collect();
    assert_eq!(open, [FindingKind::CurrencyMixture]);
    let of = |kind, statistic| {
        let measures = &findings.of_kind(kind).unwrap().measures;
        measures.iter().find(|measure| measure.statistic == statistic).unwrap().value
    };
    let missing = FindingKind::MissingCustomers;
    close(of(missing, Statistic::RowsWithoutCustomer), 135_080.0 / 541_909.0, 1e-15);
    // Sums of rows, each rounded to the cent.
    close(of(missing, Statistic::MoneyWithoutCustomer), 0.148_514_5, 1e-5);
    close(of(FindingKind::ExactRepeats, Statistic::RepeatedRows), 5_270.0 / 541_909.0, 1e-15);
    let returns_only = FindingKind::ReturnsOnlyCustomers;
    close(of(returns_only, Statistic::ReturnsOnlyCustomers), 33.0 / 4_372.0, 1e-15);
    close(of(FindingKind::UndoneSales, Statistic::ReturnedMoney), 611_342.09 / 8_911_407.9, 1e-6);
    close(of(FindingKind::UndoneSales, Statistic::UndoneMoney), 0.033_232_984_4, 1e-6);
    assert_eq!(findings.of_kind(FindingKind::UndoneSales).unwrap().customers, Some(24));
    let ranks = of(FindingKind::SpendDependence, Statistic::SpendRankCorrelation);
    close(ranks, 0.210_284_515_8, 1e-6);
    close(of(FindingKind::ShortWindow, Statistic::AgeInGaps), 248.0 / 58.8, 1e-12);
    close(of(FindingKind::ContractualRhythm, Statistic::CalendarRhythm), 4.0 / 1_415.0, 1e-15);
    close(of(FindingKind::LargestCustomer, Statistic::LargestShare), 0.031_443_518_6, 1e-6);
}
