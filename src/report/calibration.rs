//! The calibration chart: what each tenth of a forecast was told to do, and what it did.

use crate::report::numbers::grouped;
use crate::report::svg::{ACCENT, Anchor, Dash, LINE, NOTE, STRONG, Svg, WARM};
use crate::value::{Calibration, ForecastScore, Quantity};

/// Mean forecast and mean actual value by tenth of the forecast, the highest tenth on the left, as
/// an SVG. Bars of equal height are an honest forecast; bars that fall are one that knows who is
/// who.
///
/// `None` where nothing was forecast and nothing happened.
pub fn calibration_chart(score: &ForecastScore) -> Option<String> {
    let tenths = |group: &Calibration| group.group.to_string();
    draw(&score.by_decile, score, tenths, "tenth of the forecast, the highest first")
}

/// The same by repeat purchases before: the conditional expectations of Fader, Hardie & Lee (2005).
///
/// `None` where nothing was forecast and nothing happened.
pub fn conditional_chart(score: &ForecastScore) -> Option<String> {
    let last = score.by_repeat_purchases.last()?.group;
    let or_more = |group: &Calibration| {
        if group.group == last && last >= 7 { format!("{last}+") } else { group.group.to_string() }
    };
    draw(&score.by_repeat_purchases, score, or_more, "repeat purchases before the holdout")
}

fn draw(
    groups: &[Calibration],
    score: &ForecastScore,
    name: impl Fn(&Calibration) -> String,
    axis: &str,
) -> Option<String> {
    const LEFT: f64 = 8.0;
    const WIDE: f64 = 444.0;
    const FLOOR: f64 = 196.0;
    const HIGHEST: f64 = 156.0;
    let largest = groups.iter().map(|g| g.forecast.max(g.actual)).fold(0.0, f64::max);
    if largest <= 0.0 {
        return None;
    }
    let what = match score.quantity {
        Quantity::Purchases => "purchases",
        Quantity::Spend => "spend",
    };
    let label = format!("Mean {what} in the holdout: actual, and as {} forecast", score.forecaster);
    let mut svg = Svg::new(460.0, 268.0, label);
    let slot = WIDE / groups.len() as f64;
    let bar = (slot - 8.0) / 2.0;
    let digits = if largest < 100.0 { 1 } else { 0 };
    for (place, group) in groups.iter().enumerate() {
        let x = LEFT + slot * place as f64;
        for (side, value, fill) in [(0.0, group.actual, ACCENT), (1.0, group.forecast, WARM)] {
            let height = (HIGHEST * value / largest).max(1.0);
            svg.rect(x + 4.0 + bar * side, FLOOR - height, bar - 1.0, height, fill);
        }
        let top = FLOOR - HIGHEST * group.actual.max(group.forecast).max(0.0) / largest;
        let value = grouped(group.actual, digits);
        svg.text((x + slot / 2.0, top - 6.0), Anchor::Middle, NOTE, &value);
        svg.text((x + slot / 2.0, FLOOR + 17.0), Anchor::Middle, NOTE, &name(group));
    }
    svg.line((LEFT, FLOOR), (LEFT + WIDE, FLOOR), LINE, Dash::Solid);
    svg.text((LEFT + WIDE / 2.0, FLOOR + 36.0), Anchor::Middle, NOTE, axis);
    let legend = FLOOR + 60.0;
    svg.rect(LEFT, legend - 10.0, 12.0, 12.0, ACCENT);
    svg.text((LEFT + 18.0, legend), Anchor::Start, STRONG, &format!("actual {what}"));
    svg.rect(LEFT + 168.0, legend - 10.0, 12.0, 12.0, WARM);
    let forecast = format!("forecast by {}", score.forecaster);
    svg.text((LEFT + 186.0, legend), Anchor::Start, STRONG, &forecast);
    Some(svg.finish())
}
