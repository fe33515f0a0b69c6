//! The join beside a plain program, and input that nobody should have to send.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::data::{
    AttributeBatches, AttributeKind, AttributeValues, Availability, MultiAnswers, Options, Origin,
    OutOfDomain, SourceError,
};

struct Table {
    fields: Vec<AttributeField>,
    batches: Vec<AttributeBatch<'static>>,
}

impl AttributeSource for Table {
    fn fields(&self) -> Result<Vec<AttributeField>, SourceError> {
        Ok(self.fields.clone())
    }

    fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
        Ok(Box::new(self.batches.iter().cloned().map(Ok)))
    }
}

fn ids(names: &[&str]) -> IdColumn<'static> {
    IdColumn::texts(names.iter().collect())
}

fn one_column(kind: AttributeKind, names: &[&str], values: AttributeValues<'static>) -> Table {
    Table {
        fields: vec![AttributeField::own("field", kind)],
        batches: vec![AttributeBatch { customers: ids(names), columns: vec![values] }],
    }
}

fn customers() -> CustomerIds {
    CustomerIds::from_texts(["a", "b", "c"]).unwrap()
}

#[test]
fn levels_do_not_depend_on_the_order_of_rows() {
    let read = |names: &[&str], texts: &[&str]| {
        let table = one_column(
            AttributeKind::Category,
            names,
            AttributeValues::Text(texts.iter().collect()),
        );
        let joined = Attributes::read(&table, &customers(), &Work::new()).unwrap();
        let (levels, codes) = joined.column("field").unwrap().levels().unwrap();
        (levels.to_vec(), codes.to_vec())
    };
    let forward = read(&["a", "b", "c"], &["west", "east", ""]);
    assert_eq!(forward, read(&["c", "b", "a"], &["", "east", "west"]));
    assert_eq!(forward.0, ["east", "west"]);
    assert_eq!(forward.1, [Some(1), Some(0), None]);
}

#[test]
fn both_sides_of_the_join_are_counted() {
    let table = one_column(
        AttributeKind::Number,
        &["b", "x", ""],
        AttributeValues::Number(vec![Some(1.0), None, None]),
    );
    let joined = Attributes::read(&table, &customers(), &Work::new()).unwrap();
    assert_eq!((joined.matched(), joined.unmatched()), (1, 2));
    assert_eq!(joined.columns()[0].known(), 1);
}

#[test]
fn faults_are_typed_and_say_where() {
    let read = |table: Table| Attributes::read(&table, &customers(), &Work::new()).unwrap_err();
    let twice =
        one_column(AttributeKind::YesNo, &["a", "a"], AttributeValues::YesNo(vec![None, None]));
    assert!(matches!(
        read(twice),
        DataError::Customers(UnitError::DuplicateCustomer { row: 1, first: 0 })
    ));
    let infinite = one_column(
        AttributeKind::Number,
        &["a"],
        AttributeValues::Number(vec![Some(f64::INFINITY)]),
    );
    assert!(matches!(read(infinite), DataError::AttributeValue { row: 0, .. }));
    let level = one_column(
        AttributeKind::Ordered(vec!["low".into(), "high".into()]),
        &["a"],
        AttributeValues::Text(["middle"].into_iter().collect()),
    );
    assert!(matches!(read(level), DataError::AttributeValue { .. }));
    let kind = one_column(AttributeKind::Number, &["a"], AttributeValues::YesNo(vec![None]));
    assert!(matches!(read(kind), DataError::AttributeKind { .. }));
    let mut wide = one_column(AttributeKind::Number, &["a"], AttributeValues::Number(vec![None]));
    wide.batches[0].columns.clear();
    assert!(matches!(read(wide), DataError::AttributeBatch { expected: 1, got: 0 }));
}

fn rules(repeated: RepeatedCustomers) -> JoinSpec {
    JoinSpec::new().repeated_customers(repeated)
}

fn read_by(table: &Table, spec: &JoinSpec) -> Result<Attributes, DataError> {
    Attributes::read_with(table, &customers(), spec, &Work::new())
}

