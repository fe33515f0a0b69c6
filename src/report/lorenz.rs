//! The Lorenz curve: how few customers hold how much.

use crate::report::numbers::percent;
use crate::report::svg::{ACCENT, Anchor, Dash, LINE, MUTED, NOTE, PALE, STRONG, Svg};
use crate::units::Probability;
use crate::value::Concentration;

/// The Lorenz curve with the Gini index and the share of the best fifth, as an SVG.
///
/// ```
/// use segmentry::{report::lorenz_chart, units::Money, value::Concentration};
///
/// let spend: Vec<Money> = [1, 1, 1, 1, 6].map(|v| Money::from_minor(v, 0)).to_vec();
/// let chart = lorenz_chart(&Concentration::of(&spend)?.unwrap());
/// assert!(chart.contains("Gini 0.40") && chart.contains("60.0 %"));
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
pub fn lorenz_chart(concentration: &Concentration) -> String {
    const LEFT: f64 = 44.0;
    const TOP: f64 = 12.0;
    const WIDE: f64 = 400.0;
    const HIGH: f64 = 200.0;
    let at = |customers: f64, value: f64| (LEFT + WIDE * customers, TOP + HIGH * (1.0 - value));
    let fifth = concentration.top_share(Probability::clamped(0.2));
    let label = format!(
        "Lorenz curve; the best fifth of customers holds {} of the value",
        percent(fifth, 1)
    );
    let mut svg = Svg::new(460.0, 262.0, label);
    let curve: Vec<(f64, f64)> =
        concentration.lorenz(100).into_iter().map(|(c, v)| at(c, v)).collect();
    let mut area = curve.clone();
    area.push(at(1.0, 0.0));
    svg.path(&area, PALE, "none");
    svg.line(at(0.0, 0.0), at(1.0, 1.0), MUTED, Dash::Dashed);
    svg.path(&curve, "none", ACCENT);
    for tick in [0.0, 0.5, 1.0] {
        svg.text((LEFT - 8.0, at(0.0, tick).1 + 4.0), Anchor::End, NOTE, &percent(tick, 0));
        let anchor = if tick == 1.0 { Anchor::End } else { Anchor::Middle };
        svg.text((at(tick, 0.0).0, TOP + HIGH + 18.0), anchor, NOTE, &percent(tick, 0));
    }
    svg.line(at(0.0, 0.0), at(1.0, 0.0), LINE, Dash::Solid);
    svg.line(at(0.0, 0.0), at(0.0, 1.0), LINE, Dash::Solid);
    let (x, y) = at(0.8, 1.0 - fifth);
    svg.dot(x, y, ACCENT);
    svg.text(
        (x - 10.0, y - 8.0),
        Anchor::End,
        STRONG,
        &format!("the best fifth holds {}", percent(fifth, 1)),
    );
    svg.text(
        (LEFT + 12.0, TOP + 18.0),
        Anchor::Start,
        NOTE,
        &format!("Gini {:.2}", concentration.gini()),
    );
    svg.text(
        (LEFT + WIDE / 2.0, TOP + HIGH + 38.0),
        Anchor::Middle,
        NOTE,
        "share of customers, the least valuable first",
    );
    svg.finish()
}
