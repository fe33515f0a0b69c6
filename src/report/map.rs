//! The customer value map, as fifths by fifths.

use crate::report::numbers::{grouped, short};
use crate::report::suppress::withheld_cells;
use crate::report::svg::{Anchor, LINE, MUTED, NOTE, STRONG, Style, Svg, strategy_colour};
use crate::strategy::ValueMap;
use crate::units::Money;

/// The map in fifths of current value (left to right, the best on the right) and of headroom (the
/// most on top), as an SVG. Each cell shows its customers, the gain of their primary strategies,
/// and the most frequent of these by its colour.
///
/// Cells of fewer than `least` customers are withheld, and with them enough others that they cannot
/// be worked out. `None` where no headroom is known.
pub fn value_map_chart(map: &ValueMap, least: usize) -> Option<String> {
    const CELL: f64 = 80.0;
    const HIGH: f64 = 50.0;
    const LEFT: f64 = 52.0;
    const TOP: f64 = 24.0;
    let grid = Grid::of(map)?;
    let counts: Vec<Vec<usize>> =
        grid.0.iter().map(|row| row.iter().map(|cell| cell.customers).collect()).collect();
    let withheld = withheld_cells(&counts, least);
    let mut svg =
        Svg::new(460.0, TOP + 5.0 * HIGH + 42.0, "Customers by current value and headroom");
    svg.text((LEFT - 8.0, TOP + 16.0), Anchor::End, NOTE, "most");
    svg.text((LEFT - 8.0, TOP + 5.0 * HIGH - 8.0), Anchor::End, NOTE, "least");
    svg.text((LEFT, TOP - 9.0), Anchor::Start, NOTE, "headroom, by current value");
    svg.text((LEFT, TOP + 5.0 * HIGH + 18.0), Anchor::Start, NOTE, "least valuable fifth");
    svg.text(
        (LEFT + 5.0 * CELL, TOP + 5.0 * HIGH + 18.0),
        Anchor::End,
        NOTE,
        "most valuable fifth",
    );
    let white = |size, weight| Style { size, weight, fill: "#ffffff" };
    for (row, cells) in grid.0.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            // The best fifth of value stands first in the data and last on the page.
            let (x, y) = (LEFT + CELL * (4 - column) as f64, TOP + HIGH * row as f64);
            let middle = x + CELL / 2.0;
            if cell.customers == 0 {
                svg.rect(x + 1.0, y + 1.0, CELL - 2.0, HIGH - 2.0, "#f4f6f8");
            } else if withheld[row][column] {
                svg.rect(x + 1.0, y + 1.0, CELL - 2.0, HIGH - 2.0, LINE);
                svg.text(
                    (middle, y + HIGH / 2.0 + 4.0),
                    Anchor::Middle,
                    Style { fill: MUTED, ..NOTE },
                    "withheld",
                );
            } else {
                svg.rect(
                    x + 1.0,
                    y + 1.0,
                    CELL - 2.0,
                    HIGH - 2.0,
                    strategy_colour(cell.most_frequent()),
                );
                svg.text(
                    (middle, y + 22.0),
                    Anchor::Middle,
                    Style { fill: "#ffffff", ..STRONG },
                    &grouped(cell.customers as f64, 0),
                );
                svg.text(
                    (middle, y + 39.0),
                    Anchor::Middle,
                    white(12, 400),
                    &format!("+{}", short(cell.gain)),
                );
            }
        }
    }
    Some(svg.finish())
}

/// Fifths of headroom (most first) by fifths of current value (best first).
struct Grid([[Fifth; 5]; 5]);

#[derive(Default)]
struct Fifth {
    customers: usize,
    gain: Money,
    strategies: Vec<(String, usize)>,
}

impl Grid {
    fn of(map: &ValueMap) -> Option<Self> {
        let mut grid: [[Fifth; 5]; 5] = Default::default();
        for cell in &map.cells {
            let fifth = |decile: u8| decile.checked_sub(1).map(|tenth| usize::from(tenth / 2));
            let into = &mut grid[fifth(cell.headroom_decile)?][fifth(cell.value_decile)?];
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

impl Fifth {
    fn most_frequent(&self) -> &str {
        let most = self.strategies.iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)));
        most.map_or("maintain", |(name, _)| name)
    }
}
