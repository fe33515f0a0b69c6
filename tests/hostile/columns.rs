//! Columns in memory whose numbers are none, or more than fit.

use segmentry::blueprint::Blueprint;
use segmentry::data::{
    Amounts, Batch, Batches, CustomerHistory, DataError, HistorySpec, IdColumn, ScanRequest,
    SourceError, Times, TransactionSource,
};
use segmentry::work::Work;

/// Columns as a careless caller hands them over.
struct Columns(Vec<i64>, Vec<f64>);

impl TransactionSource for Columns {
    fn scan(&self, _: usize, _: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        let ids = IdColumn::integers(vec![1; self.0.len()]);
        Ok(Batches::one(Batch::new(
            ids,
            Times::Seconds((&self.0[..]).into()),
            Amounts::Major((&self.1[..]).into()),
        )?))
    }
}

#[test]
fn numbers_that_are_none_end_in_a_typed_error_with_the_row() {
    let read = |times: Vec<i64>, amounts: Vec<f64>| {
        CustomerHistory::read(&Columns(times, amounts), &HistorySpec::new(), &Work::new())
    };
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300] {
        let error = read(vec![0, 0], vec![1.0, bad]).unwrap_err();
        assert!(matches!(error, DataError::Unreadable { partition: 0, row: 1, .. }), "{error}");
    }
    for bad in [i64::MAX, i64::MIN, -62_135_596_801, 253_402_300_800] {
        let error = read(vec![0, bad], vec![1.0, 1.0]).unwrap_err();
        assert!(matches!(error, DataError::Unreadable { row: 1, .. }), "{error}");
    }
    // The years 1 and 9999 are days like any other.
    assert!(read(vec![-62_135_596_800, 253_402_300_799], vec![1.0, 1.0]).is_ok());
    let huge = read(vec![0, 86_400], vec![9e16, 9e16]).unwrap_err();
    assert!(matches!(huge, DataError::AmountOverflow { .. }), "{huge}");
    assert!(!format!("{huge} {huge:?}").contains("\"1\""));
    let ragged = read(vec![0], vec![1.0, 1.0]).unwrap_err();
    assert!(matches!(ragged, DataError::Source { .. }));
}

#[test]
fn extreme_but_possible_bases_finish() {
    let day = 86_400;
    let build = |times: Vec<i64>, amounts: Vec<f64>| {
        Blueprint::new()
            .build(&Columns(times, amounts), &Work::new())
            .map(|result| result.value().basis().to_string())
    };
    assert!(build(vec![0], vec![0.0]).is_ok());
    assert!(build(vec![0, day], vec![0.01, 9e16]).is_ok());
    assert!(build((0..3_000).map(|i| i * day).collect(), vec![1.0; 3_000]).is_ok());
    assert!(build(vec![-62_135_596_800, 253_402_300_799], vec![1.0, 1.0]).is_ok());
}
