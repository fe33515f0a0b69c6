//! The customer cohort chart: what each period had from the customers of each cohort.

use crate::report::numbers::short;
use crate::report::svg::{Anchor, Dash, INK, LINE, NOTE, Style, Svg, shade};
use crate::units::Money;
use crate::value::HealthLens;

/// More layers than this cannot be told apart.
const MOST_LAYERS: usize = 12;

/// Gross revenue of each period, in layers by the cohort that paid it, the oldest at the bottom, as
/// an SVG: the "C3" chart of the customer-base audit. A healthy base keeps thick old layers; one
/// that lives on newcomers has a thick top.
///
/// Cohorts of fewer than `least` customers are put together with the next ones, and so are
/// neighbours where there are more than twelve. `None` where nothing was paid, and where all
/// cohorts together have fewer than `least` customers.
pub fn cohort_chart(health: &HealthLens, least: usize) -> Option<String> {
    const LEFT: f64 = 60.0;
    const TOP: f64 = 26.0;
    const WIDE: f64 = 292.0;
    const HIGH: f64 = 196.0;
    let layers = layers(health, least)?;
    let periods = health.periods.len();
    let total = |period: usize| layers.iter().fold(0.0, |sum, layer| sum + layer.gross[period]);
    let largest = (0..periods).map(total).fold(0.0, f64::max);
    if largest <= 0.0 {
        return None;
    }
    let mut svg = Svg::new(460.0, 268.0, "Gross revenue of each period by cohort");
    svg.text(
        (LEFT, TOP - 10.0),
        Anchor::Start,
        NOTE,
        "gross revenue by period, in layers by cohort",
    );
    let slot = WIDE / periods as f64;
    let colour = |layer: usize| shade(1.0 - 0.85 * layer as f64 / layers.len() as f64);
    for period in 0..periods {
        let mut y = TOP + HIGH;
        for (place, layer) in layers.iter().enumerate() {
            let high = HIGH * layer.gross[period] / largest;
            y -= high;
            svg.rect(LEFT + slot * period as f64, y, (slot - 1.0).max(0.5), high, &colour(place));
        }
    }
    svg.line((LEFT, TOP + HIGH), (LEFT + WIDE, TOP + HIGH), LINE, Dash::Solid);
    for share in [0.5, 1.0] {
        let y = TOP + HIGH * (1.0 - share) + 4.0;
        let money = short(Money::finite(largest * share));
        svg.text((LEFT - 8.0, y), Anchor::End, NOTE, &money);
    }
    let ends = [(0, LEFT, Anchor::Start), (periods - 1, LEFT + WIDE, Anchor::End)];
    for (period, x, anchor) in ends.into_iter().take(periods.min(2)) {
        let name = health.periods[period].period.to_string();
        svg.text((x, TOP + HIGH + 18.0), anchor, NOTE, &name);
    }
    // The legend, the youngest on top as in the picture.
    let style = Style { size: 11, weight: 400, fill: INK };
    for (line, (place, layer)) in layers.iter().enumerate().rev().enumerate() {
        let y = TOP + 6.0 + 16.0 * line as f64;
        svg.rect(LEFT + WIDE + 12.0, y, 10.0, 10.0, &colour(place));
        svg.text((LEFT + WIDE + 27.0, y + 9.0), Anchor::Start, style, &layer.name);
    }
    if health.periods.iter().any(|period| !period.whole) {
        let note = "a first or last period may be cut by the observation";
        svg.text((LEFT, TOP + HIGH + 38.0), Anchor::Start, NOTE, note);
    }
    Some(svg.finish())
}

/// One cohort, or several in a row.
struct Layer {
    name: String,
    acquired: u64,
    gross: Vec<f64>,
}

fn layers(health: &HealthLens, least: usize) -> Option<Vec<Layer>> {
    let least = least as u64;
    let at_once = health.cohorts.len().div_ceil(MOST_LAYERS).max(1);
    let mut layers: Vec<Layer> = Vec::new();
    let mut together = 0;
    for cohort in &health.cohorts {
        let gross: Vec<f64> = cohort.gross.iter().map(|money| money.amount()).collect();
        let open = layers.last_mut().filter(|layer| together < at_once || layer.acquired < least);
        if let Some(layer) = open {
            let first = layer.name.split(" to ").next().unwrap_or_default();
            layer.name = format!("{first} to {}", cohort.cohort);
            layer.acquired += cohort.acquired;
            for (sum, more) in layer.gross.iter_mut().zip(gross) {
                *sum += more;
            }
            together += 1;
        } else {
            layers.push(Layer {
                name: cohort.cohort.to_string(),
                acquired: cohort.acquired,
                gross,
            });
            together = 1;
        }
    }
    // A last layer that stayed small goes with the one before it.
    if layers.len() > 1 && layers.last().is_some_and(|layer| layer.acquired < least) {
        let last = layers.pop()?;
        let before = layers.last_mut()?;
        let first = before.name.split(" to ").next().unwrap_or_default();
        let end = last.name.split(" to ").last().unwrap_or_default();
        before.name = format!("{first} to {end}");
        before.acquired += last.acquired;
        for (sum, more) in before.gross.iter_mut().zip(last.gross) {
            *sum += more;
        }
    }
    layers.first().filter(|layer| layer.acquired >= least)?;
    Some(layers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{CustomerHistory, HistorySpec, Transaction};
    use crate::units::{Calendar, Date};
    use crate::value::CustomerBaseAudit;
    use crate::work::Work;

    /// So many customers first buy in each month, and once more in the month after.
    fn health(newcomers: &[u32]) -> HealthLens {
        let mut log = Vec::new();
        for (month, &many) in newcomers.iter().enumerate() {
            for customer in 0..many {
                let id = format!("{month}-{customer}");
                let day =
                    |m: usize| Date::from_ymd(2023 + m as i32 / 12, m as u32 % 12 + 1, 9).unwrap();
                log.push((id.clone(), day(month), 10.0));
                log.push((id, day(month + 1), 5.0));
            }
        }
        let log: Vec<Transaction<'_>> = log
            .iter()
            .map(|(id, day, amount)| Transaction::new(id.as_str(), *day, *amount))
            .collect();
        let spec = HistorySpec::new().purchase_days();
        let history = CustomerHistory::read(&log, &spec, &Work::new()).unwrap();
        CustomerBaseAudit::of(&history, Calendar::Months).unwrap().health()
    }

    #[test]
    fn layers_hold_everything_and_no_small_cohort() {
        let health = health(&[20, 3, 4, 30, 2]);
        let layers = layers(&health, 11).unwrap();
        let names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, ["2023-01", "2023-02 to 2023-06"]);
        let all = layers.iter().flat_map(|layer| &layer.gross).fold(0.0, |sum, gross| sum + gross);
        assert_eq!(all, 59.0 * 15.0);
        let chart = cohort_chart(&health, 11).unwrap();
        assert!(chart.contains("2023-02 to 2023-06"));
    }

    #[test]
    fn many_cohorts_share_layers_and_few_customers_have_no_chart() {
        let layers = layers(&health(&[15; 30]), 11).unwrap();
        assert!(layers.len() <= MOST_LAYERS, "{}", layers.len());
        assert!(cohort_chart(&health(&[3, 4]), 11).is_none());
    }
}
