//! The matrix of P(alive): who counts as gone, by how often they bought and how long they have been
//! silent.

use crate::report::numbers::percent;
use crate::report::svg::{Anchor, NOTE, Style, Svg, shade, text_on};
use crate::units::{Days, Probability};
use crate::value::PurchaseRecord;

/// Columns: repeat purchases. Rows: silence, in equal parts of the age.
const COLUMNS: u32 = 12;
const ROWS: u32 = 9;

/// The probability of being alive of customers of one `age`, by repeat purchases (left to right,
/// to `most` in at most twelve steps) and by how long they have been silent (top to bottom), as an
/// SVG. Customers without a repeat purchase have been silent since their first one; they are named
/// below the matrix.
///
/// `None` for an age of less than ten days, and for `most` of zero.
///
/// ```
/// use segmentry::{report::alive_chart, units::Days, value::MbgNbd};
///
/// let model = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614)?;
/// let chart = alive_chart(Days::weeks(39), 12, |record| model.p_alive(record)).unwrap();
/// assert!(chart.contains("without a repeat purchase: 39 %"));
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
pub fn alive_chart(
    age: Days,
    most: u32,
    p_alive: impl Fn(&PurchaseRecord) -> Probability,
) -> Option<String> {
    const LEFT: f64 = 84.0;
    const TOP: f64 = 26.0;
    const HIGH: f64 = 20.0;
    if age.count() < ROWS + 1 || most == 0 {
        return None;
    }
    let columns = most.min(COLUMNS);
    let wide = 368.0 / f64::from(columns);
    let days = f64::from(age.count());
    let label = "Probability of being alive by repeat purchases and days of silence";
    let mut svg = Svg::new(460.0, 268.0, label);
    svg.text(
        (LEFT, TOP - 10.0),
        Anchor::Start,
        NOTE,
        "probability of being alive, in %, by days of silence",
    );
    for row in 0..ROWS {
        // The last row still leaves time for the purchases to have been made.
        let silence = (days * f64::from(row) / f64::from(ROWS)).floor();
        let y = TOP + HIGH * f64::from(row);
        let text = if row == 0 { "0 days".to_owned() } else { format!("{silence} days") };
        svg.text((LEFT - 8.0, y + 14.0), Anchor::End, NOTE, &text);
        for column in 1..=columns {
            let purchases = nearest(column, columns, most);
            let record = PurchaseRecord::new(purchases, days - silence, days).ok()?;
            let alive = p_alive(&record).value();
            let x = LEFT + wide * f64::from(column - 1);
            svg.rect(x, y, wide - 1.0, HIGH - 1.0, &shade(alive));
            let style = Style { size: 10, weight: 400, fill: text_on(alive) };
            let text = format!("{:.0}", alive * 100.0);
            svg.text((x + wide / 2.0, y + 14.0), Anchor::Middle, style, &text);
        }
    }
    let floor = TOP + HIGH * f64::from(ROWS);
    for column in 1..=columns {
        let x = LEFT + wide * (f64::from(column) - 0.5);
        let text = nearest(column, columns, most).to_string();
        svg.text((x, floor + 15.0), Anchor::Middle, NOTE, &text);
    }
    svg.text((LEFT, floor + 34.0), Anchor::Start, NOTE, "repeat purchases");
    let once = PurchaseRecord::new(0, 0.0, days).ok()?;
    let text = format!("without a repeat purchase: {}", percent(p_alive(&once).value(), 0));
    svg.text((452.0, floor + 34.0), Anchor::End, NOTE, &text);
    Some(svg.finish())
}

/// The number of purchases that a column stands for.
fn nearest(column: u32, columns: u32, most: u32) -> u32 {
    let step = u64::from(column) * u64::from(most) / u64::from(columns);
    (step as u32).max(1)
}