fn numbers(names: &[&str], values: &[f64]) -> Table {
    let values = AttributeValues::Number(values.iter().copied().map(Some).collect());
    one_column(AttributeKind::Number, names, values)
}

#[test]
fn rows_of_one_customer_agree_or_contradict_in_any_order() {
    let cases: [&[f64]; 3] = [&[1.0, 2.0, 1.0], &[1.0, 1.0, 2.0], &[2.0, 1.0, 1.0]];
    for values in cases {
        let table = numbers(&["a", "a", "a"], values);
        let error = read_by(&table, &rules(RepeatedCustomers::Agree)).unwrap_err();
        assert!(matches!(error, DataError::Contradiction { .. }), "{error}");
        let joined = read_by(&table, &rules(RepeatedCustomers::AgreeOrMissing)).unwrap();
        assert_eq!(joined.columns()[0].numbers().unwrap(), [None, None, None]);
        let report = &joined.reports()[0];
        assert_eq!((report.rows_matched, report.rows_repeated), (1, 2));
        assert_eq!((report.fields[0].contradicted, report.fields[0].missing), (1, 1));
    }
    let same = numbers(&["a", "a"], &[0.0, -0.0]);
    let joined = read_by(&same, &rules(RepeatedCustomers::Agree)).unwrap();
    let zero = joined.columns()[0].numbers().unwrap()[0].unwrap();
    assert_eq!(zero.to_bits(), 0.0_f64.to_bits());
}

#[test]
fn texts_and_answers_contradict_as_well() {
    let texts = |texts: &[&str]| {
        one_column(
            AttributeKind::Text,
            &["b", "b", "b"],
            AttributeValues::Text(texts.iter().collect()),
        )
    };
    let spec = rules(RepeatedCustomers::AgreeOrMissing);
    let read = |table: &Table| {
        let joined = read_by(table, &spec).unwrap();
        let texts: Vec<Option<String>> =
            joined.columns()[0].texts().unwrap().map(|text| text.map(str::to_owned)).collect();
        texts
    };
    assert_eq!(read(&texts(&["", "hello", "hello"])), [None, Some("hello".to_owned()), None]);
    assert_eq!(read(&texts(&["hello", "bye", "hello"])), [None, None, None]);

    let answers = |rows: Vec<Option<Vec<&str>>>| {
        let answers: MultiAnswers<'static> = rows.into_iter().collect();
        let kind = AttributeKind::MultiAnswer(Options::Discovered);
        one_column(kind, &["b", "b"], AttributeValues::MultiAnswer(answers))
    };
    let same = answers(vec![Some(vec!["y", "x", "y"]), Some(vec!["x", "y"])]);
    let joined = read_by(&same, &rules(RepeatedCustomers::Agree)).unwrap();
    assert_eq!(joined.columns()[0].multi_answers().unwrap().ticked(1), Some(&[0, 1][..]));
    // Nothing ticked is an answer, and another one than something ticked.
    let other = answers(vec![Some(vec![]), Some(vec!["x"])]);
    assert!(read_by(&other, &rules(RepeatedCustomers::Agree)).is_err());
    let joined = read_by(&other, &spec).unwrap();
    assert_eq!(joined.columns()[0].known(), 0);
    assert!(joined.columns()[0].multi_answers().unwrap().ticked(7).is_none());
}

