//! Which assumptions the strategies hang on.

use crate::report::escape::shortened;
use crate::report::numbers::percent;
use crate::report::svg::{ACCENT, Anchor, Dash, LINE, MUTED, NOTE, PLAIN, Svg};

/// What moving one assumption changes.
#[derive(Debug, Clone, PartialEq)]
pub struct SensitivityBar {
    /// The assumption, in words.
    pub label: String,
    /// The share of customers who get another primary strategy where it moves by 10 %.
    pub at_10: f64,
    /// The same where it moves by 25 %.
    pub at_25: f64,
}

/// Rows beyond which the rest is counted only.
const MOST_ROWS: usize = 14;

/// Bars of the share of customers who get another primary strategy when an assumption moves by 10
/// and by 25 percent, as an SVG; the assumption that matters most on top.
///
/// `None` for no bars, and where a share is not from 0 to 1.
///
/// ```
/// use segmentry::report::{SensitivityBar, sensitivity_chart};
///
/// let bar = |label: &str, at_10, at_25| SensitivityBar { label: label.into(), at_10, at_25 };
/// let chart = sensitivity_chart(&[bar("depth", 0.0, 0.01), bar("success of retain", 0.042, 0.117)]);
/// let chart = chart.unwrap();
/// assert!(chart.contains("11.7 %") && chart.find("success") < chart.find("depth"));
/// ```
pub fn sensitivity_chart(bars: &[SensitivityBar]) -> Option<String> {
    const WIDTH: f64 = 460.0;
    const ROW: f64 = 32.0;
    const LEFT: f64 = 180.0;
    const ARM: f64 = 148.0;
    const TOP: f64 = 26.0;
    let share = |share: f64| (0.0..=1.0).contains(&share);
    if bars.is_empty() || !bars.iter().all(|bar| share(bar.at_10) && share(bar.at_25)) {
        return None;
    }
    let mut sorted: Vec<&SensitivityBar> = bars.iter().collect();
    sorted.sort_by(|a, b| b.at_25.total_cmp(&a.at_25).then_with(|| b.at_10.total_cmp(&a.at_10)));
    let (shown, rest) = sorted.split_at(sorted.len().min(MOST_ROWS));
    let largest = shown.iter().map(|bar| bar.at_10.max(bar.at_25)).fold(0.0, f64::max);
    let floor = TOP + ROW * shown.len() as f64;
    let first = shown[0];
    let label = format!(
        "Customers whose primary strategy changes when an assumption moves; most for {}, with {} \
         at 25 %",
        first.label,
        percent(first.at_25, 1)
    );
    let mut svg = Svg::new(WIDTH, floor + 50.0, label);
    svg.text((4.0, 14.0), Anchor::Start, NOTE, "assumption");
    svg.text((WIDTH - 66.0, 14.0), Anchor::End, NOTE, "at 10 %");
    svg.text((WIDTH - 4.0, 14.0), Anchor::End, NOTE, "at 25 %");
    for (place, bar) in shown.iter().enumerate() {
        let y = TOP + ROW * place as f64;
        let words = shortened(&bar.label.replace('_', " "), 24);
        svg.text((4.0, y + 20.0), Anchor::Start, PLAIN, &words);
        for (side, share, fill) in [(0.0, bar.at_10, ACCENT), (1.0, bar.at_25, STRONGER_PALE)] {
            let length = if largest > 0.0 { ARM * share / largest } else { 0.0 };
            svg.rect(LEFT, y + 5.0 + 11.0 * side, length.max(1.0), 10.0, fill);
        }
        svg.text((WIDTH - 66.0, y + 20.0), Anchor::End, PLAIN, &percent(bar.at_10, 1));
        svg.text((WIDTH - 4.0, y + 20.0), Anchor::End, PLAIN, &percent(bar.at_25, 1));
    }
    svg.line((LEFT, TOP), (LEFT, floor + 2.0), MUTED, Dash::Solid);
    svg.line((4.0, floor + 8.0), (WIDTH - 4.0, floor + 8.0), LINE, Dash::Solid);
    let note = match rest.len() {
        0 => "share of customers who get another primary strategy".to_owned(),
        more => format!("share who get another primary strategy; {more} that matter less left out"),
    };
    svg.text((4.0, floor + 30.0), Anchor::Start, NOTE, &note);
    Some(svg.finish())
}

/// Between the two, and to be told from both in grey.
const STRONGER_PALE: &str = "#8fc3cb";

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, at_10: f64, at_25: f64) -> SensitivityBar {
        SensitivityBar { label: label.to_owned(), at_10, at_25 }
    }

    #[test]
    fn names_are_escaped_and_cut() {
        let chart =
            sensitivity_chart(&[bar("<script> & a very long name of an assumption", 0.1, 0.2)]);
        let chart = chart.unwrap();
        assert!(!chart.contains("<script>") && chart.contains("&lt;script&gt;"));
    }

    #[test]
    fn what_matters_less_is_counted() {
        let bars: Vec<SensitivityBar> =
            (0..20).map(|i| bar(&format!("a{i:02}."), 0.0, 0.01 * f64::from(i))).collect();
        let chart = sensitivity_chart(&bars).unwrap();
        assert!(chart.contains("6 that matter less left out"));
        assert!(chart.contains("a19.") && chart.contains("a06.") && !chart.contains("a05."));
    }

    #[test]
    fn nothing_flips_and_no_numbers() {
        let chart = sensitivity_chart(&[bar("a", 0.0, 0.0)]).unwrap();
        assert!(!chart.contains("NaN") && chart.contains("0.0 %"));
        assert_eq!(sensitivity_chart(&[]), None);
        for bad in [f64::NAN, -0.1, 1.1] {
            assert_eq!(sensitivity_chart(&[bar("a", 0.0, 0.0), bar("b", bad, 0.1)]), None);
            assert_eq!(sensitivity_chart(&[bar("a", 0.0, bad)]), None);
        }
    }
}
