//! Value under a contract that is renewed once a period, by sBG.

use serde::{Deserialize, Serialize};

use crate::data::{CustomerHistory, HistorySpec};
use crate::num::real::{exp_m1, ln};
use crate::units::Probability;
use crate::value::ladder::{Outlook, Spend, share};
use crate::value::lifetime::{Laid, by_delta};
use crate::value::period_table::PeriodTable;
use crate::value::period_value::{Fitted, Rung, Settings, settings};
use crate::value::saved::{Exact, SavedFit};
use crate::value::{
    CredibilitySpend, CustomerValue, Economics, FittedShiftedBetaGeometric, FittedSpendModel,
    FittedValueModel, PeriodDiscount, PeriodHorizon, PeriodLength, RenewalTable, SavedModelError,
    ShiftedBetaGeometric, SpendModel, ValueBasis, ValueError, ValueIntervals, ValueModel,
};
use crate::work::Work;

/// Expected discounted payments under a contract that is renewed once a period.
///
/// Choose it where payments come by the calendar and their end is seen: subscriptions,
/// memberships. [`RenewalTable::of`] says what counts as a contract and as its end. A customer
/// whose contract runs decides at the start of each coming period, the first of which is not
/// discounted: payments expected are the discounted expected residual lifetime (DERL) of Fader &
/// Hardie (2010). One whose contract ended is worth nothing more, whatever a new contract would
/// bring.
///
/// | setting | default | reason |
/// |---|---|---|
/// | payment of a period | credibility, net | where every payment is the same, it is that payment |
/// | horizon | as many periods as make a year | the year a budget is made for |
/// | discount | 10 % a year | as [`LifetimeValue`](crate::value::LifetimeValue) |
/// | potential | the 80 % frontier of peers of like tenure | as there |
///
/// Whoever paid in a last period that the end of the observation cuts has renewed for it.
///
/// # Example
///
/// ```
/// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
/// use segmentry::units::{Calendar, Date};
/// use segmentry::value::{ContractValue, Economics, FittedValueModel, ValueModel};
/// use segmentry::work::Work;
///
/// // Of 1000 who subscribed in January, so many were left in each month (Fader & Hardie 2007).
/// let left = [1000, 631, 468, 382, 326, 289, 262, 241];
/// let names: Vec<String> = (0..1000).map(|i| format!("{i:03}")).collect();
/// let mut log = Vec::new();
/// for (month, &left) in (1..).zip(&left) {
///     let day = Date::from_ymd(2024, month, 5)?;
///     log.extend(names[..left].iter().map(|who| Transaction::new(who, day, 10.0)));
/// }
/// let model = ContractValue::new(Calendar::Months).annual_discount(0.0).horizon(2);
/// let spec = HistorySpec::new().observed_until(Date::from_ymd(2024, 8, 31)?);
/// let history = CustomerHistory::read(&log, &model.ask(spec), &Work::new())?;
/// let fitted = model.fit_to(&history, &Work::new())?;
/// let value = fitted.value(&history, &Economics::none(), &Work::new())?;
/// // sBG says .704 and 1.182: after seven renewals 8.182 in 8.886 renew, then 9.182 in 9.886.
/// let stays = 8.182 / 8.886 * (1.0 + 9.182 / 9.886);
/// assert!((value.rows()[0].future().unwrap().amount() / 10.0 - stays).abs() < 1e-3);
/// assert_eq!(value.rows()[999].future().unwrap().amount(), 0.0); // left in February
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Fader, P. & Hardie, B. (2010). Customer-base valuation in a contractual setting: the perils of
/// ignoring heterogeneity. *Marketing Science* 29, 85-93.
#[derive(Debug, Clone, PartialEq)]
pub struct ContractValue {
    settings: Settings,
}

/// A [`ContractValue`] with the rungs that its data allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedContractValue(Fitted<Contracts>);

settings!(ContractValue, FittedContractValue);

impl ContractValue {
    /// The defaults above, for contracts that are renewed once in a period of this length.
    pub fn new(period: impl Into<PeriodLength>) -> Self {
        let spend = SpendModel::Credibility(CredibilitySpend::new());
        Self { settings: Settings::new(period.into(), spend) }
    }

    /// Fits both models, stepping down a rung where one refuses: below sBG stands the same
    /// retention for everybody.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`]; [`ValueError::Data`] where the purchase days were not asked for;
    /// [`ValueError::Cancelled`].
    pub fn fit_to(
        &self,
        history: &CustomerHistory,
        work: &Work,
    ) -> Result<FittedContractValue, ValueError> {
        self.validate()?;
        work.begin("fitting renewals", None)?;
        let periods = PeriodTable::of(history, self.settings.length)?;
        let (table, again) = RenewalTable::of_periods(&periods);
        let mut notes = Vec::new();
        if again > 0 {
            notes.push(format!(
                "{again} contracts began after an earlier one of the same customer, a whole period \
                 without a payment between them"
            ));
        }
        let coming = match ShiftedBetaGeometric::new().fit(&table, work) {
            Ok(model) => Contracts::Model(model),
            Err(error @ ValueError::Refused { .. }) => {
                notes.push(error.to_string());
                pooled_retention(&table).map_or(Contracts::Unknown, Contracts::SameRetention)
            }
            Err(error) => return Err(error),
        };
        Fitted::new(self.settings, coming, &periods, notes, work).map(FittedContractValue)
    }
}

