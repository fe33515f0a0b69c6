//! Value where customers buy at known opportunities, by BG/BB.

use serde::{Deserialize, Serialize};

use crate::data::{CustomerHistory, HistorySpec};
use crate::num::real::{exp_m1, ln_1p};
use crate::units::Probability;
use crate::value::ladder::{Outlook, Spend};
use crate::value::lifetime::{Laid, by_delta};
use crate::value::period_table::PeriodTable;
use crate::value::period_value::{Fitted, Rung, Settings, settings};
use crate::value::saved::{Exact, SavedFit};
use crate::value::{
    BgBb, CustomerValue, Economics, FittedBgBb, FittedSpendModel, FittedValueModel, GammaGamma,
    OpportunityRecord, OpportunitySummary, PeriodDiscount, PeriodLength, SavedModelError,
    SpendModel, ValueBasis, ValueError, ValueIntervals, ValueModel,
};
use crate::work::Work;

/// Expected discounted value of the coming opportunities to buy.
///
/// Choose it over [`LifetimeValue`](crate::value::LifetimeValue) where customers can buy once in a
/// period: a yearly appeal, a season, a weekly market. Opportunities are the periods after that of
/// the first purchase, and one is taken where there was a purchase; spend is that of a period.
///
/// | setting | default | reason |
/// |---|---|---|
/// | purchases | BG/BB | |
/// | spend | Gamma-Gamma | |
/// | horizon | as many periods as make a year | the year a budget is made for |
/// | discount | 10 % a year | as [`LifetimeValue`](crate::value::LifetimeValue) |
/// | potential | the 80 % frontier of peers of like tenure | as there |
///
/// A last period that the end of the observation cuts is left out: it may still be taken. The
/// horizon begins with it.
///
/// # Example
///
/// ```
/// use segmentry::data::{CustomerHistory, HistorySpec};
/// use segmentry::simulate::Market;
/// use segmentry::units::Calendar;
/// use segmentry::value::{Economics, FittedValueModel, OpportunityValue, ValueModel};
/// use segmentry::work::Work;
///
/// let model = OpportunityValue::new(Calendar::Months).horizon(6);
/// let market = Market::new(1000);
/// let history = CustomerHistory::read(&market, &model.ask(HistorySpec::new()), &Work::new())?;
/// let fitted = model.fit_to(&history, &Work::new())?;
/// let value = fitted.value(&history, &Economics::none(), &Work::new())?;
/// assert_eq!(value.basis().to_string(), "bg_bb+gamma_gamma");
/// assert_eq!(value.horizon().count(), 183); // six months of 365.25 / 12 days
/// assert!(value.total_future().is_some_and(|total| total.amount() > 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OpportunityValue {
    purchases: BgBb,
    settings: Settings,
}

/// An [`OpportunityValue`] with the rungs that its data allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedOpportunityValue(Fitted<Opportunities>);

settings!(OpportunityValue, FittedOpportunityValue);

impl OpportunityValue {
    /// The defaults above, for opportunities of this length.
    pub fn new(period: impl Into<PeriodLength>) -> Self {
        let spend = SpendModel::GammaGamma(GammaGamma::new());
        Self { purchases: BgBb::new(), settings: Settings::new(period.into(), spend) }
    }

    /// The model of purchases.
    #[must_use]
    pub fn purchases(mut self, model: BgBb) -> Self {
        self.purchases = model;
        self
    }

    /// Fits both models, stepping down a rung where one refuses: below BG/BB stands the share of
    /// opportunities taken.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`]; [`ValueError::Data`] where the purchase days were not asked for;
    /// [`ValueError::Cancelled`].
    pub fn fit_to(
        &self,
        history: &CustomerHistory,
        work: &Work,
    ) -> Result<FittedOpportunityValue, ValueError> {
        self.validate()?;
        work.begin("fitting purchases", None)?;
        let table = PeriodTable::of(history, self.settings.length)?;
        let base = OpportunitySummary::of_table(&table)?;
        let mut notes = Vec::new();
        let coming = match self.purchases.fit(&base, work) {
            Ok(model) => Opportunities::Model(model),
            Err(error @ ValueError::Refused { .. }) => {
                notes.push(error.to_string());
                ShareTaken::of(&base).map_or(Opportunities::Unknown, Opportunities::ShareTaken)
            }
            Err(error) => return Err(error),
        };
        Fitted::new(self.settings, coming, &table, notes, work).map(FittedOpportunityValue)
    }
}

