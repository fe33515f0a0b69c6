//! Deciles and their totals of ten million values, to be run beside other engines.
//!
//! ```text
//! cargo bench --bench deciles -- [VALUES] [KIND]
//! ```
//!
//! The values are log-normal (mean of the logarithm 4, deviation 1.2). Prints one line of JSON for
//! each kind of values (`lognormal`, `cents`, `few`), with the least and the median of nine runs.
//! Without a number, as when all benches are run once, there are a hundred thousand values.

#![allow(clippy::print_stdout)] // a program of its own

use std::hint::black_box;
use std::time::Instant;

use segmentry::units::{CustomerIds, Money};
use segmentry::value::deciles;

const RUNS: usize = 9;

/// SplitMix64, so that the bench needs no generator of the crate.
struct Dice(u64);

impl Dice {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// Box & Muller.
    fn normal(&mut self) -> f64 {
        let (u, v) = (self.uniform(), self.uniform());
        (-2.0 * libm::log(u)).sqrt() * libm::cos(std::f64::consts::TAU * v)
    }
}

fn main() {
    let number = std::env::args().skip(1).find_map(|argument| argument.parse::<usize>().ok());
    let n = number.unwrap_or(100_000);
    let ids = CustomerIds::numbered(n).expect("not too many");
    let mut dice = Dice(1);
    let spend: Vec<Money> = (0..n).map(|_| money(libm::exp(4.0 + 1.2 * dice.normal()))).collect();
    let cents = spend.iter().map(|v| money((v.amount() * 100.0).round() / 100.0)).collect();
    let few = spend.iter().map(|v| money(10.0 * (v.amount() / 50.0).floor())).collect();
    let kind = std::env::args().nth(2);
    for (name, values) in [("lognormal", spend), ("cents", cents), ("few", few)] {
        if kind.as_ref().is_none_or(|kind| kind == name || kind.starts_with('-')) {
            time(name, &values, &ids);
        }
    }
}

fn money(amount: f64) -> Money {
    Money::new(amount).expect("finite")
}

fn time(kind: &str, values: &[Money], ids: &CustomerIds) {
    let mut seconds = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let cut = black_box(deciles(black_box(values), ids)).expect("one value per customer");
        seconds.push(start.elapsed().as_secs_f64());
        assert_eq!(cut.groups[0].customers, values.len().div_ceil(10) as u64);
    }
    seconds.sort_by(f64::total_cmp);
    println!(
        "{{\"task\": \"deciles\", \"values\": \"{kind}\", \"n\": {}, \"least\": {:.4}, \
         \"median\": {:.4}}}",
        values.len(),
        seconds[0],
        seconds[RUNS / 2]
    );
}