impl FittedContractValue {
    /// The fitted model of renewals, unless it refused.
    pub fn renewal_model(&self) -> Option<&FittedShiftedBetaGeometric> {
        if let Contracts::Model(model) = &self.0.coming { Some(model) } else { None }
    }
}

/// The share of all renewals at which customers stayed; `None` where nobody came to one.
fn pooled_retention(table: &RenewalTable) -> Option<f64> {
    let total = table.renewals().iter().fold((0.0, 0.0), |(at_risk, renewed), renewal| {
        (at_risk + renewal.at_risk, renewed + renewal.renewed)
    });
    (total.0 > 0.0).then(|| total.1 / total.0)
}

/// What renewals are forecast from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Contracts {
    Model(FittedShiftedBetaGeometric),
    /// One chance to renew for everybody, whatever their tenure.
    SameRetention(f64),
    /// Nobody came to a renewal.
    Unknown,
}

impl Contracts {
    /// The chance that a customer with so many renewals renews once more, and the discounted
    /// payments of the coming periods; `None` without a rung.
    fn expects(
        &self,
        renewals: u32,
        periods: u32,
        discount: PeriodDiscount,
    ) -> Result<Option<(f64, f64)>, ValueError> {
        Ok(match self {
            Self::Unknown => None,
            Self::Model(model) => {
                let horizon = PeriodHorizon::Within(periods);
                let lifetime = model.discounted_residual_lifetime(renewals, horizon, discount)?;
                Some((model.retention_after(renewals).value(), lifetime))
            }
            Self::SameRetention(retention) => {
                let each = retention / (1.0 + discount.rate());
                let periods = f64::from(periods);
                let sum = if each == 0.0 {
                    1.0
                } else if each == 1.0 {
                    periods
                } else {
                    -exp_m1(periods * ln(each)) / (1.0 - each)
                };
                Some((*retention, retention * sum))
            }
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SavedContracts {
    Model(SavedFit),
    SameRetention(Exact),
    Unknown,
}

impl Rung for Contracts {
    type Saved = SavedContracts;
    const FORMAT: &'static str = "segmentry.contract_value";

    fn rung(&self) -> &'static str {
        match self {
            Self::Model(_) => "sbg",
            Self::SameRetention(_) => "same_retention",
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
        work.check()?;
        let payments = discount.annuity(periods) * (1.0 + discount.rate());
        // What is expected by the number of renewals, once for all who have as many.
        let mut known: Vec<Option<(f64, f64)>> = Vec::new();
        let mut outlooks = Vec::with_capacity(table.n_customers());
        for row in 0..table.n_customers() {
            let standing = table.standing(row);
            let place = standing.renewals as usize;
            if known.len() <= place {
                known.resize(place + 1, None);
            }
            if known[place].is_none() {
                known[place] = self.expects(standing.renewals, periods, discount)?;
            }
            let Some((renews, lifetime)) = known[place] else { return Ok(None) };
            let alive = if standing.runs { 1.0 } else { 0.0 };
            outlooks.push(Outlook {
                p_alive: Some(Probability::clamped(alive)),
                p_active: Probability::clamped(alive * renews),
                staying: share(lifetime, payments),
                purchases: payments,
            });
        }
        Ok(Some(outlooks))
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
            Some(logs) => values(&Self::Model(FittedShiftedBetaGeometric::at(logs)), spend),
        })
    }

    fn saved(&self) -> SavedContracts {
        match self {
            Self::Model(model) => SavedContracts::Model(model.saved()),
            Self::SameRetention(retention) => SavedContracts::SameRetention(Exact(*retention)),
            Self::Unknown => SavedContracts::Unknown,
        }
    }

    fn restored(saved: SavedContracts) -> Result<Self, SavedModelError> {
        Ok(match saved {
            SavedContracts::Model(fit) => Self::Model(FittedShiftedBetaGeometric::restored(&fit)?),
            SavedContracts::SameRetention(Exact(retention)) => {
                if !(0.0..=1.0).contains(&retention) {
                    let expected = "a share of renewals";
                    return Err(SavedModelError::Invalid { what: "coming", expected });
                }
                Self::SameRetention(retention)
            }
            SavedContracts::Unknown => Self::Unknown,
        })
    }
}
