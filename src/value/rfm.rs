//! RFM: days since the last purchase, purchases and money, and scores of each.
//!
//! The oldest description of a customer base, and the baseline that models have to beat. Cuts are
//! quantiles of the customers at hand or fixed numbers; what was cut once can be applied again, so
//! that a score means the same next year.

use serde::Serialize;

use crate::data::CustomerHistory;
use crate::num::rank_groups::RankGroups;
use crate::units::{CustomerIds, Days, Money};
use crate::value::quantile_groups::{cut_rows, same_length};
use crate::value::{Ties, ValueError};

/// What RFM looks at, of one customer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RfmQuantities {
    /// Days from the last purchase to the end of the observation: the R.
    #[doc(alias = "recency")]
    pub days_since_last: Days,
    /// Days on which the customer bought: the F.
    #[doc(alias = "frequency")]
    pub purchases: u32,
    /// The money: the M.
    pub monetary: Money,
}

/// Which money the M is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Monetary {
    /// What the customer paid, less returns.
    #[default]
    Net,
    /// What the customer paid, returns not taken off.
    Gross,
    /// Gross spend at a purchase, which does not grow with the purchases.
    GrossPerPurchase,
}

impl RfmQuantities {
    /// Of one customer.
    pub fn new(days_since_last: Days, purchases: u32, monetary: Money) -> Self {
        Self { days_since_last, purchases, monetary }
    }

    /// Of every customer of a history, in the order of its ids.
    pub fn of(history: &CustomerHistory, monetary: Monetary) -> Vec<Self> {
        let quantities = |row| {
            let purchases = history.purchases(row);
            let monetary = match monetary {
                Monetary::Net => history.net(row),
                Monetary::Gross => history.gross(row),
                Monetary::GrossPerPurchase => {
                    Money::finite(history.gross(row).amount() / f64::from(purchases))
                }
            };
            Self { days_since_last: history.days_since_last(row), purchases, monetary }
        };
        (0..history.n_customers()).map(quantities).collect()
    }
}

/// What it takes to earn each score, the best first; whoever meets none earns a 1.
///
/// With four numbers there are five scores: to earn a 5 in `purchases` a customer needs at least
/// the first number, for a 4 the second, and so on. In `days_since_last` it takes at most that many
/// days.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RfmCuts {
    /// At most so many days since the last purchase; ascending.
    pub days_since_last: Vec<Days>,
    /// At least so many purchases; descending.
    pub purchases: Vec<u32>,
    /// At least so much money; descending.
    pub monetary: Vec<Money>,
}

impl RfmCuts {
    /// Cuts for one number of scores.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] where the three differ in length; [`ValueError::BadValue`] where a
    /// list does not run from the best to the worst.
    pub fn new(
        days_since_last: Vec<Days>,
        purchases: Vec<u32>,
        monetary: Vec<Money>,
    ) -> Result<Self, ValueError> {
        let expected = days_since_last.len();
        let lengths = [
            ("the list of cuts of `purchases`", purchases.len()),
            ("the list of cuts of `monetary`", monetary.len()),
        ];
        for (what, got) in lengths {
            if got != expected {
                return Err(ValueError::Length { what, expected, got });
            }
        }
        let disorder = |what, row: Option<usize>| {
            row.map_or(Ok(()), |row| {
                let expected = "in order from the best to the worst";
                Err(ValueError::BadValue { what, row: row + 1, expected })
            })
        };
        let days = days_since_last.windows(2).position(|pair| pair[0] > pair[1]);
        disorder("the cut of `days_since_last`", days)?;
        let counts = purchases.windows(2).position(|pair| pair[0] < pair[1]);
        disorder("the cut of `purchases`", counts)?;
        let amounts = monetary.windows(2).position(|pair| pair[0] < pair[1]);
        disorder("the cut of `monetary`", amounts)?;
        Ok(Self { days_since_last, purchases, monetary })
    }

