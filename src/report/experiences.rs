//! How many experiences: their value beside their cost.

use crate::report::axes::{Plot, legend, round_ticks};
use crate::report::svg::{ACCENT, Anchor, Dash, INK, MUTED, NOTE, PALE, STRONG, Svg, WARM};
use crate::strategy::{ExperienceCurve, Revaluation};

/// The value of more and more experiences as an SVG: by the numbers that chose them, by those that
/// did not with the interval around it, and their cost. The broken line stands where no further one
/// is shown to be worth it.
///
/// `None` where no experience is worth anything.
///
/// ```
/// use segmentry::report::experiences_chart;
/// use segmentry::strategy::Experiences;
/// use segmentry::units::Money;
/// use segmentry::work::Work;
///
/// let values: Vec<f64> = (0..40).flat_map(|i| if i % 2 == 0 { [9.0, 1.0] } else { [2.0, 6.0] }).collect();
/// let curve = Experiences::new(["coach", "outlet"], &values)
///     .cost_each(Money::new(20.0)?)
///     .curve(&Work::new())?;
/// assert!(experiences_chart(&curve).unwrap().contains("2 of 2 are worth their cost"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn experiences_chart(curve: &ExperienceCurve) -> Option<String> {
    let steps = &curve.steps;
    let last = steps.last()?;
    let chosen: Vec<f64> = steps.iter().map(|step| step.value.amount()).collect();
    let again: Option<Vec<(f64, f64)>> = steps
        .iter()
        .map(|step| {
            let revalued = step.revalued?;
            Some((revalued.value.amount(), curve.reach * revalued.value_error.amount()))
        })
        .collect();
    let around = again.iter().flatten().flat_map(|&(value, half)| [value - half, value + half]);
    let (low, high) = chosen
        .iter()
        .copied()
        .chain(around)
        .fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    if !(high > low && (high - low).is_finite()) {
        return None;
    }
    let across = last.experiences as f64;
    let plot = Plot { left: 64.0, top: 28.0, wide: 372.0, high: 186.0, across, up: (low, high) };
    let best = format!("{} of {} are worth their cost", curve.worth_it, curve.candidates);
    let mut svg = Svg::new(460.0, 312.0, format!("Value by number of experiences; {curve}"));
    // Everything begins with nothing.
    let line = |values: &mut dyn Iterator<Item = f64>| -> Vec<(f64, f64)> {
        std::iter::once(0.0)
            .chain(values)
            .enumerate()
            .map(|(experiences, value)| plot.at(experiences as f64, value))
            .collect()
    };
    if let Some(again) = &again {
        let mut band = line(&mut again.iter().map(|&(value, half)| value + half));
        let lower = line(&mut again.iter().map(|&(value, half)| value - half));
        band.extend(lower.into_iter().rev());
        svg.path(&band, PALE, "none");
    }
    plot.axes(&mut svg);
    for tick in round_ticks(0.0, across, 6).into_iter().filter(|tick| tick.value.fract() == 0.0) {
        plot.below(&mut svg, tick.value, &tick.money());
    }
    svg.text((plot.left, plot.top - 12.0), Anchor::Start, NOTE, "value, by experiences");
    svg.text((plot.left + plot.wide, plot.top - 12.0), Anchor::End, STRONG, &best);
    let cost = curve.cost_each.amount();
    if cost > 0.0 {
        // As far as the drawing goes.
        let until = (high / cost).min(across);
        svg.line(plot.at(0.0, 0.0), plot.at(until, cost * until), MUTED, Dash::Solid);
    }
    svg.path(&line(&mut chosen.iter().copied()), "none", WARM);
    if let Some(again) = &again {
        svg.path(&line(&mut again.iter().map(|&(value, _)| value)), "none", ACCENT);
    }
    if let Some(place) = curve.worth_it.checked_sub(1) {
        let value = again.as_ref().map_or(chosen[place], |again| again[place].0);
        let (x, y) = plot.at(curve.worth_it as f64, value);
        svg.line((x, plot.at(0.0, low).1), (x, y), INK, Dash::Dashed);
        svg.dot(x, y, if again.is_some() { ACCENT } else { WARM });
    }
    let mut entries = vec![("by the numbers that chose", WARM, Dash::Solid)];
    match curve.revaluation {
        Revaluation::OtherHalf => entries.push(("on the other half", ACCENT, Dash::Solid)),
        Revaluation::SecondEstimate => {
            entries.push(("by the second estimate", ACCENT, Dash::Solid));
        }
        Revaluation::None => {}
    }
    if cost > 0.0 {
        entries.push(("their cost", MUTED, Dash::Solid));
    }
    legend(&mut svg, (plot.left, plot.floor() + 50.0), plot.wide, &entries);
    Some(svg.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::Experiences;
    use crate::units::Money;
    use crate::work::Work;

    /// Two experiences that are worth something, and one that nobody wants.
    fn values() -> Vec<f64> {
        let row = |i: usize| if i.is_multiple_of(2) { [9.0, 1.0, -1.0] } else { [2.0, 6.0, -1.0] };
        (0..40).flat_map(row).collect()
    }

    fn experiences(values: &[f64]) -> Experiences<'_> {
        Experiences::new(["a", "b", "c"], values)
    }

    #[test]
    fn both_curves_the_cost_and_the_choice() {
        let values = values();
        let priced = experiences(&values).cost_each(Money::from_minor(150, 0));
        let chart = experiences_chart(&priced.curve(&Work::new()).unwrap()).unwrap();
        // The band and two curves.
        assert_eq!(chart.matches("<path").count(), 3);
        assert!(chart.contains("1 of 3 are worth their cost") && chart.contains(">their cost<"));
        assert!(chart.contains("on the other half") && chart.contains("stroke-dasharray"));
        assert!(!chart.contains("NaN") && !chart.contains("inf"));
    }

    #[test]
    fn without_revaluation_there_is_one_curve() {
        let values = values();
        let curve = experiences(&values).without_revaluation().curve(&Work::new()).unwrap();
        let chart = experiences_chart(&curve).unwrap();
        assert_eq!(chart.matches("<path").count(), 1);
        assert!(!chart.contains("on the other half") && !chart.contains(">their cost<"));
    }

    #[test]
    fn a_cost_beyond_the_drawing_is_cut_and_nothing_is_no_chart() {
        let values = values();
        let dear = experiences(&values).cost_each(Money::from_minor(1_000_000, 0));
        let chart = experiences_chart(&dear.curve(&Work::new()).unwrap()).unwrap();
        assert!(chart.contains("0 of 3 are worth their cost"));
        let drawing = chart.split_once("font-family").unwrap().1;
        let coordinates = drawing.split([' ', '"']).filter_map(|part| part.parse::<f64>().ok());
        assert!(coordinates.into_iter().all(|coordinate| coordinate.abs() < 1000.0));
        let nothing = vec![-1.0; 40];
        let curve = Experiences::new(["a"], &nothing).curve(&Work::new()).unwrap();
        assert_eq!(experiences_chart(&curve), None);
    }
}
