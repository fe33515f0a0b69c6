//! Value where time is counted in periods: opportunities to buy, and contracts that are renewed.
//!
//! The two differ in what is known of a customer and in what is expected of the coming periods. All
//! else is the same and stands here once: periods are cut, spend is that of a period, forecasts
//! become money as everywhere, and what was fitted is saved.

mod contract;
mod opportunity;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::data::CustomerHistory;
use crate::saved::{from_json, to_json};
use crate::value::ladder::{Outlook, SavedSpend, SeenSpend, Spend};
use crate::value::lifetime::{Laid, with_total};
use crate::value::period_length::SavedPeriodLength;
use crate::value::period_table::PeriodTable;
use crate::value::saved::Exact;
use crate::value::spend_model::SpendSource;
use crate::value::valuation::{Reach, Valuation};
use crate::value::{
    CustomerValue, Economics, FittedSpendModel, PeriodDiscount, PeriodLength, Rates,
    SavedModelError, SpendModel, ValueBasis, ValueError, ValueIntervals,
};
use crate::work::Work;

pub use contract::{ContractValue, FittedContractValue};
pub use opportunity::{FittedOpportunityValue, OpportunityValue};

/// What a model of value by period is told.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Settings {
    length: PeriodLength,
    periods: u32,
    spend: SpendModel,
    valuation: Valuation,
}

impl Settings {
    fn new(length: PeriodLength, spend: SpendModel) -> Self {
        Self { length, periods: length.in_a_year(), spend, valuation: Valuation::default() }
    }

    fn validate(&self) -> Result<(), ValueError> {
        self.length.validate()?;
        if self.periods == 0 {
            let expected = "at least one period";
            return Err(ValueError::Param { name: "horizon", value: 0.0, expected });
        }
        self.valuation.validate()?;
        self.discount().map(|_| ())
    }

    fn discount(&self) -> Result<PeriodDiscount, ValueError> {
        self.length.discount(self.valuation.discount()?)
    }

    fn reach(&self) -> Reach {
        Reach { days: self.length.in_days(self.periods), weeks: self.length.in_weeks(self.periods) }
    }
}

/// What the coming periods are forecast from: a fitted model or a rung below it.
trait Rung: Sized {
    type Saved: Serialize + DeserializeOwned;
    const FORMAT: &'static str;

    /// The name of the rung.
    fn rung(&self) -> &'static str;

    /// What is expected of each customer; `None` where there is no rung to stand on.
    fn outlooks(
        &self,
        table: &PeriodTable,
        periods: u32,
        discount: PeriodDiscount,
        work: &Work,
    ) -> Result<Option<Vec<Outlook>>, ValueError>;

    /// Intervals, given everybody's value and the total if the rungs were others.
    fn intervals(
        &self,
        spend: &Spend,
        laid: Laid,
        values: impl Fn(&Self, &Spend) -> Result<Vec<f64>, ValueError>,
    ) -> Result<Option<ValueIntervals>, ValueError>;

    fn saved(&self) -> Self::Saved;

    fn restored(saved: Self::Saved) -> Result<Self, SavedModelError>;
}

/// A fitted model of value by period, whichever.
#[derive(Debug, Clone, PartialEq)]
struct Fitted<R> {
    settings: Settings,
    coming: R,
    spend: Spend,
    notes: Vec<String>,
}

impl<R: Rung> Fitted<R> {
    fn new(
        settings: Settings,
        coming: R,
        table: &PeriodTable,
        mut notes: Vec<String>,
        work: &Work,
    ) -> Result<Self, ValueError> {
        if table.is_cut() {
            notes.push(
                "the end of the observation cuts the last period: nothing was learnt from it"
                    .to_owned(),
            );
        }
        let spend = Spend::fit(settings.spend, SpendSource::Periods(table), &mut notes, work)?;
        Ok(Self { settings, coming, spend, notes })
    }

    fn spend_model(&self) -> Option<&FittedSpendModel> {
        if let Spend::Model(model) = &self.spend { Some(model) } else { None }
    }

    fn basis(&self) -> ValueBasis {
        let rungs = ValueBasis::new(self.coming.rung(), self.spend.rung());
        ValueBasis { notes: self.notes.clone(), ..rungs }
    }

    fn outlooks(
        &self,
        table: &PeriodTable,
        coming: &R,
        work: &Work,
    ) -> Result<Option<Vec<Outlook>>, ValueError> {
        coming.outlooks(table, self.settings.periods, self.settings.discount()?, work)
    }

    fn value(
        &self,
        history: &CustomerHistory,
        economics: &Economics,
        work: &Work,
    ) -> Result<CustomerValue, ValueError> {
        economics.check_length(history.n_customers())?;
        work.begin("valuing customers", Some(history.n_customers() as u64))?;
        let table = PeriodTable::of(history, self.settings.length)?;
        let seen = self.spend.see(SpendSource::Periods(&table))?;
        let outlooks = self.outlooks(&table, &self.coming, work)?;
        let forecast = forecast(outlooks.as_deref(), &self.spend, &seen);
        let (valuation, reach) = (self.settings.valuation, self.settings.reach());
        valuation.table(history, economics, reach, self.basis(), forecast)
    }

    fn intervals(
        &self,
        history: &CustomerHistory,
        economics: &Economics,
        level: f64,
        work: &Work,
    ) -> Result<Option<ValueIntervals>, ValueError> {
        let n = history.n_customers();
        let laid = Laid::new(level, economics, n)?;
        let table = PeriodTable::of(history, self.settings.length)?;
        let seen = self.spend.see(SpendSource::Periods(&table))?;
        self.coming.intervals(&self.spend, laid, |coming, spend| {
            let outlooks = self.outlooks(&table, coming, work)?;
            let forecast = forecast(outlooks.as_deref(), spend, &seen);
            let rates =
                self.settings.valuation.rates(economics, self.settings.reach(), n, forecast)?;
            Ok(with_total(rates.iter().flatten().map(Rates::value)))
        })
    }

