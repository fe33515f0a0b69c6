//! UCI Online Retail as it is: returns, missing customers, cancellations, things that are no
//! products.
//!
//! Chen, Sain & Guo (2012), doi:10.1057/dbm.2012.17. The file is too large to copy; the figures
//! were counted by an independent script.

use std::path::PathBuf;

use flate2::read::GzDecoder;
use segmentry::blueprint::Blueprint;
use segmentry::data::CsvTransactions;
use segmentry::units::{Money, Probability};
use segmentry::work::Work;

use crate::prints_as;

/// The file, or nothing where the data are not at hand; then it says so.
fn file() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("SEGMENTRY_DATA") else {
        println!(
            "skipped: SEGMENTRY_DATA does not name the folder with value/uci_online_retail.csv.gz"
        );
        return None;
    };
    let path = PathBuf::from(folder).join("value/uci_online_retail.csv.gz");
    assert!(path.exists(), "{} is missing", path.display());
    Some(path)
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

    let held = result.concentration().unwrap();
    let top = |share| held.top_share(Probability::new(share).unwrap());
    prints_as(top(0.1), 0.613_750_66, 5e-9);
    prints_as(top(0.2), 0.746_171_37, 5e-9);
    prints_as(held.gini(), 0.715_205_27, 5e-9);

    // What lapsed is won back, also where the model cannot tell dropout from a low rate.
    let value = result.value();
    assert!(value.basis().notes.iter().any(|note| note.contains("cannot tell dropout")));
    let silent = (0..value.rows().len()).filter(|&row| {
        value.rows()[row].purchases == 1 && value.rows()[row].days_since_last.count() > 300
    });
    let mut counted = 0;
    for row in silent {
        let primary = result.strategies().customer(row).primary();
        assert_eq!(primary.name(), "win_back");
        assert!(primary.gain() >= Money::ZERO);
        counted += 1;
    }
    assert!(counted > 100, "{counted}");
}
