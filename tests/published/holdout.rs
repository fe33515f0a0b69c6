//! Forecasts of the CDNOW holdout of 39 weeks, at the published parameters.
//!
//! The reference values were computed independently at 40 digits from the days of the log.

use segmentry::data::{CsvTransactions, CustomerHistory, HistorySpec};
use segmentry::units::Days;
use segmentry::value::{
    BgNbd, Calibration, FittedBetaGeometric, ForecastScore, HoldoutTest, MbgNbd, PurchaseSummary,
    Quantity,
};
use segmentry::work::Work;

use crate::close;

const FORTY_DIGITS: f64 = 1e-12;
const LENGTH: Days = Days::weeks(39);

fn history() -> CustomerHistory {
    let file = format!("{}/examples/data/cdnow.csv", env!("CARGO_MANIFEST_DIR"));
    let shop = CsvTransactions::open(file).unwrap().time("date");
    let spec = HistorySpec::new()
        .observed_until("1997-09-30".parse().unwrap())
        .holdout_until("1998-06-30".parse().unwrap())
        .purchase_days();
    CustomerHistory::read(&shop, &spec, &Work::new()).unwrap()
}

fn forecast(history: &CustomerHistory, expected: impl Fn(usize) -> f64) -> Vec<f64> {
    let base = PurchaseSummary::of(history);
    let distinct: Vec<f64> = (0..base.distinct().len()).map(expected).collect();
    base.places().iter().map(|&place| distinct[place as usize]).collect()
}

fn score(history: &CustomerHistory, name: &str, forecast: &[f64]) -> ForecastScore {
    HoldoutTest::of(history).unwrap().score(name, Quantity::Purchases, forecast).unwrap()
}

/// Mean forecasts of customers with 0, 1, .. 6 and 7 or more repeat purchases; what they did, and
/// how many they are.
fn equals(got: &[Calibration], forecast: [f64; 8]) {
    const ACTUAL: [(f64, u64); 8] = [
        (0.236_711_552_090_715_82, 1411),
        (0.697_038_724_373_576_3, 439),
        (1.392_523_364_485_981_4, 214),
        (1.56, 100),
        (2.532_258_064_516_129, 62),
        (2.947_368_421_052_631_4, 38),
        (3.862_068_965_517_241_5, 29),
        (6.359_375, 64),
    ];
    assert_eq!(got.len(), 8);
    for (x, ((got, forecast), (actual, customers))) in
        got.iter().zip(forecast).zip(ACTUAL).enumerate()
    {
        assert_eq!((got.group, got.customers), (x as u32, customers));
        close(got.actual, actual, 1e-14);
        close(got.forecast, forecast, FORTY_DIGITS);
    }
}

fn beta_geometric(history: &CustomerHistory, model: &FittedBetaGeometric) -> ForecastScore {
    let base = PurchaseSummary::of(history);
    let forecast =
        forecast(history, |place| model.expected_purchases(&base.distinct()[place], LENGTH));
    score(history, model.name(), &forecast)
}

#[test]
fn bg_nbd() {
    let history = history();
    let model = BgNbd::with_parameters(0.243, 4.414, 0.793, 2.426).unwrap();
    let score = beta_geometric(&history, &model);
    assert_eq!(score.actual, 1882.0);
    close(score.forecast, 1_653.941_259_313_348_2, FORTY_DIGITS);
    close(score.mean_absolute_error, 0.785_609_147_978_489_9, FORTY_DIGITS);
    close(score.root_mean_squared_error, 1.607_977_664_682_994, FORTY_DIGITS);
    equals(
        &score.by_repeat_purchases,
        [
            0.225_450_879_156_769_7,
            0.523_176_131_644_426_9,
            1.044_169_720_170_233_6,
            1.520_292_679_812_215_2,
            2.163_874_733_154_742,
            2.653_831_669_090_127,
            3.503_990_654_437_723_5,
            6.157_071_766_779_348,
        ],
    );
}

#[test]
fn mbg_nbd() {
    let history = history();
    let model = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614).unwrap();
    let score = beta_geometric(&history, &model);
    close(score.forecast, 1_577.128_799_929_768_8, FORTY_DIGITS);
    close(score.mean_absolute_error, 0.764_829_114_845_064, FORTY_DIGITS);
    close(score.root_mean_squared_error, 1.607_163_433_611_152_4, FORTY_DIGITS);
    equals(
        &score.by_repeat_purchases,
        [
            0.185_234_754_346_183_3,
            0.551_515_431_610_666_9,
            1.049_218_497_960_810_1,
            1.493_289_193_106_544,
            2.104_772_491_060_548,
            2.564_084_040_797_361_7,
            3.361_527_671_793_305,
            5.849_534_667_467_098,
        ],
    );
}

/// The rules that need no model, counted from the log by an independent script, and what the
/// fitted model makes of the same customers.
#[test]
fn a_fitted_model_beats_the_rules() {
    let history = history();
    let base = PurchaseSummary::of(&history);
    let model = MbgNbd::new().fit(&base, &Work::new()).unwrap();
    let forecast =
        forecast(&history, |place| model.expected_purchases(&base.distinct()[place], LENGTH));
    let test = HoldoutTest::of(&history).unwrap();
    let report = test.judge(model.name(), Quantity::Purchases, &forecast).unwrap();
    assert!(report.beats_all(), "{report}");
    let rules = [
        ("mean", 2_928.946_248_372_073, 1.382_076_835_491_913, 2.104_232_688_076_193),
        ("last period", 4814.0, 1.596_096_733_135_341_5, 2.317_958_518_358_313_6),
        ("hiatus rule", 2_596.680_698_365_025_4, 0.940_425_591_936_796_8, 2.187_014_162_328_955),
    ];
    for (got, (name, total, absolute, squared)) in report.baselines.iter().zip(rules) {
        assert_eq!(got.score.forecaster, name);
        close(got.score.forecast, total, 1e-12);
        close(got.score.mean_absolute_error, absolute, 1e-12);
        close(got.score.root_mean_squared_error, squared, 1e-12);
    }
}
