//! The customer value map: fifths by fifths, or the bands of money that it was cut by.

use crate::report::numbers::{grouped, short};
use crate::report::suppress::withheld_cells;
use crate::report::svg::{Anchor, LINE, MUTED, NOTE, STRONG, Style, Svg, strategy_colour};
use crate::strategy::{MapAxis, ValueMap};
use crate::units::Money;

/// Bands beyond which cells are too small to read.
const MOST_BANDS: usize = 6;

/// The map by current value (left to right, the best on the right) and headroom (the most on top),
/// as an SVG: in fifths, or in the bands of money that it was cut by. Each cell shows its
/// customers, the gain of their primary strategies, and the most frequent of these by its colour.
///
/// Cells of fewer than `least` customers are withheld, and with them enough others that they cannot
/// be worked out. `None` where some headroom is not known, and for more than six bands.
pub fn value_map_chart(map: &ValueMap, least: usize) -> Option<String> {
    const HIGH: f64 = 50.0;
    const TOP: f64 = 24.0;
    const WIDE: f64 = 400.0;
    let grid = Grid::of(map)?;
    let (rows, columns) = (grid.0.len(), grid.0[0].len());
    let left = if matches!(map.headroom, MapAxis::Deciles) { 52.0 } else { 84.0 };
    let width = left + WIDE + 8.0;
    let (cell_wide, floor) = (WIDE / columns as f64, TOP + HIGH * rows as f64);
    let counts: Vec<Vec<usize>> =
        grid.0.iter().map(|row| row.iter().map(|cell| cell.customers).collect()).collect();
    let withheld = withheld_cells(&counts, least);
    let mut svg = Svg::new(width, floor + 42.0, "Customers by current value and headroom");
    svg.text((left, TOP - 9.0), Anchor::Start, NOTE, "headroom, by current value");
    match &map.headroom {
        MapAxis::Deciles => {
            svg.text((left - 8.0, TOP + 16.0), Anchor::End, NOTE, "most");
            svg.text((left - 8.0, floor - 8.0), Anchor::End, NOTE, "least");
        }
        MapAxis::Money(cuts) => {
            for (row, name) in bands(cuts).iter().enumerate() {
                let y = TOP + HIGH * row as f64 + HIGH / 2.0 + 4.0;
                svg.text((left - 8.0, y), Anchor::End, NOTE, name);
            }
        }
    }
    match &map.value {
        MapAxis::Deciles => {
            svg.text((left, floor + 18.0), Anchor::Start, NOTE, "least valuable fifth");
            svg.text((left + WIDE, floor + 18.0), Anchor::End, NOTE, "most valuable fifth");
        }
        MapAxis::Money(cuts) => {
            for (column, name) in bands(cuts).iter().rev().enumerate() {
                let x = left + cell_wide * (column as f64 + 0.5);
                svg.text((x, floor + 18.0), Anchor::Middle, NOTE, name);
            }
        }
    }
    let white = |size, weight| Style { size, weight, fill: "#ffffff" };
    for (row, cells) in grid.0.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            // The best band of value stands first in the data and last on the page.
            let (x, y) =
                (left + cell_wide * (columns - 1 - column) as f64, TOP + HIGH * row as f64);
            let middle = x + cell_wide / 2.0;
            let mut tile =
                |fill: &str| svg.rect(x + 1.0, y + 1.0, cell_wide - 2.0, HIGH - 2.0, fill);
            if cell.customers == 0 {
                tile("#f4f6f8");
            } else if withheld[row][column] {
                tile(LINE);
                let style = Style { fill: MUTED, ..NOTE };
                svg.text((middle, y + HIGH / 2.0 + 4.0), Anchor::Middle, style, "withheld");
            } else {
                tile(strategy_colour(cell.most_frequent()));
                let customers = grouped(cell.customers as f64, 0);
                let style = Style { fill: "#ffffff", ..STRONG };
                svg.text((middle, y + 22.0), Anchor::Middle, style, &customers);
                let sign = if cell.gain < Money::ZERO { "" } else { "+" };
                let gain = format!("{sign}{}", short(cell.gain));
                svg.text((middle, y + 39.0), Anchor::Middle, white(12, 400), &gain);
            }
        }
    }
    Some(svg.finish())
}

/// What the bands between limits are called, the highest first.
fn bands(cuts: &[Money]) -> Vec<String> {
    let name = |cut: &Money| format!("{} +", brief(*cut));
    let lowest = cuts.first().map_or("all".to_owned(), |cut| format!("< {}", brief(*cut)));
    cuts.iter().rev().map(name).chain([lowest]).collect()
}

/// A limit without the decimals that it does not have.
fn brief(limit: Money) -> String {
    let whole = limit.amount().fract() == 0.0 && limit.amount().abs() < 10_000.0;
    if whole { grouped(limit.amount(), 0) } else { short(limit) }
}

/// Bands of headroom (most first) by bands of current value (best first).
struct Grid(Vec<Vec<Square>>);

#[derive(Default, Clone)]
struct Square {
    customers: usize,
    gain: Money,
    strategies: Vec<(String, usize)>,
}