impl FittedOpportunityValue {
    /// The fitted model of purchases, unless it refused.
    pub fn purchase_model(&self) -> Option<&FittedBgBb> {
        if let Opportunities::Model(model) = &self.0.coming { Some(model) } else { None }
    }
}

/// What purchases are forecast from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Opportunities {
    Model(FittedBgBb),
    ShareTaken(ShareTaken),
    /// Nobody had an opportunity after the first purchase.
    Unknown,
}

/// Opportunities taken as they were counted: each customer's own share, pulled towards everybody's
/// with the weight of one mean number of opportunities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ShareTaken {
    pooled: f64,
    mean_opportunities: f64,
}

impl ShareTaken {
    fn of(base: &OpportunitySummary) -> Option<Self> {
        let (mut taken, mut had) = (0.0, 0.0);
        for (record, &customers) in base.distinct().iter().zip(base.customers()) {
            taken += f64::from(record.purchases()) * customers as f64;
            had += f64::from(record.opportunities()) * customers as f64;
        }
        let mean_opportunities = had / base.n_customers() as f64;
        (had > 0.0).then(|| Self { pooled: taken / had, mean_opportunities })
    }

    fn share(&self, record: &OpportunityRecord) -> f64 {
        let taken = f64::from(record.purchases()) + self.pooled * self.mean_opportunities;
        taken / (f64::from(record.opportunities()) + self.mean_opportunities)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SavedOpportunities {
    Model(SavedFit),
    ShareTaken { pooled: Exact, mean_opportunities: Exact },
    Unknown,
}

impl Rung for Opportunities {
    type Saved = SavedOpportunities;
    const FORMAT: &'static str = "segmentry.opportunity_value";

    fn rung(&self) -> &'static str {
        match self {
            Self::Model(_) => "bg_bb",
            Self::ShareTaken(_) => "share_taken",
            Self::Unknown => "none",
        }
    }

    fn outlooks(
        &self,
        table: &PeriodTable,
        periods: u32,
        discount: PeriodDiscount,
        work: &Work,
    ) -> Result<Option<Vec<Outlook>>, ValueError> {
        let base = OpportunitySummary::of_table(table)?;
        let distinct: Vec<Outlook> = match self {
            Self::Unknown => return Ok(None),
            Self::Model(model) => {
                let forecast = model.forecast(&base, periods, discount, work)?;
                forecast.into_iter().map(Outlook::of).collect()
            }
            Self::ShareTaken(rung) => {
                let outlook = |record| {
                    let share = rung.share(record);
                    let any = -exp_m1(f64::from(periods) * ln_1p(-share));
                    Outlook {
                        p_alive: None,
                        p_active: Probability::clamped(any),
                        staying: 1.0,
                        purchases: share * discount.annuity(periods),
                    }
                };
                base.distinct().iter().map(outlook).collect()
            }
        };
        Ok(Some(base.places().iter().map(|&place| distinct[place as usize]).collect()))
    }

    fn intervals(
        &self,
        spend: &Spend,
        laid: Laid,
        values: impl Fn(&Self, &Spend) -> Result<Vec<f64>, ValueError>,
    ) -> Result<Option<ValueIntervals>, ValueError> {
        let Self::Model(model) = self else { return Ok(None) };
        by_delta(model.in_logs(), spend, laid, |at, spend| match at {
            None => values(self, spend),
            Some(logs) => values(&Self::Model(FittedBgBb::at(logs)), spend),
        })
    }

    fn saved(&self) -> SavedOpportunities {
        match self {
            Self::Model(model) => SavedOpportunities::Model(model.saved()),
            Self::ShareTaken(ShareTaken { pooled, mean_opportunities }) => {
                SavedOpportunities::ShareTaken {
                    pooled: Exact(*pooled),
                    mean_opportunities: Exact(*mean_opportunities),
                }
            }
            Self::Unknown => SavedOpportunities::Unknown,
        }
    }

    fn restored(saved: SavedOpportunities) -> Result<Self, SavedModelError> {
        Ok(match saved {
            SavedOpportunities::Model(fit) => Self::Model(FittedBgBb::restored(&fit)?),
            SavedOpportunities::ShareTaken { pooled, mean_opportunities } => {
                let (Exact(pooled), Exact(mean_opportunities)) = (pooled, mean_opportunities);
                if !((0.0..=1.0).contains(&pooled) && mean_opportunities > 0.0) {
                    let expected = "a share of opportunities";
                    return Err(SavedModelError::Invalid { what: "coming", expected });
                }
                Self::ShareTaken(ShareTaken { pooled, mean_opportunities })
            }
            SavedOpportunities::Unknown => Self::Unknown,
        })
    }
}
