//! The likelihood of one record under BG/NBD or MBG/NBD, in a form that neither overflows nor
//! cancels.
//!
//! With n = x (BG) or x + 1 (MBG) a customer's log-likelihood is
//!
//! ```text
//! ln[Γ(r+x)/Γ(r)] + ln[Γ(b+n-1)/Γ(b)] - ln[Γ(a+b+n)/Γ(a+b)]
//!   + ln( (b+n-1) α^r (α+T)^-(r+x) + a α^r (α+t_x)^-(r+x) )
//! ```
//!
//! (Fader, Hardie & Lee 2005, equation 6, with the beta functions written as rising factorials.)
//! The first line depends on x alone; in the second the two terms are "still alive" and "dropped
//! out at t_x". For n = 0 there is no chance to drop out: only the first term is left, without its
//! factor.

use crate::num::real::{exp, ln, ln_1p, log_add};
use crate::num::special::ln_rising;
use crate::value::PurchaseRecord;

/// Which of the two models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    BgNbd,
    MbgNbd,
}

impl Variant {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::BgNbd => "BG/NBD",
            Self::MbgNbd => "MBG/NBD",
        }
    }

    /// With regular timing.
    pub(super) fn regular_name(self) -> &'static str {
        match self {
            Self::BgNbd => "BG/CNBD-k",
            Self::MbgNbd => "MBG/CNBD-k",
        }
    }

    /// Purchases after which the customer may have dropped out: n.
    pub(super) fn chances(self, x: u32) -> f64 {
        match self {
            Self::BgNbd => f64::from(x),
            Self::MbgNbd => f64::from(x) + 1.0,
        }
    }

    /// The same as a whole number.
    pub(super) fn whole_chances(self, x: u32) -> u32 {
        match self {
            Self::BgNbd => x,
            Self::MbgNbd => x.saturating_add(1),
        }
    }
}

/// The log-likelihood of one record.
pub(super) fn log_likelihood(
    variant: Variant,
    record: &PurchaseRecord,
    [r, alpha, a, b]: [f64; 4],
) -> f64 {
    let x = record.repeat_purchases();
    let n = variant.whole_chances(x);
    let (t_x, age) = record.weeks();
    let rate = ln_rising(r, x);
    // Written as -r ln(1 + t/α) - x ln(α + t), so that nothing cancels where r and α grow together,
    // which they do in bases whose customers all buy at one rate.
    let silence = |t: f64| -r * ln_1p(t / alpha) - f64::from(x) * ln(alpha + t);
    if n == 0 {
        return rate + silence(age);
    }
    let dropout = ln_rising(b, n - 1) - ln_rising(a + b, n);
    let kept = b + (variant.chances(x) - 1.0);
    rate + dropout + log_add(ln(kept) + silence(age), ln(a) + silence(t_x))
}

/// The odds that a customer with the record has dropped out; zero where there was no chance to,
/// infinite where the probability of being alive underflows.
pub(super) fn odds_gone(
    variant: Variant,
    record: &PurchaseRecord,
    [r, alpha, a, b]: [f64; 4],
) -> f64 {
    let n = variant.chances(record.repeat_purchases());
    if n == 0.0 {
        return 0.0;
    }
    let (t_x, _) = record.weeks();
    let shape = r + f64::from(record.repeat_purchases());
    let silence = shape * ln_1p(record.silent_weeks() / (alpha + t_x));
    a / (b + (n - 1.0)) * exp(silence)
}
