//! What an offer is worth: one formula for all levers.

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
    /// let letter = Offer::new(Estimate::assumed(0.1)?, "silent").revive(1.0).contact_cost(Money::new(1.5)?);
    /// assert_eq!(Gain::of(&letter, &rates).mean.amount(), 0.1 * 50.0 - 1.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(offer: &Offer, rates: &Rates) -> Self {
        let before = rates.value().amount();
        let after = changed(offer, rates).value().amount();
        let on_success = after - before + offer.one_off.amount() - offer.incentive.amount();
        let paid_anyway = offer.contact_cost.amount() + offer.leakage * offer.incentive.amount();
        let success = offer.success;
        Self {
            mean: Money::finite(success.mean() * on_success - paid_anyway),
            standard_error: success
                .standard_error()
                .map(|error| Money::finite(error * on_success.abs())),
            provenance: success.provenance(),
        }
    }
}

/// The rates after the offer has worked.
fn changed(offer: &Offer, rates: &Rates) -> Rates {
    Rates {
        alive: rates.alive + offer.revive * (1.0 - rates.alive),
        staying: rates.staying + offer.keep * (1.0 - rates.staying),
        purchases: rates.purchases * offer.purchases,
        spend: rates.spend * offer.spend,
        margin: rates.margin + offer.margin,
        cost: rates.cost * offer.cost,
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
        close(gain(Offer::new(assumed(0.1), "").keep(0.5)), 0.2);
        // Back: alive 1, value 32, gain 1/4 x 16 less 1 for the contact.
        close(
            gain(Offer::new(assumed(0.25), "").revive(1.0).contact_cost(Money::from_minor(100, 2))),
            3.0,
        );
        // A fifth more purchases: 2/5 x (60 - 10) = 20, gain 1/2 x 4.
        close(gain(Offer::new(assumed(0.5), "").purchases(1.2)), 2.0);
        // Served at half the cost: 2/5 x 45 = 18, gain 2.
        close(gain(Offer::new(assumed(1.0), "").cost_to_serve(0.5)), 2.0);
        // An incentive of 4 to one in two, and to one in ten who would have come anyway: 1/2 x (4 -
        // 4) - 0.4.
        close(
            gain(
                Offer::new(assumed(0.5), "").purchases(1.2).incentive(Money::from_minor(4, 0), 0.1),
            ),
            -0.4,
        );
    }

    #[test]
    fn an_offer_that_changes_nothing_gains_nothing_to_the_last_bit() {
        assert_eq!(gain(Offer::new(assumed(1.0), "")), 0.0);
    }

    #[test]
    fn the_standard_error_is_that_of_the_success() {
        let measured = Estimate::new(0.05, Some(0.01), Provenance::Experiment).unwrap();
        let gain = Gain::of(&Offer::new(measured, "").revive(1.0), &RATES);
        assert_eq!(gain.provenance, Provenance::Experiment);
        assert!((gain.standard_error.unwrap().amount() - 0.16).abs() < 1e-12);
    }
}
