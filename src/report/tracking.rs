//! The tracking chart: repeat purchases as they came and as a model expected them.

use crate::report::numbers::{grouped, percent};
use crate::report::svg::{ACCENT, Anchor, Dash, LINE, NOTE, PALE, STRONG, Svg, WARM};
use crate::value::{TrackedWeek, Tracking};

const LEFT: f64 = 56.0;
const TOP: f64 = 26.0;
const WIDE: f64 = 388.0;
const HIGH: f64 = 186.0;

/// Cumulative repeat purchases week by week: what happened, and what the model expected of
/// customers of whom it knows nothing but the day of their first purchase. The shaded part is the
/// holdout. As an SVG.
///
/// `None` where there are fewer than two weeks, or no purchases at all.
pub fn tracking_chart(tracking: &Tracking) -> Option<String> {
    let last = tracking.weeks.last()?;
    let (actual, expected) = (last.cumulative_actual as f64, last.cumulative_expected);
    let label = format!(
        "Cumulative repeat purchases: {} came, {} expected {}",
        grouped(actual, 0),
        tracking.forecaster,
        grouped(expected, 0)
    );
    let total: Curve = |week| (week.cumulative_actual as f64, week.cumulative_expected);
    draw(tracking, "cumulative repeat purchases", label, total)
}

/// The same by week instead of cumulated.
///
/// `None` where there are fewer than two weeks, or no purchases at all.
pub fn weekly_tracking_chart(tracking: &Tracking) -> Option<String> {
    let label =
        format!("Repeat purchases a week beside those that {} expected", tracking.forecaster);
    draw(tracking, "repeat purchases a week", label, |week| (week.actual as f64, week.expected))
}

/// What of a week is drawn: actual and expected.
type Curve = fn(&TrackedWeek) -> (f64, f64);

fn draw(tracking: &Tracking, title: &str, label: String, curve: Curve) -> Option<String> {
    let weeks = &tracking.weeks;
    let points: Vec<(f64, f64)> = weeks.iter().map(curve).collect();
    let largest = points.iter().map(|&(a, b)| a.max(b)).fold(0.0, f64::max);
    if weeks.len() < 2 || largest <= 0.0 {
        return None;
    }
    let at = |week: usize, value: f64| {
        let across = week as f64 / (weeks.len() - 1) as f64;
        (LEFT + WIDE * across, TOP + HIGH * (1.0 - value / largest))
    };
    let mut svg = Svg::new(460.0, 268.0, label);
    let calibrated = weeks.iter().filter(|week| week.until <= tracking.calibrated_until).count();
    if calibrated > 0 && calibrated < weeks.len() {
        let (x, _) = at(calibrated - 1, 0.0);
        svg.rect(x, TOP, LEFT + WIDE - x, HIGH, PALE);
        svg.text((x + 6.0, TOP + HIGH - 8.0), Anchor::Start, NOTE, "holdout");
    }
    svg.line((LEFT, TOP + HIGH), (LEFT + WIDE, TOP + HIGH), LINE, Dash::Solid);
    svg.line((LEFT, TOP), (LEFT, TOP + HIGH), LINE, Dash::Solid);
    let line = |of: fn(&(f64, f64)) -> f64| -> Vec<(f64, f64)> {
        points.iter().enumerate().map(|(week, values)| at(week, of(values))).collect()
    };
    svg.path(&line(|values| values.1), "none", WARM);
    svg.path(&line(|values| values.0), "none", ACCENT);
    svg.text((LEFT, TOP - 10.0), Anchor::Start, NOTE, title);
    for share in [0.0, 0.5, 1.0] {
        let (_, y) = at(0, largest * share);
        let digits = if largest < 10.0 { 1 } else { 0 };
        let value = grouped(largest * share, digits);
        svg.text((LEFT - 8.0, y + 4.0), Anchor::End, NOTE, &value);
    }
    svg.text((LEFT, TOP + HIGH + 18.0), Anchor::Start, NOTE, &weeks[0].until.to_string());
    let until = weeks[weeks.len() - 1].until.to_string();
    svg.text((LEFT + WIDE, TOP + HIGH + 18.0), Anchor::End, NOTE, &until);
    let legend = TOP + HIGH + 42.0;
    svg.line((LEFT, legend - 4.0), (LEFT + 22.0, legend - 4.0), ACCENT, Dash::Solid);
    svg.text((LEFT + 28.0, legend), Anchor::Start, STRONG, "actual");
    svg.line((LEFT + 92.0, legend - 4.0), (LEFT + 114.0, legend - 4.0), WARM, Dash::Solid);
    let forecaster = format!("expected by {}", tracking.forecaster);
    svg.text((LEFT + 120.0, legend), Anchor::Start, STRONG, &forecaster);
    if let Some(error) = tracking.largest_error() {
        let text = format!("cumulated, at most {} off in the holdout", percent(error, 1));
        svg.text((LEFT + WIDE, TOP - 10.0), Anchor::End, NOTE, &text);
    }
    Some(svg.finish())
}
