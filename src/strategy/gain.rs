//! What an offer is worth: one formula for all levers.

use serde::Serialize;

use crate::strategy::Offer;
use crate::units::{Money, Provenance};
use crate::value::Rates;

/// The expected gain of an offer to a customer, against doing nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Gain {
    /// The expected gain; negative where the offer costs more than it brings.
    pub mean: Money,
    /// Its standard error, where that of the success is known.
    pub standard_error: Option<Money>,
    /// What it rests on.
    pub provenance: Provenance,
    /// Where it comes from.
    pub terms: GainTerms,
}

/// The parts of a gain, which add up to it: the three levers of customer value.
///
/// Value is a product, so that the part of one factor depends on which others have changed before
/// it; each part is its mean over the six orders (Shapley 1953), which for
/// `retention × (sales − cost)` has a closed form:
///
/// ```text
/// sales     = success × ((r + r′) / 2 × (S′ − S) + one-off)
/// retention = success × (r′ − r) × ((S − c) + (S′ − c′)) / 2
/// cost      = −success × ((r + r′) / 2 × (c′ − c) + incentive) − contact cost − leakage × incentive − fatigue
/// ```
///
/// with `r` = alive × staying, `S` = purchases × spend × margin and `c` = cost, before and after.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GainTerms {
    /// From selling more, at a better margin, or once.
    pub sales: Money,
    /// From customers who stay or come back.
    pub retention: Money,
    /// From serving at less cost, less what the offer itself costs; mostly negative.
    pub cost: Money,
}

impl GainTerms {
    /// The terms together: the gain, to the last digits.
    pub fn total(&self) -> Money {
        self.sales + self.retention + self.cost
    }

    /// A share of each.
    pub(crate) fn scaled(self, share: f64) -> Self {
        let of = |money: Money| Money::finite(share * money.amount());
        Self { sales: of(self.sales), retention: of(self.retention), cost: of(self.cost) }
    }
}

impl Gain {
    /// The gain of `offer` to a customer with these rates (see the [module](crate::strategy) for
    /// the formula).
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::strategy::{Gain, Offer};
    /// use segmentry::units::{Estimate, Money};
    /// use segmentry::value::Rates;
    ///
    /// // Half gone, worth 100 if certainly back; one in ten comes back for a letter of 1.50.
    /// let rates = Rates { alive: 0.5, staying: 1.0, purchases: 4.0, spend: 25.0, margin: 1.0, cost: 0.0 };
    /// let letter = Offer::new(Estimate::assumed(0.1)?).revive(1.0).contact_cost(Money::new(1.5)?);
    /// let gain = Gain::of(&letter, &rates);
    /// assert_eq!(gain.mean.amount(), 0.1 * 50.0 - 1.5);
    /// assert_eq!(gain.terms.retention.amount(), 5.0);
    /// assert_eq!(gain.terms.cost.amount(), -1.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(offer: &Offer, rates: &Rates) -> Self {
        let changed = changed(offer, rates);
        let on_success = changed.value().amount() - rates.value().amount() + offer.one_off.amount()
            - offer.incentive.amount();
        let paid_anyway = offer.contact_cost.amount()
            + offer.leakage * offer.incentive.amount()
            + offer.fatigue.amount();
        let success = offer.success;
        let terms = terms(offer, rates, &changed, paid_anyway);
        Self {
            // Not success × on_success: the difference of two large values loses the digits of a
            // small change, and the terms would not add up to it.
            mean: terms.total(),
            standard_error: success
                .standard_error()
                .map(|error| Money::finite(error * on_success.abs())),
            provenance: success.provenance(),
            terms,
        }
    }
}

fn terms(offer: &Offer, before: &Rates, after: &Rates, paid_anyway: f64) -> GainTerms {
    let parts = |rates: &Rates| {
        (rates.alive * rates.staying, rates.purchases * rates.spend * rates.margin, rates.cost)
    };
    let ((r0, s0, c0), (r1, s1, c1)) = (parts(before), parts(after));
    let (success, stays) = (offer.success.mean(), (r0 + r1) / 2.0);
    let kept = (r1 - r0) * ((s0 - c0) + (s1 - c1)) / 2.0;
    let spent = stays * (c1 - c0) + offer.incentive.amount();
    GainTerms {
        sales: Money::finite(success * (stays * (s1 - s0) + offer.one_off.amount())),
        retention: Money::finite(success * kept),
        cost: Money::finite(-success * spent - paid_anyway),
    }
}

/// The rates after the offer has worked.
fn changed(offer: &Offer, rates: &Rates) -> Rates {
    let staying = if offer.keep < 0.0 {
        rates.staying * (1.0 + offer.keep)
    } else {
        rates.staying + offer.keep * (1.0 - rates.staying)
    };
    let changed = Rates {
        alive: rates.alive + offer.revive * (1.0 - rates.alive),
        staying,
        purchases: rates.purchases * offer.purchases,
        spend: rates.spend * offer.spend,
        margin: rates.margin + offer.margin,
        cost: rates.cost * offer.cost,
    };
    if offer.added == (0.0, 0.0) { changed } else { blended(changed, offer.added) }
}

