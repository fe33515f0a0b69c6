//! The frontier: what each budget could bring.

use crate::report::axes::{Plot, legend, round_ticks};
use crate::report::numbers::short;
use crate::report::svg::{ACCENT, Anchor, Dash, INK, NOTE, PALE, STRONG, Svg, WARM};
use crate::units::Money;

/// A budget, and the gain that it makes possible.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrontierMark {
    /// What may be spent.
    pub budget: Money,
    /// What it brings.
    pub gain: Money,
}

/// Gain by budget as an SVG: the best that each budget can bring, where today's budget stands on
/// it, and beside it what a `greedy` choice would bring, where marks of one are given.
///
/// Marks may come in any order. `None` for fewer than two, and where no budget or no gain is above
/// zero.
///
/// ```
/// use segmentry::report::{FrontierMark, frontier_chart};
/// use segmentry::units::Money;
///
/// let euros = |amount| Money::from_minor(amount, 0);
/// let mark = |(budget, gain)| FrontierMark { budget: euros(budget), gain: euros(gain) };
/// let best = [(0, 0), (1_000, 9_000), (2_000, 14_000), (3_000, 16_000)].map(mark);
/// let chart = frontier_chart(&best, &[], Some(euros(1_500))).unwrap();
/// assert!(chart.contains("a budget of 1,500 brings 11.5 k")); // between 9,000 and 14,000
/// ```
pub fn frontier_chart(
    best: &[FrontierMark],
    greedy: &[FrontierMark],
    current: Option<Money>,
) -> Option<String> {
    let (best, greedy) = (curve(best), curve(greedy));
    let marks = || best.iter().chain(&greedy);
    let across = marks().map(|mark| mark.0).fold(0.0, f64::max);
    let up = marks().map(|mark| mark.1).fold(0.0, f64::max);
    if best.len() < 2 || !(across > 0.0 && up > 0.0) {
        return None;
    }
    let plot = Plot { left: 64.0, top: 28.0, wide: 372.0, high: 186.0, across, up: (0.0, up) };
    let most = best.iter().map(|mark| mark.1).fold(0.0, f64::max);
    let (largest, gain) = (short(Money::finite(across)), short(Money::finite(most)));
    let mut label = format!("Gain by budget, up to {gain} for {largest}");
    let today = current
        .map(Money::amount)
        .filter(|budget| (0.0..=across).contains(budget))
        .map(|budget| (budget, between(&best, budget)));
    let said = today.map(|(budget, gain)| {
        let (budget, gain) = (short(Money::finite(budget)), short(Money::finite(gain)));
        format!("a budget of {budget} brings {gain}")
    });
    if let Some(said) = &said {
        label += "; ";
        label += said;
    }
    let mut svg = Svg::new(460.0, 290.0, label);
    let line = |marks: &[(f64, f64)]| -> Vec<(f64, f64)> {
        marks.iter().map(|&(budget, gain)| plot.at(budget, gain.max(0.0))).collect()
    };
    let mut area = line(&best);
    area.extend([(best[best.len() - 1].0, 0.0), (best[0].0, 0.0)].map(|(x, y)| plot.at(x, y)));
    svg.path(&area, PALE, "none");
    plot.axes(&mut svg);
    for tick in round_ticks(0.0, across, 4) {
        plot.below(&mut svg, tick.value, &tick.money());
    }
    svg.text((plot.left, plot.top - 12.0), Anchor::Start, NOTE, "gain, by budget");
    if greedy.len() > 1 {
        svg.path(&line(&greedy), "none", WARM);
    }
    svg.path(&line(&best), "none", ACCENT);
    if let (Some((budget, gain)), Some(said)) = (today, said) {
        let (x, y) = plot.at(budget, gain);
        svg.line((x, plot.floor()), (x, y), INK, Dash::Dashed);
        svg.dot(x, y, ACCENT);
        svg.text((plot.left + plot.wide, plot.top - 12.0), Anchor::End, STRONG, &said);
    }
    let mut entries = vec![("the best within the budget", ACCENT, Dash::Solid)];
    if greedy.len() > 1 {
        entries.push(("largest gains first", WARM, Dash::Solid));
    }
    legend(&mut svg, (plot.left, plot.floor() + 50.0), plot.wide, &entries);
    Some(svg.finish())
}

/// Budgets and gains by budget.
fn curve(marks: &[FrontierMark]) -> Vec<(f64, f64)> {
    let mut curve: Vec<(f64, f64)> =
        marks.iter().map(|mark| (mark.budget.amount(), mark.gain.amount())).collect();
    curve.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.total_cmp(&b.1)));
    curve
}

/// The gain at a budget, on the line between the marks beside it.
fn between(curve: &[(f64, f64)], budget: f64) -> f64 {
    let above = curve.partition_point(|mark| mark.0 < budget);
    match (above.checked_sub(1).map(|below| curve[below]), curve.get(above)) {
        (Some((from, low)), Some(&(to, high))) => {
            low + (high - low) * (budget - from) / (to - from)
        }
        (None, Some(&(_, gain))) | (Some((_, gain)), None) => gain,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(points: &[(i64, i64)]) -> Vec<FrontierMark> {
        let money = |amount| Money::from_minor(amount, 0);
        let mark = |&(budget, gain)| FrontierMark { budget: money(budget), gain: money(gain) };
        points.iter().map(mark).collect()
    }

    #[test]
    fn marks_of_any_order_make_one_curve() {
        let sorted = marks(&[(0, 0), (10, 50), (20, 70)]);
        let mixed = marks(&[(20, 70), (0, 0), (10, 50)]);
        let today = Some(Money::from_minor(15, 0));
        assert_eq!(frontier_chart(&sorted, &[], today), frontier_chart(&mixed, &[], today));
        assert!(frontier_chart(&sorted, &[], today).unwrap().contains("15.00 brings 60.00"));
    }

    #[test]
    fn greedy_and_the_budget_are_there_where_they_are_given() {
        let best = marks(&[(0, 0), (10, 50), (20, 70)]);
        let plain = frontier_chart(&best, &[], None).unwrap();
        assert!(!plain.contains("largest gains first") && !plain.contains("a budget of"));
        assert!(!plain.contains("NaN") && plain.matches("<path").count() == 2);
        let greedy = marks(&[(0, 0), (10, 30), (20, 60)]);
        let both = frontier_chart(&best, &greedy, None).unwrap();
        assert!(both.contains("largest gains first") && both.matches("<path").count() == 3);
        let beyond = frontier_chart(&best, &[], Some(Money::from_minor(21, 0))).unwrap();
        assert!(!beyond.contains("a budget of"));
    }

    #[test]
    fn nothing_to_draw() {
        assert_eq!(frontier_chart(&[], &[], None), None);
        assert_eq!(frontier_chart(&marks(&[(10, 50)]), &[], None), None);
        assert_eq!(frontier_chart(&marks(&[(0, 50), (0, 60)]), &[], None), None);
        assert_eq!(frontier_chart(&marks(&[(0, 0), (10, -5)]), &[], None), None);
    }

    #[test]
    fn two_marks_at_one_budget_do_not_divide_by_zero() {
        let steps = marks(&[(0, 0), (10, 40), (10, 50), (20, 60)]);
        for budget in [0, 10, 20] {
            let chart = frontier_chart(&steps, &[], Some(Money::from_minor(budget, 0))).unwrap();
            assert!(!chart.contains("NaN"));
        }
    }
}
