//! The models of spend as one closed set: before the fit and after it.
//!
//! One looks at gross spend and one at net spend, so what each sees of a customer is another
//! record; and where time is counted in periods, what it sees is the spend of a period.

use crate::data::{CustomerHistory, HistorySpec};
use crate::num::blocks;
use crate::value::period_table::PeriodTable;
use crate::value::{
    CredibilitySpend, FittedCredibilitySpend, FittedGammaGamma, GammaGamma, NetSpendRecord,
    SpendRecord, ValueError,
};
use crate::work::Work;

/// A model of spend at a purchase, not yet fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpendModel {
    /// Gamma-Gamma, on the gross spend of repeat purchases: it knows no returns.
    GammaGamma(GammaGamma),
    /// Bühlmann-Straub credibility, on net spend: it takes returns and free orders.
    Credibility(CredibilitySpend),
}

impl SpendModel {
    /// Asks a specification for the aggregates that the model needs, before the one scan:
    /// credibility needs the purchase days.
    ///
    /// ```
    /// use segmentry::data::HistorySpec;
    /// use segmentry::value::{CredibilitySpend, SpendModel};
    ///
    /// let spec = SpendModel::from(CredibilitySpend::new()).ask(HistorySpec::new());
    /// assert_eq!(spec, HistorySpec::new().purchase_days());
    /// ```
    #[must_use]
    pub fn ask(self, spec: HistorySpec) -> HistorySpec {
        match self {
            Self::GammaGamma(_) => spec,
            Self::Credibility(_) => spec.purchase_days(),
        }
    }

    /// The fit to a history, which must have what [`ask`](Self::ask) asks for.
    ///
    /// # Errors
    ///
    /// [`ValueError::Data`] where it has not; [`ValueError::Refused`] with the reason;
    /// [`ValueError::Cancelled`].
    pub fn fit_to(
        self,
        history: &CustomerHistory,
        work: &Work,
    ) -> Result<FittedSpendModel, ValueError> {
        self.fit_from(SpendSource::History(history), work)
    }

    pub(super) fn fit_from(
        self,
        source: SpendSource<'_>,
        work: &Work,
    ) -> Result<FittedSpendModel, ValueError> {
        Ok(match self {
            Self::GammaGamma(model) => {
                FittedSpendModel::GammaGamma(model.fit(&source.gross(), work)?)
            }
            Self::Credibility(model) => {
                FittedSpendModel::Credibility(model.fit(&source.net()?, work)?)
            }
        })
    }
}

impl From<GammaGamma> for SpendModel {
    fn from(model: GammaGamma) -> Self {
        Self::GammaGamma(model)
    }
}

impl From<CredibilitySpend> for SpendModel {
    fn from(model: CredibilitySpend) -> Self {
        Self::Credibility(model)
    }
}

/// A model of spend with its parameters.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FittedSpendModel {
    /// Gamma-Gamma.
    GammaGamma(FittedGammaGamma),
    /// Bühlmann-Straub credibility.
    Credibility(FittedCredibilitySpend),
}

impl FittedSpendModel {
    /// `Gamma-Gamma` or `Bühlmann-Straub`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::GammaGamma(model) => model.name(),
            Self::Credibility(model) => model.name(),
        }
    }

    /// How many customers the model was fitted to.
    pub fn n_customers(&self) -> u64 {
        match self {
            Self::GammaGamma(model) => model.n_customers(),
            Self::Credibility(model) => model.n_customers(),
        }
    }
}

/// Where spend is seen: at the purchases of a history, or in the periods of a table.
#[derive(Clone, Copy)]
pub(super) enum SpendSource<'a> {
    History(&'a CustomerHistory),
    Periods(&'a PeriodTable),
}

impl SpendSource<'_> {
    pub(super) fn gross(self) -> Vec<Option<SpendRecord>> {
        match self {
            Self::History(history) => SpendRecord::of(history),
            Self::Periods(table) => table.gross(),
        }
    }

    pub(super) fn net(self) -> Result<Vec<Option<NetSpendRecord>>, ValueError> {
        match self {
            Self::History(history) => {
                Ok(NetSpendRecord::of(history)?.into_iter().map(Some).collect())
            }
            Self::Periods(table) => Ok(table.net()),
        }
    }

    /// Mean spend over all purchases of all customers.
    pub(super) fn pooled(self, model: SpendModel) -> Result<f64, ValueError> {
        match (self, model) {
            (Self::History(history), SpendModel::GammaGamma(_)) => {
                let n = history.n_customers();
                let spend = blocks::sum(n, |row| history.gross(row).amount());
                Ok(spend / blocks::sum(n, |row| f64::from(history.purchases(row))))
            }
            (Self::Periods(table), SpendModel::GammaGamma(_)) => Ok(table.pooled_gross()),
            (source, SpendModel::Credibility(_)) => {
                let seen = source.net()?;
                let sum = |term: &(dyn Fn(&NetSpendRecord) -> f64 + Sync)| {
                    blocks::sum(seen.len(), |row| seen[row].as_ref().map_or(0.0, term))
                };
                let days = sum(&|record| record.days() as f64);
                Ok(sum(&|record| record.days() as f64 * record.mean().amount()) / days)
            }
        }
    }
}