/// The rates with sales added that contribute what they contribute: the same purchases, at the
/// spend and the margin of both together.
fn blended(rates: Rates, (sales, contribution): (f64, f64)) -> Rates {
    let all = rates.purchases * rates.spend + sales;
    let contribution = rates.purchases * rates.spend * rates.margin + contribution;
    if rates.purchases > 0.0 && all > 0.0 {
        Rates { spend: all / rates.purchases, margin: contribution / all, ..rates }
    } else {
        // Nothing to blend with: the contribution as one purchase, so that no value is lost.
        Rates { purchases: 1.0, spend: contribution, margin: 1.0, ..rates }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Estimate;

    const RATES: Rates =
        Rates { alive: 0.5, staying: 0.8, purchases: 10.0, spend: 20.0, margin: 0.25, cost: 10.0 };

    fn assumed(success: f64) -> Estimate {
        Estimate::assumed(success).unwrap()
    }

    fn gain(offer: Offer) -> f64 {
        Gain::of(&offer, &RATES).mean.amount()
    }

    /// Value before: 1/2 x 4/5 x (10 x 20 x 1/4 - 10) = 16.
    #[test]
    fn worked_as_fractions() {
        let close = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got} {want}");
        close(RATES.value().amount(), 16.0);
        // Kept: staying 4/5 + 1/2 x 1/5 = 9/10, value 18, gain 1/10 x 2.
        close(gain(Offer::new(assumed(0.1)).keep(0.5)), 0.2);
        // Back: alive 1, value 32, gain 1/4 x 16 less 1 for the contact.
        close(
            gain(Offer::new(assumed(0.25)).revive(1.0).contact_cost(Money::from_minor(100, 2))),
            3.0,
        );
        // A fifth more purchases: 2/5 x (60 - 10) = 20, gain 1/2 x 4.
        close(gain(Offer::new(assumed(0.5)).purchases(1.2)), 2.0);
        // Served at half the cost: 2/5 x 45 = 18, gain 2.
        close(gain(Offer::new(assumed(1.0)).cost_to_serve(0.5)), 2.0);
        // An incentive of 4 to one in two, and to one in ten who would have come anyway: 1/2 x (4 -
        // 4) - 0.4.
        close(
            gain(Offer::new(assumed(0.5)).purchases(1.2).incentive(Money::from_minor(4, 0), 0.1)),
            -0.4,
        );
    }

    /// Every kind of change at once; the terms by the six orders, each written out.
    #[test]
    fn terms_are_the_mean_over_all_orders_and_add_up() {
        let offer = Offer::new(assumed(0.5))
            .revive(0.5)
            .keep(0.25)
            .purchases(1.5)
            .spend(1.2)
            .margin(0.05)
            .cost_to_serve(0.6)
            .one_off(Money::from_minor(300, 2))
            .contact_cost(Money::from_minor(50, 2))
            .incentive(Money::from_minor(200, 2), 0.1);
        let after = changed(&offer, &RATES);
        let part = |rates: &Rates| {
            [rates.alive * rates.staying, rates.purchases * rates.spend * rates.margin, rates.cost]
        };
        let (before, after) = (part(&RATES), part(&after));
        let value = |[r, s, c]: [f64; 3]| r * (s - c);
        let mut mean = [0.0; 3];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut now = before;
            for factor in order {
                let old = value(now);
                now[factor] = after[factor];
                mean[factor] += (value(now) - old) / 6.0;
            }
        }
        let gain = Gain::of(&offer, &RATES);
        let close = |got: Money, want: f64| {
            assert!((got.amount() - want).abs() < 1e-12, "{got} {want}");
        };
        close(gain.terms.retention, 0.5 * mean[0]);
        close(gain.terms.sales, 0.5 * (mean[1] + 3.0));
        close(gain.terms.cost, 0.5 * (mean[2] - 2.0) - 0.5 - 0.1 * 2.0);
        close(gain.terms.total(), gain.mean.amount());
    }

    #[test]
    fn an_offer_that_changes_nothing_gains_nothing_to_the_last_bit() {
        assert_eq!(gain(Offer::new(assumed(1.0))), 0.0);
    }

    #[test]
    fn the_standard_error_is_that_of_the_success() {
        let measured = Estimate::new(0.05, Some(0.01), Provenance::Experiment).unwrap();
        let gain = Gain::of(&Offer::new(measured).revive(1.0), &RATES);
        assert_eq!(gain.provenance, Provenance::Experiment);
        assert!((gain.standard_error.unwrap().amount() - 0.16).abs() < 1e-12);
    }
}