#[test]
fn values_outside_the_domain_can_be_missing_and_are_counted() {
    let spec = JoinSpec::new().out_of_domain(OutOfDomain::Missing);
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let joined = read_by(&numbers(&["a", "b"], &[bad, 2.0]), &spec).unwrap();
        assert_eq!(joined.columns()[0].numbers().unwrap(), [None, Some(2.0), None]);
        let field = &joined.reports()[0].fields[0];
        assert_eq!((field.known, field.missing, field.out_of_domain), (1, 1, 1));
    }
    // One option that was not declared makes the whole answer missing.
    let answers: MultiAnswers<'static> =
        [Some(vec!["x", "z"]), Some(vec!["x", ""]), Some(vec![])].into_iter().collect();
    let table = one_column(
        AttributeKind::multi_answer(["x", "y"]),
        &["a", "b", "c"],
        AttributeValues::MultiAnswer(answers),
    );
    assert!(matches!(
        read_by(&table, &JoinSpec::new()),
        Err(DataError::AttributeValue { row: 0, .. })
    ));
    let joined = read_by(&table, &spec).unwrap();
    let column = joined.columns()[0].multi_answers().unwrap();
    assert_eq!([column.ticked(0), column.ticked(1)], [None, None]);
    assert_eq!((column.ticked(2), column.options().len()), (Some(&[][..]), 2));
    assert_eq!(joined.reports()[0].fields[0].out_of_domain, 2);
    // What belongs to nobody is not looked at.
    assert!(read_by(&numbers(&["x"], &[f64::NAN]), &JoinSpec::new()).is_ok());
}

#[test]
fn a_source_that_breaks_its_own_declarations_is_refused() {
    let levels = |levels: &[&str]| {
        let kind = AttributeKind::ordered(levels.iter().copied());
        let texts = AttributeValues::Text(["low"].into_iter().collect());
        read_by(&one_column(kind, &["a"], texts), &JoinSpec::new())
    };
    assert!(matches!(levels(&[]), Err(DataError::DeclaredLevels { level: 0, .. })));
    assert!(matches!(levels(&["low", ""]), Err(DataError::DeclaredLevels { level: 1, .. })));
    assert!(matches!(levels(&["low", "low"]), Err(DataError::DeclaredLevels { level: 1, .. })));

    let mut twins = numbers(&["a"], &[1.0]);
    twins.fields.push(twins.fields[0].clone());
    let error = read_by(&twins, &JoinSpec::new()).unwrap_err();
    assert!(matches!(error, DataError::AttributeTwice { name } if name == "field"));

    let mut ragged = numbers(&["a", "b"], &[1.0]);
    let error = read_by(&ragged, &JoinSpec::new()).unwrap_err();
    assert!(matches!(error, DataError::BatchLength { expected: 2, got: 1, .. }));
    ragged.batches[0].customers = IdColumn::integers(vec![1]).missing(vec![]);
    let error = read_by(&ragged, &JoinSpec::new()).unwrap_err();
    assert!(matches!(error, DataError::BatchLength { expected: 1, got: 0, .. }));

    // The wrong kind of column is refused even where nobody is in it.
    let kind = one_column(AttributeKind::Number, &[], AttributeValues::YesNo(vec![]));
    assert!(matches!(read_by(&kind, &JoinSpec::new()), Err(DataError::AttributeKind { .. })));
}

#[test]
fn levels_have_a_limit() {
    let table = one_column(
        AttributeKind::Category,
        &["a", "b", "c"],
        AttributeValues::Text(["x", "y", "z"].into_iter().collect()),
    );
    assert!(read_by(&table, &JoinSpec::new().max_levels(3)).is_ok());
    let error = read_by(&table, &JoinSpec::new().max_levels(2)).unwrap_err();
    assert!(matches!(error, DataError::TooManyLevels { limit: 2, .. }), "{error}");
}

#[test]
fn ordered_answers_are_coded_by_rank() {
    let table = one_column(
        AttributeKind::rating(1..=7),
        &["a", "b"],
        AttributeValues::Text(["7", "1"].into_iter().collect()),
    );
    let joined = read_by(&table, &JoinSpec::new()).unwrap();
    let (levels, codes) = joined.columns()[0].levels().unwrap();
    assert_eq!((levels.len(), codes), (7, &[Some(6), Some(0), None][..]));
    assert_eq!(joined.reports()[0].fields[0].levels, Some(7));
}