impl Grid {
    fn of(map: &ValueMap) -> Option<Self> {
        let n_bands = |axis: &MapAxis| match axis {
            MapAxis::Deciles => 5,
            MapAxis::Money(cuts) => cuts.len() + 1,
        };
        let (rows, columns) = (n_bands(&map.headroom), n_bands(&map.value));
        if rows.max(columns) > MOST_BANDS {
            return None;
        }
        let place = |axis: &MapAxis, band: u8| {
            let place = usize::from(band.checked_sub(1)?);
            Some(if matches!(axis, MapAxis::Deciles) { place / 2 } else { place })
        };
        let mut grid = vec![vec![Square::default(); columns]; rows];
        for cell in &map.cells {
            let row = place(&map.headroom, cell.headroom_band)?;
            let into = &mut grid[row][place(&map.value, cell.value_band)?];
            into.customers += cell.customers;
            into.gain = into.gain + cell.gain;
            for (lever, count) in &cell.strategies {
                match into.strategies.iter_mut().find(|(name, _)| name == lever.as_str()) {
                    Some((_, known)) => *known += count,
                    None => into.strategies.push((lever.as_str().to_owned(), *count)),
                }
            }
        }
        Some(Self(grid))
    }
}

impl Square {
    fn most_frequent(&self) -> &str {
        let most = self.strategies.iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)));
        most.map_or("maintain", |(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::{CpMap, CustomerBase, StrategyAssigner, StrategyPlan};
    use crate::units::{CustomerIds, Days, Probability};
    use crate::value::{CustomerValue, Rates, ValueBasis, ValueUnit, Worth};
    use crate::work::Work;

    fn money(amount: i64) -> Money {
        Money::from_minor(amount, 0)
    }

    /// So many customers of a potential of 300, worth 50; the last has none.
    fn base(customers: i64) -> (CustomerValue, StrategyPlan) {
        let worth = |row: i64| {
            let rates = Rates {
                alive: 0.5,
                staying: 1.0,
                purchases: 4.0,
                spend: 25.0,
                margin: 1.0,
                cost: 0.0,
            };
            let spent = money(7 * row);
            Worth::realised(spent, spent, 2, Days::new(30))
                .with_rates(rates)
                .with_p_alive(Probability::new(0.5).unwrap())
                .with_potential(if row == customers - 1 { Money::ZERO } else { money(300) })
        };
        let ids = CustomerIds::numbered(customers as usize).unwrap();
        let basis = ValueBasis::new("given", "given");
        let rows = (0..customers).map(worth).collect();
        let value =
            CustomerValue::new(ids, rows, basis, ValueUnit::Revenue, Days::weeks(52)).unwrap();
        let plan = CpMap::retail().assign(&CustomerBase::of(value.clone()), &Work::new()).unwrap();
        (value, plan)
    }

    #[test]
    fn fifths_of_all_customers() {
        let (value, plan) = base(100);
        let chart = value_map_chart(&ValueMap::of(&value, &plan).unwrap(), 1).unwrap();
        assert_eq!(chart.matches("<rect").count(), 25);
        assert!(chart.contains("most valuable fifth") && chart.contains(">most<"));
    }

    #[test]
    fn bands_of_money_are_named_by_their_limits() {
        let (value, plan) = base(100);
        let cuts = [money(70), money(350)];
        let map = ValueMap::by_money(&value, &plan, &cuts, &[money(100)]).unwrap();
        let chart = value_map_chart(&map, 1).unwrap();
        assert_eq!(chart.matches("<rect").count(), 6);
        for name in ["350 +", "70 +", "&lt; 70", "100 +", "&lt; 100"] {
            assert!(chart.contains(&format!(">{name}<")), "{name}");
        }
        // 10 customers below 70, 40 below 350, 49 above, and the one without headroom.
        for customers in [10, 40, 49, 1] {
            assert!(chart.contains(&format!(">{customers}<")), "{customers}");
        }
    }

    #[test]
    fn the_one_customer_apart_cannot_be_worked_out() {
        let (value, plan) = base(100);
        let map = ValueMap::by_money(&value, &plan, &[money(350)], &[money(100)]).unwrap();
        let chart = value_map_chart(&map, 11).unwrap();
        assert!(chart.contains("withheld") && !chart.contains(">1<") && !chart.contains(">49<"));
    }

    #[test]
    fn too_many_bands_and_unknown_headroom_are_no_chart() {
        let (value, plan) = base(20);
        let cuts: Vec<Money> = (0..6).map(money).collect();
        let chart = |cuts: &[Money]| {
            value_map_chart(&ValueMap::by_money(&value, &plan, cuts, &[]).unwrap(), 1)
        };
        assert!(chart(&cuts).is_none() && chart(&cuts[1..]).is_some());
        let mut rows = value.rows().to_vec();
        rows[0].potential = None;
        let basis = ValueBasis::new("given", "given");
        let (ids, unit) = (value.ids().clone(), ValueUnit::Revenue);
        let unknown = CustomerValue::new(ids, rows, basis, unit, Days::weeks(52)).unwrap();
        assert_eq!(value_map_chart(&ValueMap::of(&unknown, &plan).unwrap(), 1), None);
    }
}
