//! The whole choice: eight levers asked about every customer, within three limits, and every
//! assumption moved.
//!
//! ```text
//! cargo bench --bench strategy -- 1000000
//! ```

#![allow(clippy::print_stdout)]

#[path = "common/memory.rs"]
mod memory;

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group};
use segmentry::strategy::{
    Candidate, CpMap, CustomerBase, Ineligible, Lever, Offer, StrategyAssigner,
};
use segmentry::units::{CustomerIds, Days, Estimate, LeverId, Money, ResourceId};
use segmentry::value::{CustomerValue, Rates, ValueBasis, ValueUnit, Worth};
use segmentry::work::Work;

/// Raises purchases by a share, for two in three customers, at a cost that grows with their spend.
struct Push {
    name: &'static str,
    share: f64,
    minutes: f64,
    mail: f64,
}

const PUSHES: [Push; 8] = [
    Push { name: "one", share: 0.3, minutes: 10.0, mail: 0.0 },
    Push { name: "two", share: 0.1, minutes: 0.0, mail: 1.0 },
    Push { name: "three", share: 0.2, minutes: 5.0, mail: 0.0 },
    Push { name: "four", share: 0.12, minutes: 0.0, mail: 1.0 },
    Push { name: "five", share: 0.14, minutes: 0.0, mail: 1.0 },
    Push { name: "six", share: 0.4, minutes: 15.0, mail: 0.0 },
    Push { name: "seven", share: 0.16, minutes: 0.0, mail: 1.0 },
    Push { name: "eight", share: 0.18, minutes: 3.0, mail: 0.0 },
];

impl Lever for Push {
    fn id(&self) -> LeverId {
        LeverId::of(self.name)
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        let rates = customer.rates()?;
        let different = (customer.row() * 7 + self.name.len() * 5) % 12;
        if different < 4 {
            return Err(Ineligible::because("not for these customers"));
        }
        let none = Ineligible::because("no estimate");
        let works = Estimate::assumed(0.02 * different as f64).map_err(|_| none)?;
        Ok(Offer::new(works)
            .purchases(1.0 + self.share)
            .contact_cost(Money::from_minor(20, 2))
            .incentive(Money::new(0.05 * rates.spend).unwrap_or_default(), 0.02)
            .uses(ResourceId::of("minutes"), self.minutes)
            .uses(ResourceId::of("mail"), self.mail))
    }

    fn why(&self, _: &Candidate<'_>) -> String {
        "one of the eight".to_owned()
    }
}

/// Customers of exponential spend and mixed risk, by a generator written out here.
fn base(n: usize) -> CustomerBase {
    let mut state = 7u64;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    let rows = (0..n).map(|_| {
        let rates = Rates {
            alive: uniform(),
            staying: 0.5 + 0.5 * uniform(),
            purchases: 1.0 + 9.0 * uniform(),
            spend: -40.0 * libm::log(uniform()),
            margin: 0.4,
            cost: 0.0,
        };
        Worth::realised(Money::ZERO, Money::ZERO, 1, Days::new(9)).with_rates(rates)
    });
    let rows = rows.collect();
    let ids = CustomerIds::numbered(n).expect("ids for so many");
    let basis = ValueBasis::new("given", "given");
    let value = CustomerValue::new(ids, rows, basis, ValueUnit::Margin, Days::weeks(52));
    CustomerBase::of(value.expect("sound rates"))
}

fn levers() -> CpMap {
    PUSHES.into_iter().fold(CpMap::none(), CpMap::with)
}

fn limited(n: usize) -> CpMap {
    levers()
        .budget(Money::new(0.4 * n as f64).expect("finite"))
        .capacity(ResourceId::of("minutes"), n as f64)
        .capacity(ResourceId::of("mail"), 0.3 * n as f64)
}

fn seconds<T>(task: &str, n: usize, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let (result, kilobytes) = memory::growth(run);
    let bytes = kilobytes.map_or(0, |kilobytes| kilobytes * 1024 / n as u64);
    println!(
        "{n} customers, {task}: {:.3} s, {bytes} bytes a customer more",
        start.elapsed().as_secs_f64()
    );
    result
}

fn large(n: usize) {
    let (base, work) = (base(n), Work::new());
    let free = seconds("asking eight levers", n, || levers().assign(&base, &work));
    drop(free);
    let plan = seconds("and three limits", n, || limited(n).assign(&base, &work));
    let plan = plan.expect("limits without quotas");
    if let Some(budgeting) = plan.budgeting() {
        println!("{budgeting}");
    }
    let moved = seconds("moving every assumption", n, || plan.sensitivity(&work));
    println!("{} numbers moved", moved.expect("sound offers").map_or(0, |found| found.rows.len()));
}

fn choice(c: &mut Criterion) {
    let n = 20_000;
    let (base, work) = (base(n), Work::new());
    let mut group = c.benchmark_group("strategy");
    group.sample_size(10);
    group.bench_function("20k x 8 levers", |b| {
        b.iter(|| black_box(levers().assign(&base, &work)));
    });
    group.bench_function("20k x 8 levers, 3 limits", |b| {
        b.iter(|| black_box(limited(n).assign(&base, &work)));
    });
    group.finish();
}

criterion_group!(benches, choice);

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    match arguments.next().and_then(|n| n.parse().ok()) {
        Some(n) => large(n),
        None => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