    /// How many scores there are: one more than cuts.
    pub fn n_scores(&self) -> usize {
        self.days_since_last.len() + 1
    }

    fn groups_of(&self, of: &RfmQuantities) -> [usize; 3] {
        [
            self.days_since_last.partition_point(|cut| of.days_since_last > *cut),
            self.purchases.partition_point(|cut| of.purchases < *cut),
            self.monetary.partition_point(|cut| of.monetary.amount() < cut.amount()),
        ]
    }
}

/// How customers are scored by recency, frequency and money.
///
/// Each of the three quantities is scored on its own, 1 the worst; quintiles unless said otherwise.
/// Equal values earn equal scores ([`Ties::Together`]) unless ties are broken by id, which fills
/// all scores evenly but gives customers with the same purchases different scores.
///
/// # Example
///
/// ```
/// use segmentry::units::{CustomerIds, Days, Money};
/// use segmentry::value::{Rfm, RfmQuantities};
///
/// let known = [(3, 9, 800), (40, 4, 300), (90, 2, 90), (200, 1, 30), (365, 1, 10)];
/// let base = known
///     .map(|(days, n, sum)| RfmQuantities::new(Days::new(days), n, Money::from_minor(sum, 0)))
///     .to_vec();
/// let ids = CustomerIds::numbered(5)?;
/// let scores = Rfm::new().weights([2.0, 1.0, 1.0]).score(&base, &ids)?;
/// assert_eq!(scores.of[0].cell(), "555");
/// assert_eq!(scores.of[4].cell(), "121"); // one purchase, as the one before
/// assert_eq!(scores.of[4].combined, 1.25); // (2·1 + 2 + 1) / 4
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Hughes, A. M. (1994). *Strategic Database Marketing*. Probus.
#[derive(Debug, Clone, PartialEq)]
pub struct Rfm {
    cuts: Cuts,
    ties: Ties,
    weights: [f64; 3],
}

#[derive(Debug, Clone, PartialEq)]
enum Cuts {
    Quantiles(u8),
    Fixed(RfmCuts),
}

/// Every customer's scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RfmScores {
    /// The scores of each customer, in the order of the ids.
    pub of: Vec<RfmScore>,
    /// What it took to earn them; with [`Rfm::fixed`] the same cuts score other customers.
    pub cuts: RfmCuts,
}

/// The scores of one customer; high is good in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RfmScore {
    /// The score of the days since the last purchase: high for few days.
    #[doc(alias = "recency")]
    pub days_since_last: u8,
    /// The score of the number of purchases.
    #[doc(alias = "frequency")]
    pub purchases: u8,
    /// The score of the money.
    pub monetary: u8,
    /// The mean of the three, weighted.
    pub combined: f64,
}

impl RfmScore {
    /// The three scores one behind the other, such as `545`; with ten scores and more there are
    /// dashes between them.
    pub fn cell(&self) -> String {
        let scores = [self.days_since_last, self.purchases, self.monetary];
        let dash = if scores.iter().any(|score| *score > 9) { "-" } else { "" };
        scores.map(|score| score.to_string()).join(dash)
    }
}

impl Default for Rfm {
    fn default() -> Self {
        Self { cuts: Cuts::Quantiles(5), ties: Ties::Together, weights: [1.0; 3] }
    }
}

impl Rfm {
    /// Quintiles of each, equal values with equal scores, equal weights.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cuts each quantity into so many scores, by quantiles of the customers at hand; 5 unless set.
    #[must_use]
    pub fn scores(mut self, scores: u8) -> Self {
        self.cuts = Cuts::Quantiles(scores);
        self
    }

    /// Scores by these cuts instead of quantiles. Ties then need no rule.
    #[must_use]
    pub fn fixed(mut self, cuts: RfmCuts) -> Self {
        self.cuts = Cuts::Fixed(cuts);
        self
    }

