//! The decile chart: what each tenth of the customers brought.

use crate::report::numbers::percent;
use crate::report::svg::{ACCENT, Anchor, Dash, LINE, NOTE, PALE, STRONG, Svg};
use crate::value::Deciles;

/// Bars of each decile's share of the value, the best tenth on the left, as an SVG.
///
/// `None` where there is no total to have a share of. The chart says nothing about the number of
/// customers; whether it may be shown for a small base is up to the caller, and
/// [`Report`](crate::report::Report) withholds it there.
///
/// ```
/// use segmentry::{report::decile_chart, units::{CustomerIds, Money}, value::deciles};
///
/// let values: Vec<Money> = (1..=20).map(|v| Money::from_minor(v, 0)).collect();
/// let chart = decile_chart(&deciles(&values, &CustomerIds::numbered(20)?)?).unwrap();
/// assert!(chart.starts_with("<svg") && chart.contains("18.6 %")); // (19 + 20) / 210
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decile_chart(deciles: &Deciles) -> Option<String> {
    const WIDTH: f64 = 460.0;
    const FLOOR: f64 = 220.0;
    const HIGHEST: f64 = 180.0;
    let shares: Vec<(u8, f64)> = deciles
        .groups
        .iter()
        .map(|group| Some((group.decile, group.share?)))
        .collect::<Option<_>>()?;
    let largest = shares.iter().map(|&(_, share)| share).fold(0.0, f64::max);
    let label = format!(
        "Share of value by decile; the best tenth of customers holds {}",
        percent(shares.first()?.1, 1)
    );
    let mut svg = Svg::new(WIDTH, 262.0, label);
    let slot = (WIDTH - 10.0) / 10.0;
    for &(decile, share) in &shares {
        let x = 5.0 + slot * f64::from(decile - 1);
        let height = HIGHEST * (share / largest).max(0.0);
        let fill = if decile == 1 { ACCENT } else { PALE };
        svg.rect(x + 4.0, FLOOR - height, slot - 8.0, height.max(1.0), fill);
        let style = if decile == 1 { STRONG } else { NOTE };
        svg.text((x + slot / 2.0, FLOOR - height - 7.0), Anchor::Middle, style, &percent(share, 1));
        svg.text((x + slot / 2.0, FLOOR + 17.0), Anchor::Middle, NOTE, &decile.to_string());
    }
    svg.line((5.0, FLOOR), (WIDTH - 5.0, FLOOR), LINE, Dash::Solid);
    svg.text((5.0, FLOOR + 36.0), Anchor::Start, NOTE, "best tenth of customers");
    svg.text((WIDTH - 5.0, FLOOR + 36.0), Anchor::End, NOTE, "least valuable tenth");
    Some(svg.finish())
}
