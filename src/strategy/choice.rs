//! The choice for one customer: the lever with the largest gain, and the best that goes with it.

/// The place of no lever.
pub(crate) const NONE: u8 = u8::MAX;

/// How well pairs of levers go together: how much of a second lever's gain is left behind a first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Overlaps {
    levers: usize,
    left: Vec<f64>,
}

impl Overlaps {
    /// Levers that do not touch one another.
    pub(crate) fn independent(levers: usize) -> Self {
        Self { levers, left: vec![1.0; levers * levers] }
    }

    /// Leaves `share` of the second lever's gain behind the first.
    pub(crate) fn set(&mut self, first: usize, second: usize, share: f64) {
        self.left[first * self.levers + second] = share;
    }

    /// What is left of each lever's gain behind the first.
    pub(crate) fn behind(&self, first: usize) -> &[f64] {
        &self.left[first * self.levers..][..self.levers]
    }
}

/// A first and a second lever, each [`NONE`] where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pick {
    pub(crate) primary: u8,
    pub(crate) secondary: u8,
}

/// The lever with the largest gain above zero, and the one with the largest gain left behind it;
/// the gains of levers that do not apply are NaN. Of equal gains the first is taken.
pub(crate) fn pick(gains: &[f64], overlaps: &Overlaps) -> Pick {
    let best = |of: &dyn Fn(usize) -> f64| {
        let (mut best, mut most) = (NONE, 0.0);
        for lever in 0..gains.len() {
            let gain = of(lever);
            // False for NaN.
            if gain > most {
                (best, most) = (lever as u8, gain);
            }
        }
        best
    };
    let primary = best(&|lever| gains[lever]);
    if primary == NONE {
        return Pick { primary, secondary: NONE };
    }
    let first = usize::from(primary);
    let left = overlaps.behind(first);
    let secondary = best(&|lever| if lever == first { 0.0 } else { left[lever] * gains[lever] });
    Pick { primary, secondary }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: f64 = f64::NAN;

    fn picked(gains: &[f64], overlaps: &Overlaps) -> (u8, u8) {
        let Pick { primary, secondary } = pick(gains, overlaps);
        (primary, secondary)
    }

    #[test]
    fn the_largest_and_the_largest_that_is_left() {
        let mut overlaps = Overlaps::independent(3);
        assert_eq!(picked(&[1.0, 3.0, 2.0], &overlaps), (1, 2));
        overlaps.set(1, 2, 0.25); // half a unit is left of the third
        assert_eq!(picked(&[1.0, 3.0, 2.0], &overlaps), (1, 0));
        overlaps.set(1, 0, 0.0);
        overlaps.set(1, 2, 0.0);
        assert_eq!(picked(&[1.0, 3.0, 2.0], &overlaps), (1, NONE));
        // The way back was not touched.
        assert_eq!(picked(&[4.0, 3.0, 2.0], &overlaps), (0, 1));
    }

    #[test]
    fn what_does_not_apply_or_pay_is_never_picked() {
        let overlaps = Overlaps::independent(3);
        assert_eq!(picked(&[X, -1.0, 0.0], &overlaps), (NONE, NONE));
        assert_eq!(picked(&[X, -1.0, 2.0], &overlaps), (2, NONE));
        assert_eq!(picked(&[], &Overlaps::independent(0)), (NONE, NONE));
        assert_eq!(picked(&[2.0, 2.0, 2.0], &overlaps), (0, 1));
    }
}