#[test]
fn sources_stand_side_by_side() {
    let named = |name: &str, table: Table| {
        let field = AttributeField::third_party(name, AttributeKind::Number);
        Table { fields: vec![field], ..table }
    };
    let (left, right) =
        (named("x", numbers(&["a", "?"], &[1.0, 0.0])), named("y", numbers(&["b"], &[2.0])));
    let both = Attributes::read_all(&[&left, &right], &customers(), &JoinSpec::new(), &Work::new());
    let both = both.unwrap();
    assert_eq!((both.matched(), both.unmatched(), both.columns().len()), (2, 1, 2));
    assert_eq!(both.reports().iter().map(|r| r.rows_matched).collect::<Vec<_>>(), [1, 1]);
    let field = both.column("y").unwrap().field();
    assert_eq!((field.origin, field.availability), (Origin::ThirdParty, Availability::StudyOnly));
    let twice = Attributes::read_all(&[&left, &left], &customers(), &JoinSpec::new(), &Work::new());
    assert!(matches!(twice, Err(DataError::AttributeTwice { .. })));
    let strangers = Attributes::none(&CustomerIds::numbered(3).unwrap());
    assert!(matches!(strangers.join(both), Err(DataError::CannotJoin { .. })));
}

#[test]
fn the_report_can_be_read_and_stored() {
    let joined = read_by(&numbers(&["b", "x", ""], &[1.0, 2.0, 3.0]), &JoinSpec::new()).unwrap();
    let report = &joined.reports()[0];
    let text = "3 rows read: 1 matched, 0 repeated, 1 of unknown customers, 1 without an id\n\
                3 customers: 1 with a row, 2 without\n\
                `field`, a number: known 1, missing 0";
    assert_eq!(report.to_string(), text);
    let json = serde_json::to_value(report).unwrap();
    assert_eq!(json["rows_without_id"], 1);
    assert_eq!(json["repeated_customers"], "error");
    assert_eq!(json["fields"][0]["origin"], "own");
}

#[test]
fn cancelling_stops_within_a_batch() {
    let work = Work::new();
    work.canceller().cancel();
    let error = Attributes::read(&numbers(&["a"], &[1.0]), &customers(), &work).unwrap_err();
    assert!(matches!(error, DataError::Cancelled(_)));
}

/// One row as a plain program sees it.
#[derive(Debug, Clone)]
struct Row {
    id: u8,
    number: Option<i8>,
    level: u8,
    ticks: Option<Vec<u8>>,
}

fn any_row() -> impl Strategy<Value = Row> {
    let ticks = prop::option::of(prop::collection::vec(0..4u8, 0..3));
    (0..12u8, prop::option::of(-1..2i8), 0..4u8, ticks).prop_map(|(id, number, level, ticks)| Row {
        id,
        number,
        level,
        ticks,
    })
}

/// Ids 0 to 7 are customers, 8 to 10 strangers, 11 is none; level 0 is missing.
fn as_table(rows: &[Row], cut: usize) -> Table {
    let kinds = [
        AttributeKind::Number,
        AttributeKind::Category,
        AttributeKind::MultiAnswer(Options::Discovered),
    ];
    let fields = ["n", "c", "m"].into_iter().zip(kinds);
    let id = |row: &Row| if row.id == 11 { String::new() } else { format!("c{}", row.id) };
    let level = |row: &Row| if row.level == 0 { String::new() } else { format!("l{}", row.level) };
    let ticks = |row: &Row| {
        row.ticks.as_ref().map(|ticks| ticks.iter().map(|tick| format!("o{tick}")).collect())
    };
    let batch = |rows: &[Row]| AttributeBatch {
        customers: IdColumn::texts(rows.iter().map(id).collect()),
        columns: vec![
            AttributeValues::Number(rows.iter().map(|row| row.number.map(f64::from)).collect()),
            AttributeValues::Text(rows.iter().map(level).collect()),
            AttributeValues::MultiAnswer(
                rows.iter().map(ticks).collect::<Vec<Option<Vec<String>>>>().into_iter().collect(),
            ),
        ],
    };
    Table {
        fields: fields.map(|(name, kind)| AttributeField::own(name, kind)).collect(),
        batches: rows.chunks(cut).map(batch).collect(),
    }
}