    /// What becomes of equal values; [`Ties::Together`] unless set.
    #[must_use]
    pub fn ties(mut self, ties: Ties) -> Self {
        self.ties = ties;
        self
    }

    /// Weights of days since the last purchase, purchases and money in the combined score; only
    /// their ratios matter. Equal unless set.
    #[must_use]
    pub fn weights(mut self, weights: [f64; 3]) -> Self {
        self.weights = weights;
        self
    }

    /// Checks the parameters; scoring calls this first.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless there are 2 to 100 scores, and weights that are finite, not
    /// negative and not all zero.
    pub fn validate(&self) -> Result<(), ValueError> {
        let scores = match &self.cuts {
            Cuts::Quantiles(scores) => usize::from(*scores),
            Cuts::Fixed(cuts) => cuts.n_scores(),
        };
        if !(2..=100).contains(&scores) {
            let (value, expected) = (scores as f64, "from 2 to 100");
            return Err(ValueError::Param { name: "scores", value, expected });
        }
        let [r, f, m] = self.weights;
        for value in self.weights.into_iter().chain([r + f + m]) {
            if !(value >= 0.0 && value.is_finite()) {
                let expected = "finite and zero or more";
                return Err(ValueError::Param { name: "weights", value, expected });
            }
        }
        if r + f + m <= 0.0 {
            let expected = "not all zero";
            return Err(ValueError::Param { name: "weights", value: 0.0, expected });
        }
        Ok(())
    }

    /// Scores every customer.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`]; [`ValueError::Length`] where there is not one row per customer.
    pub fn score(
        &self,
        base: &[RfmQuantities],
        ids: &CustomerIds,
    ) -> Result<RfmScores, ValueError> {
        self.validate()?;
        same_length("the table of quantities", base.len(), ids)?;
        match &self.cuts {
            Cuts::Fixed(cuts) => {
                let last = cuts.n_scores() - 1;
                let of = base.iter().map(|of| self.scored(cuts.groups_of(of), last)).collect();
                Ok(RfmScores { of, cuts: cuts.clone() })
            }
            Cuts::Quantiles(scores) => {
                let cut = |value: fn(&RfmQuantities) -> f64| -> Result<RankGroups<u8>, ValueError> {
                    cut_rows(base, value, ids, usize::from(*scores), self.ties)
                };
                let days = cut(|of| -f64::from(of.days_since_last.count()))?;
                let purchases = cut(|of| f64::from(of.purchases))?;
                let monetary = cut(|of| of.monetary.amount())?;
                let last = usize::from(*scores) - 1;
                let groups = |row: usize| {
                    [&days, &purchases, &monetary].map(|found| usize::from(found.of[row]))
                };
                let of = (0..base.len()).map(|row| self.scored(groups(row), last)).collect();
                let cuts = RfmCuts {
                    days_since_last: days.cuts.iter().map(|&cut| Days::new(-cut as u32)).collect(),
                    purchases: purchases.cuts.iter().map(|&cut| cut as u32).collect(),
                    monetary: monetary.cuts.iter().map(|&cut| Money::finite(cut)).collect(),
                };
                Ok(RfmScores { of, cuts })
            }
        }
    }

