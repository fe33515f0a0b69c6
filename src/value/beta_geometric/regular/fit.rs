//! The maximum-likelihood fit of regular timing: one fit for each degree of regularity, the best
//! of them kept.

use crate::num::blocks;
use crate::num::newton::{Curve, minimise};
use crate::num::real::{exp, ln};
use crate::num::special::ln_rising;
pub(super) use crate::value::beta_geometric::fit::refuse_too_few;
use crate::value::beta_geometric::fit::{Derivatives, RANGE};
use crate::value::beta_geometric::likelihood::Variant;
use crate::value::beta_geometric::regular::likelihood::{terms_of_x, two_fates};
use crate::value::beta_geometric::regular::{FittedCnbd, Regularity};
use crate::value::beta_geometric::{FittedBetaGeometric, Settings, fit};
use crate::value::{PurchaseRhythm, PurchaseSummary, Refusal, ValueError};
use crate::work::{Cancelled, Work};

/// The regularity that is tried when it is not known. Rates of purchases spread wider than that of
/// Erlang-12 times leave nothing to tell further degrees apart.
const MOST_REGULAR: u32 = 12;

pub(super) fn fit_regular(
    variant: Variant,
    settings: Settings,
    regularity: Regularity,
    rhythm: &PurchaseRhythm,
    work: &Work,
) -> Result<FittedCnbd, ValueError> {
    let degrees = match regularity {
        Regularity::Known(k) => k..=k,
        Regularity::Chosen => 1..=MOST_REGULAR,
    };
    let mut best: Option<FittedCnbd> = None;
    let mut failed = None;
    for k in degrees {
        match fit_one(variant, settings, k, rhythm, work) {
            Ok(fitted) => {
                let better = best.as_ref().is_none_or(|best| {
                    fitted.log_likelihood().unwrap_or(f64::NEG_INFINITY)
                        > best.log_likelihood().unwrap_or(f64::NEG_INFINITY)
                });
                if better {
                    best = Some(fitted);
                }
            }
            // One degree that does not settle is no reason to refuse the others.
            Err(ValueError::Refused { model, reason: Refusal::NotConverged }) => {
                failed = Some(ValueError::Refused { model, reason: Refusal::NotConverged });
            }
            Err(error) => return Err(error),
        }
    }
    let refused = ValueError::Refused { model: variant.name(), reason: Refusal::NotConverged };
    best.ok_or(failed.unwrap_or(refused))
}

fn fit_one(
    variant: Variant,
    settings: Settings,
    k: u32,
    rhythm: &PurchaseRhythm,
    work: &Work,
) -> Result<FittedCnbd, ValueError> {
    let base = rhythm.base();
    if k == 1 {
        return Ok(FittedCnbd { k, hidden: fit::fit(variant, settings, base, work)? });
    }
    refuse_too_few(variant, settings, base)?;
    // A hidden event happens k times as often as a purchase.
    let weeks = base.mean_age_in_weeks().max(0.1) / f64::from(k);
    let mut hidden = fit_from(variant, k, [0.5, weeks, 1.0, 2.0].map(ln), base, work)?;
    if let Some(log_likelihood) = &mut hidden.outcome.log_likelihood {
        *log_likelihood += of_the_intervals(k, rhythm);
    }
    Ok(FittedCnbd { k, hidden })
}

/// The fit from a given start; its log-likelihood lacks what depends on the times between purchases
/// alone.
pub(super) fn fit_from(
    variant: Variant,
    k: u32,
    start: [f64; 4],
    base: &PurchaseSummary,
    work: &Work,
) -> Result<FittedBetaGeometric, ValueError> {
    let found =
        minimise(start, RANGE, |logs| negative_log_likelihood(variant, k, base, logs, work))?;
    FittedBetaGeometric::found(variant, variant.regular_name(), &found)
}

/// The part of the log-likelihood that depends on k and the times between purchases alone, time in
/// weeks.
fn of_the_intervals(k: u32, rhythm: &PurchaseRhythm) -> f64 {
    let base = rhythm.base();
    let purchases = blocks::sum(base.distinct().len(), |i| {
        f64::from(base.distinct()[i].repeat_purchases()) * base.customers()[i] as f64
    });
    f64::from(k - 1) * (rhythm.log_intervals() - purchases * ln(7.0))
        - purchases * ln_rising(1.0, k - 1)
}

/// The negative log-likelihood with both derivatives, in the logarithms of r, α, a, b.
pub(super) fn negative_log_likelihood(
    variant: Variant,
    k: u32,
    base: &PurchaseSummary,
    logs: &[f64; 4],
    work: &Work,
) -> Result<Curve<4>, Cancelled> {
    let p = logs.map(exp);
    let (distinct, customers) = (base.distinct(), base.customers());
    let parts = blocks::map_blocks(distinct.len(), work, |rows| {
        let mut part = Derivatives::default();
        let mut shared: Option<(u32, Derivatives)> = None;
        for row in rows {
            let x = distinct[row].repeat_purchases();
            let of_x = match shared {
                Some((same, of_x)) if same == x => of_x,
                _ => terms_of_x(variant, k, x, p),
            };
            shared = Some((x, of_x));
            let weight = customers[row] as f64;
            part.add_scaled(&of_x, weight);
            part.add_scaled(&two_fates(variant, k, &distinct[row], p), weight);
        }
        part
    })?;
    let mut sum = Derivatives::default();
    for part in &parts {
        sum.add_scaled(part, 1.0);
    }
    Ok(sum.negative_in_logs(&p))
}
