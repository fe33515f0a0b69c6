//! Features from what customers did.

use crate::data::{CustomerHistory, HistorySpec};
use crate::features::{
    FeatureColumn, FeatureError, FeatureExtractor, FeatureMatrix, FittedExtractor,
};
use crate::work::Work;

/// Behavioural features of a history.
///
/// | column | what it is |
/// |---|---|
/// | `days_since_last` | days from the last purchase to the end of the observation |
/// | `purchases` | days on which the customer bought |
/// | `tenure` | days from the first purchase to the end of the observation |
/// | `spend` | gross spend |
/// | `spend_per_purchase` | gross spend per purchase |
/// | `days_between_purchases` | their mean; missing for a customer with one purchase |
/// | `share of NAME` | share of the customer's categorised spend, for the categories with most spend; where there are categories |
/// | `share of other categories` | the rest of it, where there are more |
///
/// # Example
///
/// ```
/// use segmentry::features::{Behaviour, FeatureExtractor};
/// # use segmentry::data::{Batches, CustomerHistory, HistorySpec, ScanRequest, SourceError, Transaction, TransactionSource};
/// # use segmentry::{units::Date, work::Work};
/// # struct Shop;
/// # impl TransactionSource for Shop {
/// #     fn scan(&self, _: usize, _: &ScanRequest) -> Result<Batches<'_>, SourceError> {
/// #         let day = |d| Date::from_ymd(2024, 5, d).unwrap();
/// #         Ok(Batches::from_rows([
/// #             Ok(Transaction::new("ann", day(1), 30.0).category("books")),
/// #             Ok(Transaction::new("ann", day(11), 10.0).category("toys")),
/// #             Ok(Transaction::new("bob", day(11), 10.0).category("toys")),
/// #         ]))
/// #     }
/// # }
/// let behaviour = Behaviour::new();
/// let spec = behaviour.ask(HistorySpec::new()); // asks for rhythm and categories
/// let history = CustomerHistory::read(&Shop, &spec, &Work::new())?;
/// let features = behaviour.fit(&history, &Work::new())?.transform(&history, &Work::new())?;
/// assert_eq!(features.column("spend_per_purchase")?.number(0), Some(20.0));
/// assert_eq!(features.column("share of books")?.number(0), Some(0.75));
/// assert_eq!(features.column("days_between_purchases")?.number(1), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    max_categories: usize,
}

/// [`Behaviour`] with the categories it saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FittedBehaviour {
    categories: Vec<String>,
    others: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { max_categories: 12 }
    }
}

impl Behaviour {
    /// All columns, the twelve categories with most spend.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many categories get a column of their own.
    #[must_use]
    pub fn max_categories(mut self, categories: usize) -> Self {
        self.max_categories = categories;
        self
    }
}

impl FeatureExtractor for Behaviour {
    fn ask(&self, spec: HistorySpec) -> HistorySpec {
        let spec = spec.rhythm();
        if self.max_categories > 0 { spec.categories() } else { spec }
    }

    fn fit(
        &self,
        history: &CustomerHistory,
        work: &Work,
    ) -> Result<Box<dyn FittedExtractor>, FeatureError> {
        work.check()?;
        let (mut categories, mut others) = (Vec::new(), false);
        if self.max_categories > 0 {
            let totals = history.categories().map_err(FeatureError::Data)?;
            let mut spend: Vec<(i128, usize)> = totals.spend().into_iter().zip(0..).collect();
            // Names stand in byte order, so that equal spend is ranked by name.
            spend.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            others = spend.len() > self.max_categories;
            spend.truncate(self.max_categories);
            categories = spend.iter().map(|&(_, place)| totals.names()[place].clone()).collect();
        }
        Ok(Box::new(FittedBehaviour { categories, others }))
    }
}

impl FittedExtractor for FittedBehaviour {
    fn transform(
        &self,
        history: &CustomerHistory,
        work: &Work,
    ) -> Result<FeatureMatrix, FeatureError> {
        work.check()?;
        let n = history.n_customers();
        let column = |name: &str, value: &dyn Fn(usize) -> f64| {
            FeatureColumn::numbers(name, (0..n).map(value).collect())
        };
        let rhythm = (0..n)
            .map(|row| Ok(history.rhythm(row)?.map(|rhythm| rhythm.mean_gap)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(FeatureError::Data)?;
        let mut matrix = FeatureMatrix::new(history.ids().clone())
            .with(column("days_since_last", &|row| {
                f64::from(history.days_since_last(row).count())
            }))?
            .with(column("purchases", &|row| f64::from(history.purchases(row))))?
            .with(column("tenure", &|row| f64::from(history.age(row).count())))?
            .with(column("spend", &|row| history.gross(row).amount()))?
            .with(column("spend_per_purchase", &|row| {
                history.gross(row).amount() / f64::from(history.purchases(row))
            }))?
            .with(FeatureColumn::numbers_or_missing("days_between_purchases", rhythm))?;
        for share in self.shares(history)? {
            matrix = matrix.with(share)?;
        }
        Ok(matrix)
    }
}

impl FittedBehaviour {
    /// One column per category; a category of the history that was not there when fitted counts
    /// among the others, or is left out where there were none.
    fn shares(&self, history: &CustomerHistory) -> Result<Vec<FeatureColumn>, FeatureError> {
        if self.categories.is_empty() {
            return Ok(Vec::new());
        }
        let totals = history.categories().map_err(FeatureError::Data)?;
        let n = history.n_customers();
        let place: Vec<Option<usize>> = totals
            .names()
            .iter()
            .map(|name| self.categories.iter().position(|known| known == name))
            .collect();
        let mut columns = vec![vec![0.0; n]; self.categories.len() + 1];
        for row in 0..n {
            for (category, share) in totals.shares(row) {
                columns[place[category].unwrap_or(self.categories.len())][row] += share;
            }
        }
        let others = columns.pop().filter(|_| self.others);
        let names = self.categories.iter().map(|name| format!("share of {name}"));
        let mut shares: Vec<_> =
            names.zip(columns).map(|(name, values)| FeatureColumn::numbers(name, values)).collect();
        shares.extend(
            others.map(|values| FeatureColumn::numbers("share of other categories", values)),
        );
        Ok(shares)
    }
}