    /// Scores from groups that count from zero, the best first.
    fn scored(&self, groups: [usize; 3], last: usize) -> RfmScore {
        let [r, f, m] = groups.map(|group| (last - group + 1) as u8);
        let [wr, wf, wm] = self.weights;
        let sum = wr * f64::from(r) + wf * f64::from(f) + wm * f64::from(m);
        let combined = sum / (wr + wf + wm);
        RfmScore { days_since_last: r, purchases: f, monetary: m, combined }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::{Purpose, Stream};

    fn base(n: usize) -> Vec<RfmQuantities> {
        let mut stream = Stream::new(2, Purpose::Sample, n as u64);
        let mut row = || {
            let days = Days::new(stream.below(200) as u32);
            let money = Money::from_minor(stream.below(500) as i64 - 20, 0);
            RfmQuantities::new(days, 1 + stream.below(6) as u32, money)
        };
        (0..n).map(|_| row()).collect()
    }

    #[test]
    fn cuts_that_were_found_give_the_same_scores_again() {
        for n in [1usize, 3, 50, 400] {
            let (base, ids) = (base(n), CustomerIds::numbered(n).unwrap());
            for scores in [2, 5, 10] {
                let rfm = Rfm::new().scores(scores);
                let found = rfm.score(&base, &ids).unwrap();
                let again = rfm.clone().fixed(found.cuts.clone()).score(&base, &ids).unwrap();
                assert_eq!(again, found, "{n} customers, {scores} scores");
            }
        }
    }

    #[test]
    fn equal_values_earn_equal_scores_unless_ties_are_broken() {
        let (base, ids) = (base(400), CustomerIds::numbered(400).unwrap());
        let together = Rfm::new().score(&base, &ids).unwrap();
        for (a, of_a) in base.iter().zip(&together.of) {
            for (b, of_b) in base.iter().zip(&together.of) {
                if a.purchases == b.purchases {
                    assert_eq!(of_a.purchases, of_b.purchases);
                }
                if a.days_since_last < b.days_since_last {
                    assert!(of_a.days_since_last >= of_b.days_since_last);
                }
            }
        }
        let by_id = Rfm::new().ties(Ties::ById).score(&base, &ids).unwrap();
        for score in 1..=5 {
            assert_eq!(by_id.of.iter().filter(|of| of.purchases == score).count(), 80);
        }
    }

    #[test]
    fn money_of_another_scale_has_the_same_scores() {
        let (euros, ids) = (base(300), CustomerIds::numbered(300).unwrap());
        let cents: Vec<_> = euros
            .iter()
            .map(|of| RfmQuantities {
                monetary: Money::finite(of.monetary.amount() * 128.0),
                ..*of
            })
            .collect();
        let score = |base: &[RfmQuantities]| Rfm::new().score(base, &ids).unwrap().of;
        assert_eq!(score(&euros), score(&cents));
    }

    #[test]
    fn fixed_cuts_by_hand() {
        let days = [30, 90].map(Days::new).to_vec();
        let money = [1000, 100].map(|v| Money::from_minor(v, 0)).to_vec();
        let rfm = Rfm::new().fixed(RfmCuts::new(days.clone(), vec![5, 2], money).unwrap());
        let of = |days, n, sum| RfmQuantities::new(Days::new(days), n, Money::from_minor(sum, 0));
        let base = [of(30, 5, 1000), of(31, 4, 999), of(91, 1, 99), of(0, 1, -5)];
        let found = rfm.score(&base, &CustomerIds::numbered(4).unwrap()).unwrap();
        let cells: Vec<String> = found.of.iter().map(RfmScore::cell).collect();
        assert_eq!(cells, ["333", "222", "111", "311"]);
        assert_eq!(found.of[3].combined, 5.0 / 3.0);
        assert!(RfmCuts::new(days.clone(), vec![2, 5], vec![Money::ZERO; 2]).is_err());
        assert!(RfmCuts::new(days, vec![2], vec![Money::ZERO; 2]).is_err());
    }

    #[test]
    fn parameters_that_cannot_be_used() {
        assert!(Rfm::new().scores(1).validate().is_err());
        for weights in [[f64::NAN, 1.0, 1.0], [-1.0, 1.0, 1.0], [0.0; 3], [f64::MAX; 3]] {
            assert!(Rfm::new().weights(weights).validate().is_err(), "{weights:?}");
        }
        let twelve = RfmScore { days_since_last: 12, purchases: 3, monetary: 1, combined: 5.3 };
        assert_eq!(twelve.cell(), "12-3-1");
    }
}
