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

/// Names of lines, each behind a piece of it, in as many rows as they need.
pub(crate) struct Legend<'a> {
    rows: Vec<Vec<(f64, Entry<'a>)>>,
}

/// A name, the colour of its line, and whether that is broken.
pub(crate) type Entry<'a> = (&'a str, &'a str, Dash);

impl<'a> Legend<'a> {
    /// The width of a letter of [`STRONG`] in the widest of the usual fonts.
    const LETTER: f64 = 8.7;
    const ROW: f64 = 22.0;

    pub(crate) fn new(width: f64, entries: &[Entry<'a>]) -> Self {
        let mut rows: Vec<Vec<(f64, Entry<'a>)>> = Vec::new();
        let mut x = f64::INFINITY;
        for &entry in entries {
            let wide = 28.0 + Self::LETTER * entry.0.chars().count() as f64;
            if x + wide > width {
                rows.push(Vec::new());
                x = 0.0;
            }
            if let Some(row) = rows.last_mut() {
                row.push((x, entry));
            }
            x += wide + 18.0;
        }
        Self { rows }
    }

    pub(crate) fn height(&self) -> f64 {
        Self::ROW * self.rows.len() as f64
    }

    pub(crate) fn draw(&self, svg: &mut Svg, (left, top): (f64, f64)) {
        for (place, row) in self.rows.iter().enumerate() {
            let y = top + Self::ROW * place as f64 + 15.0;
            for &(x, (name, colour, dash)) in row {
                svg.line((left + x, y - 4.5), (left + x + 22.0, y - 4.5), colour, dash);
                svg.text((left + x + 28.0, y), Anchor::Start, STRONG, name);
            }
        }
    }
}

/// Checks that no text of a chart stands on another or beyond the edge, with letters as wide as
/// those of the widest of the usual fonts.
#[cfg(test)]
pub(crate) fn assert_legible(chart: &str) {
    let number = |element: &str, name: &str| -> f64 {
        let (_, rest) = element.split_once(&format!(" {name}=\"")).unwrap();
        rest.split_once('"').unwrap().0.parse().unwrap()
    };
    let (_, view) = chart.split_once("viewBox=\"0 0 ").unwrap();
    let mut view = view.split(['"', ' ']).map(|side| side.parse::<f64>().unwrap_or(f64::NAN));
    let (width, height) = (view.next().unwrap(), view.next().unwrap());
    let mut boxes: Vec<(f64, f64, f64, f64, String)> = Vec::new();
    for element in chart.split("<text").skip(1) {
        let (head, text) = element.split_once('>').unwrap();
        let text = text.split_once("</text>").unwrap().0;
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        let (x, y, size) = (number(head, "x"), number(head, "y"), number(head, "font-size"));
        let letter = if head.contains("font-weight=\"400\"") { 0.56 } else { 0.61 };
        let wide = letter * size * text.chars().count() as f64;
        let left = match head {
            _ if head.contains("\"middle\"") => x - wide / 2.0,
            _ if head.contains("\"end\"") => x - wide,
            _ => x,
        };
        let found = (left, y - 0.75 * size, left + wide, y + 0.2 * size, text);
        let inside = found.0 >= 0.0 && found.1 >= 0.0 && found.2 <= width && found.3 <= height;
        assert!(inside, "{found:?} beyond {width} by {height}");
        for other in &boxes {
            let apart = found.2 <= other.0
                || other.2 <= found.0
                || found.3 <= other.1
                || other.3 <= found.1;
            assert!(apart, "{found:?} on {other:?}");
        }
        boxes.push(found);
    }
    assert!(!boxes.is_empty());
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
        let entry = ("about twenty letters", "#000", Dash::Solid);
        let height = |width, n| Legend::new(width, &vec![entry; n]).height();
        assert_eq!((height(300.0, 1), height(300.0, 2), height(450.0, 2)), (22.0, 44.0, 22.0));
        assert_eq!((height(10.0, 2), height(10.0, 0)), (44.0, 0.0));
        let mut svg = Svg::new(300.0, 80.0, "");
        Legend::new(300.0, &[entry; 3]).draw(&mut svg, (0.0, 0.0));
        assert_legible(&svg.finish());
    }
}