    fn to_json(&self) -> String {
        let Settings { length, periods, valuation, .. } = self.settings;
        let content = Saved {
            period: length.into(),
            periods,
            annual_discount: Exact(valuation.annual_discount),
            frontier: Exact(valuation.frontier),
            coming: self.coming.saved(),
            spend: self.spend.saved(),
            notes: self.notes.clone(),
        };
        to_json(R::FORMAT, VERSION, content)
    }

    fn from_json(text: &str) -> Result<Self, SavedModelError> {
        let saved: Saved<R::Saved> = from_json(text, R::FORMAT, VERSION)?;
        let spend = Spend::restored(saved.spend)?;
        let settings = Settings {
            length: saved.period.into(),
            periods: saved.periods,
            spend: spend.model_of_the_same_kind(),
            valuation: Valuation {
                annual_discount: saved.annual_discount.0,
                frontier: saved.frontier.0,
            },
        };
        let expected = "those of a value by period";
        let invalid = |_| SavedModelError::Invalid { what: "settings", expected };
        settings.validate().map_err(invalid)?;
        let coming = R::restored(saved.coming)?;
        Ok(Self { settings, coming, spend, notes: saved.notes })
    }
}

/// What the two rungs say of the customer in a row.
fn forecast<'a>(
    outlooks: Option<&'a [Outlook]>,
    spend: &'a Spend,
    seen: &'a SeenSpend,
) -> impl Fn(usize) -> Option<(Outlook, f64)> + 'a {
    move |row| Some((outlooks?[row], spend.expected(seen, row)))
}

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Saved<T> {
    period: SavedPeriodLength,
    periods: u32,
    annual_discount: Exact,
    frontier: Exact,
    coming: T,
    spend: SavedSpend,
    notes: Vec<String>,
}

/// The settings that both models have in common.
macro_rules! settings {
    ($model:ident, $fitted:ident) => {
        impl $model {
            /// The model of what is paid in a period with a purchase: what Gamma-Gamma and
            /// credibility count as a purchase is here a period in which there was one.
            #[must_use]
            pub fn spend(mut self, model: impl Into<SpendModel>) -> Self {
                self.settings.spend = model.into();
                self
            }

            /// How many of the coming periods count; as many as make a year unless set.
            #[must_use]
            pub fn horizon(mut self, periods: u32) -> Self {
                self.settings.periods = periods;
                self
            }

            /// The discount rate a year, such as 0.1; it is converted to a rate for a period once.
            #[must_use]
            pub fn annual_discount(mut self, rate: f64) -> Self {
                self.settings.valuation.annual_discount = rate;
                self
            }

            /// Which quantile of their peers' future value is a customer's potential.
            #[must_use]
            pub fn frontier(mut self, quantile: f64) -> Self {
                self.settings.valuation.frontier = quantile;
                self
            }

            /// Checks the parameters; `fit` calls this first.
            ///
            /// # Errors
            ///
            /// [`ValueError::Param`].
            pub fn validate(&self) -> Result<(), ValueError> {
                self.settings.validate()
            }
        }

        impl ValueModel for $model {
            fn ask(&self, spec: HistorySpec) -> HistorySpec {
                spec.purchase_days()
            }

            fn fit(
                &self,
                history: &CustomerHistory,
                work: &Work,
            ) -> Result<Box<dyn FittedValueModel>, ValueError> {
                Ok(Box::new(self.fit_to(history, work)?))
            }
        }

        impl $fitted {
            /// The fitted model of spend, unless it refused.
            pub fn spend_model(&self) -> Option<&FittedSpendModel> {
                self.0.spend_model()
            }

            /// The rungs that are used.
            pub fn basis(&self) -> ValueBasis {
                self.0.basis()
            }

            /// Intervals of what each customer is expected to be worth, by the delta method, as
            /// [`FittedLifetimeValue::intervals`](crate::value::FittedLifetimeValue::intervals)
            /// lays them.
            ///
            /// `None` where a rung has no covariance: a fit at the edge of its range, credibility
            /// unless nobody's spend varies, or no model at all.
            ///
            /// # Errors
            ///
            /// [`ValueError::Param`] for a level that is not between 0 and 1;
            /// [`ValueError::Data`] where the purchase days were not asked for;
            /// [`ValueError::Length`] where the economics are of other customers;
            /// [`ValueError::Cancelled`].
            pub fn intervals(
                &self,
                history: &CustomerHistory,
                economics: &Economics,
                level: f64,
                work: &Work,
            ) -> Result<Option<ValueIntervals>, ValueError> {
                self.0.intervals(history, economics, level, work)
            }

            /// The fitted model as JSON with a format name and a version, to be applied to later
            /// histories.
            pub fn to_json(&self) -> String {
                self.0.to_json()
            }

            /// Reads what [`to_json`](Self::to_json) of this or an older version wrote; values come
            /// out equal to the last bit.
            ///
            /// # Errors
            ///
            /// [`SavedModelError`] for what is no saved model, is newer than this crate, or cannot
            /// be.
            pub fn from_json(text: &str) -> Result<Self, SavedModelError> {
                Fitted::from_json(text).map(Self)
            }
        }

        impl FittedValueModel for $fitted {
            fn value(
                &self,
                history: &CustomerHistory,
                economics: &Economics,
                work: &Work,
            ) -> Result<CustomerValue, ValueError> {
                self.0.value(history, economics, work)
            }
        }
    };
}
use settings;

#[cfg(test)]
mod tests;
