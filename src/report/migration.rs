//! The migration heat map: who rose, who fell, who came and who went.

use crate::report::numbers::{grouped, percent};
use crate::report::suppress::withheld_cells;
use crate::report::svg::{Anchor, LINE, MUTED, NOTE, STRONG, Style, Svg, shade, text_on};
use crate::value::{Migration, Standing};

/// Beyond this many groups cells are too small to read.
const MOST_GROUPS: u16 = 10;

/// Where the customers of each standing of one period stand in the next, as an SVG: a row for each
/// standing before, a column for each after, the share of the row in each cell.
///
/// Cells of fewer than `least` customers are withheld, and with them enough others that they cannot
/// be worked out. `None` for more than ten groups, and where nobody stands anywhere.
///
/// ```
/// use segmentry::report::migration_chart;
/// use segmentry::units::{CustomerIds, Money};
/// use segmentry::value::{Migration, PeriodStandings, QuantileGroups};
///
/// let ids = CustomerIds::numbered(100)?;
/// let money = |f: fn(i64) -> i64| (0..100).map(|i| Money::from_minor(f(i), 0)).collect::<Vec<_>>();
/// let active = [Some(true); 100];
/// let halves = QuantileGroups::new(2);
/// let before = PeriodStandings::cut(&halves, &active, money(|i| 200 - i), &ids)?;
/// let after = PeriodStandings::cut(&halves, &active, money(|i| 200 - (i + 75) % 100), &ids)?;
/// let chart = migration_chart(&Migration::between(&before, &after, 2)?, 11).unwrap();
/// assert_eq!(chart.matches("50 %").count(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn migration_chart(migration: &Migration, least: usize) -> Option<String> {
    const LEFT: f64 = 92.0;
    const TOP: f64 = 44.0;
    if migration.n_groups() > MOST_GROUPS || migration.total().customers == 0 {
        return None;
    }
    let standings: Vec<Standing> = migration.standings().collect();
    let cell = |row: usize, column: usize| migration.cell(standings[row], standings[column]);
    // Nobody becomes someone who is not yet a customer.
    let columns = standings.len() - 1;
    let counts: Vec<Vec<usize>> = (0..standings.len())
        .map(|row| (0..columns).map(|column| cell(row, column).customers as usize).collect())
        .collect();
    let withheld = withheld_cells(&counts, least);
    let (wide, high) = (360.0 / columns as f64, 27.0_f64.min(216.0 / standings.len() as f64));
    let height = TOP + high * standings.len() as f64 + 26.0;
    let mut svg = Svg::new(460.0, height, "Where customers of each group before stand after");
    svg.text((LEFT, 16.0), Anchor::Start, STRONG, "after");
    svg.text((LEFT - 8.0, TOP - 8.0), Anchor::End, STRONG, "before");
    for (column, &standing) in standings[..columns].iter().enumerate() {
        let x = LEFT + wide * (column as f64 + 0.5);
        svg.text((x, TOP - 8.0), Anchor::Middle, NOTE, &name(standing, Length::Short));
    }
    let size = if wide < 34.0 { 9 } else { 12 };
    for (row, &standing) in standings.iter().enumerate() {
        let y = TOP + high * row as f64;
        let baseline = y + high / 2.0 + 4.0;
        svg.text((LEFT - 8.0, baseline), Anchor::End, NOTE, &name(standing, Length::Long));
        for column in 0..columns {
            let x = LEFT + wide * column as f64;
            let share = cell(row, column).row_share.unwrap_or(0.0);
            let middle = (x + wide / 2.0, baseline);
            if withheld[row][column] {
                svg.rect(x, y, wide - 1.0, high - 1.0, LINE);
                let style = Style { size, weight: 400, fill: MUTED };
                svg.text(middle, Anchor::Middle, style, "-");
            } else {
                svg.rect(x, y, wide - 1.0, high - 1.0, &shade(share));
                if share > 0.0 {
                    let style = Style { size, weight: 400, fill: text_on(share) };
                    svg.text(middle, Anchor::Middle, style, &percent(share, 0));
                }
            }
        }
    }
    let all = grouped(migration.total().customers as f64, 0);
    let note = format!("shares of each row; {all} customers; - is withheld");
    svg.text((LEFT, height - 8.0), Anchor::Start, NOTE, &note);
    Some(svg.finish())
}

#[derive(Clone, Copy)]
enum Length {
    Short,
    Long,
}

fn name(standing: Standing, length: Length) -> String {
    match (standing, length) {
        (Standing::Group(group), _) => group.to_string(),
        (Standing::NotActive, Length::Short) => "none".to_owned(),
        (Standing::NotActive, Length::Long) => "not active".to_owned(),
        (Standing::NotYetCustomer, _) => "new".to_owned(),
    }
}