/// What is known of a customer in a field when all rows are looked at together.
fn plain<T: Ord + Clone>(rows: &[Row], id: u8, of: impl Fn(&Row) -> Option<T>) -> Option<T> {
    let values: BTreeSet<T> = rows.iter().filter(|row| row.id == id).filter_map(of).collect();
    if values.len() == 1 { values.first().cloned() } else { None }
}

fn name_of(levels: &[String], code: Option<u32>) -> Option<&str> {
    code.map(|code| levels[code as usize].as_str())
}

proptest! {
    #[test]
    fn the_join_is_what_a_plain_program_finds(
        rows in prop::collection::vec(any_row(), 0..40),
        cut in 1usize..9,
    ) {
        let names: Vec<String> = (0..8).rev().map(|i| format!("c{i}")).collect();
        let customers = CustomerIds::from_texts(&names).unwrap();
        let spec = rules(RepeatedCustomers::AgreeOrMissing);
        let read = |rows: &[Row], cut| {
            Attributes::read_with(&as_table(rows, cut), &customers, &spec, &Work::new()).unwrap()
        };
        let joined = read(&rows, cut);
        let (levels, codes) = joined.column("c").unwrap().levels().unwrap();
        let answers = joined.column("m").unwrap().multi_answers().unwrap();
        for place in 0..8usize {
            let id = 7 - place as u8;
            let number = plain(&rows, id, |row| row.number);
            prop_assert_eq!(joined.column("n").unwrap().numbers().unwrap()[place], number.map(f64::from));
            let level = plain(&rows, id, |row| (row.level > 0).then(|| format!("l{}", row.level)));
            prop_assert_eq!(name_of(levels, codes[place]), level.as_deref());
            let set = |ticks: &Vec<u8>| -> BTreeSet<String> {
                ticks.iter().map(|tick| format!("o{tick}")).collect()
            };
            let ticks = plain(&rows, id, |row| row.ticks.as_ref().map(set));
            let found = answers.ticked(place).map(|codes| {
                codes.iter().map(|&code| answers.options()[code as usize].clone()).collect()
            });
            prop_assert_eq!(found, ticks);
        }
        // Both sides are accounted for.
        let report = &joined.reports()[0];
        let count = |of: fn(u8) -> bool| rows.iter().filter(|row| of(row.id)).count() as u64;
        prop_assert_eq!(report.accounted_for(), rows.len() as u64);
        prop_assert_eq!(report.rows_unmatched, count(|id| (8..11).contains(&id)));
        prop_assert_eq!(report.rows_without_id, count(|id| id == 11));
        let described: BTreeSet<u8> = rows.iter().map(|row| row.id).filter(|&id| id < 8).collect();
        prop_assert_eq!(report.customers_with_row, described.len() as u64);
        prop_assert_eq!(report.customers_without_row, 8 - described.len() as u64);
        // The order of the rows and the cuts between batches change nothing.
        let backward: Vec<Row> = rows.iter().rev().cloned().collect();
        let again = read(&backward, 3);
        prop_assert_eq!(&again.reports()[0], report);
        let (l, c) = again.column("c").unwrap().levels().unwrap();
        prop_assert_eq!((l, c), (levels, codes));
        let other = again.column("m").unwrap().multi_answers().unwrap();
        prop_assert_eq!(other.options(), answers.options());
        for place in 0..8 {
            prop_assert_eq!(other.ticked(place), answers.ticked(place));
        }
    }

    #[test]
    fn counts_of_options_are_those_of_the_answers(
        rows in prop::collection::vec(any_row(), 0..30),
    ) {
        let customers = CustomerIds::from_texts((0..8).map(|i| format!("c{i}"))).unwrap();
        let spec = rules(RepeatedCustomers::AgreeOrMissing);
        let joined =
            Attributes::read_with(&as_table(&rows, 5), &customers, &spec, &Work::new()).unwrap();
        let answers = joined.column("m").unwrap().multi_answers().unwrap();
        for option in 0..answers.options().len() {
            let yes = answers.yes_no(option).filter(|answer| *answer == Some(true)).count();
            prop_assert_eq!(answers.counts()[option], yes);
        }
        prop_assert_eq!(answers.asked(), joined.column("m").unwrap().known());
    }
}
