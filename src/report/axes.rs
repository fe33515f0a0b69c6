//! Axes and legends that several charts share.

use crate::report::numbers::{grouped, short};
use crate::report::svg::{Anchor, Dash, LINE, NOTE, STRONG, Svg};
use crate::units::Money;

/// The part of a drawing that has coordinates of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plot {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) wide: f64,
    pub(crate) high: f64,
    /// The largest value across; the smallest is zero.
    pub(crate) across: f64,
    /// The smallest and the largest value upwards.
    pub(crate) up: (f64, f64),
}

impl Plot {
    pub(crate) fn at(&self, across: f64, up: f64) -> (f64, f64) {
        let (low, high) = self.up;
        let share = (up - low) / (high - low);
        (self.left + self.wide * across / self.across, self.top + self.high * (1.0 - share))
    }

    pub(crate) fn floor(&self) -> f64 {
        self.top + self.high
    }

    /// Both axes, with money upwards.
    pub(crate) fn axes(&self, svg: &mut Svg) {
        let (low, high) = self.up;
        for tick in round_ticks(low, high, 4) {
            let (x, y) = self.at(0.0, tick.value);
            svg.line((x, y), (x + self.wide, y), LINE, Dash::Solid);
            svg.text((x - 8.0, y + 4.0), Anchor::End, NOTE, &tick.money());
        }
        svg.line((self.left, self.top), (self.left, self.floor()), LINE, Dash::Solid);
        svg.line(self.at(0.0, low), self.at(self.across, low), LINE, Dash::Solid);
    }

    /// A number below the horizontal axis.
    pub(crate) fn below(&self, svg: &mut Svg, across: f64, text: &str) {
        let (x, _) = self.at(across, 0.0);
        svg.text((x, self.floor() + 18.0), Anchor::Middle, NOTE, text);
    }
}

/// A round number on an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    step: f64,
}

impl Tick {
    pub(crate) fn money(&self) -> String {
        if self.value.abs() >= 10_000.0 {
            return short(Money::finite(self.value));
        }
        let mut decimals = 0;
        let mut step = self.step;
        while step < 0.999 && decimals < 4 {
            step *= 10.0;
            decimals += 1;
        }
        grouped(self.value, decimals)
    }
}

/// Multiples of 1, 2 or 5 times a power of ten from `low` to `high`: about `most` of them, at most
/// one more. None where the range is empty.
pub(crate) fn round_ticks(low: f64, high: f64, most: u32) -> Vec<Tick> {
    let rough = (high - low) / f64::from(most);
    if !rough.is_normal() || rough < 0.0 {
        return Vec::new();
    }
    let mut unit = 1.0;
    while unit * 10.0 <= rough {
        unit *= 10.0;
    }
    while unit > rough {
        unit /= 10.0;
    }
    let of = [1.0, 2.0, 5.0, 10.0];
    let step = of.into_iter().map(|times| times * unit).find(|&step| step >= rough * (1.0 - 1e-9));
    let step = step.unwrap_or(10.0 * unit);
    let (first, last) = ((low / step).ceil(), (high / step * (1.0 + 1e-12)).floor());
    let value = |place: u32| Tick { value: (first + f64::from(place)) * step, step };
    (0..=most + 1).map(value).take_while(|tick| tick.value <= last * step).collect()
}

/// Names of lines, each behind a piece of it, in as many rows as they need. Returns the height.
pub(crate) fn legend(
    svg: &mut Svg,
    (left, top): (f64, f64),
    width: f64,
    entries: &[(&str, &str, Dash)],
) -> f64 {
    /// About the width of a letter of [`STRONG`].
    const LETTER: f64 = 7.7;
    const ROW: f64 = 22.0;
    let (mut x, mut y) = (left, top);
    for &(name, colour, dash) in entries {
        let wide = 28.0 + LETTER * name.chars().count() as f64 + 18.0;
        if x > left && x + wide - 18.0 > left + width {
            x = left;
            y += ROW;
        }
        svg.line((x, y - 4.5), (x + 22.0, y - 4.5), colour, dash);
        svg.text((x + 28.0, y), Anchor::Start, STRONG, name);
        x += wide;
    }
    y - top + ROW
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(low: f64, high: f64, most: u32) -> Vec<f64> {
        round_ticks(low, high, most).iter().map(|tick| tick.value).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(values(0.0, 100.0, 4), [0.0, 50.0, 100.0]);
        assert_eq!(values(0.0, 93.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0]);
        assert_eq!(values(-30.0, 75.0, 4), [0.0, 50.0]);
        assert_eq!(values(0.0, 3.0, 3), [0.0, 1.0, 2.0, 3.0]);
        for high in [1e-9, 0.7, 1.0, 12.0, 8.9e11, 1e300] {
            let ticks = values(0.0, high, 4);
            assert!((2..=6).contains(&ticks.len()), "{high} {ticks:?}");
            assert!(ticks.iter().all(|tick| (0.0..=high * 1.000_001).contains(tick)));
        }
        for (low, high) in [(0.0, 0.0), (5.0, 1.0), (0.0, f64::INFINITY), (f64::NAN, 1.0)] {
            assert!(values(low, high, 4).is_empty());
        }
    }

    #[test]
    fn ticks_have_the_decimals_they_need() {
        let texts =
            |high| -> Vec<String> { round_ticks(0.0, high, 4).iter().map(Tick::money).collect() };
        assert_eq!(texts(0.9), ["0.0", "0.5"]);
        assert_eq!(texts(90.0), ["0", "50"]);
        assert_eq!(texts(40_000.0), ["0", "10.0 k", "20.0 k", "30.0 k", "40.0 k"]);
    }

    #[test]
    fn a_legend_breaks_where_it_is_too_wide() {
        let mut svg = Svg::new(300.0, 100.0, "");
        let entry = ("about twenty letters", "#000", Dash::Solid);
        assert_eq!(legend(&mut svg, (0.0, 20.0), 300.0, &[entry; 1]), 22.0);
        assert_eq!(legend(&mut svg, (0.0, 20.0), 300.0, &[entry; 2]), 44.0);
        assert_eq!(legend(&mut svg, (0.0, 20.0), 460.0, &[entry; 2]), 22.0);
    }
}
