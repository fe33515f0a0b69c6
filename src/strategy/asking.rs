//! Every lever is asked about every customer.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::num::blocks;
use crate::strategy::asked::Row;
use crate::strategy::choice::{NONE, pick};
use crate::strategy::considered::Levers;
use crate::strategy::plan::most_frequent_first;
use crate::strategy::{CustomerBase, Ineligible, StrategyError};
use crate::units::{LeverId, Money, Provenance, ResourceId};
use crate::work::Work;

/// What all customers were offered.
pub(crate) struct Answers {
    /// Each customer's choice, were there no limits.
    pub(crate) rows: Vec<Row>,
    /// The gain of each lever, customer by customer; NaN where it does not apply.
    pub(crate) gains: Vec<f64>,
    /// How many customers each rule kept from each lever.
    pub(crate) rules: Vec<(LeverId, String, usize)>,
    /// The levers whose success is one assumption for all.
    pub(crate) flat: Vec<LeverId>,
    /// Whether some offer spends money.
    pub(crate) costs: bool,
    /// What each lever uses of each resource, where that is the same for all customers.
    pub(crate) same_uses: Vec<Option<Vec<f64>>>,
}

/// What a block of customers was offered, but for the gains.
struct Block {
    rows: Vec<Row>,
    rules: Vec<(usize, Ineligible, usize)>,
    success: Vec<Spread>,
    costs: bool,
    /// By resource and then by lever.
    uses: Vec<Spread>,
}

/// The least and the most of a number that was met.
#[derive(Debug, Clone, Copy)]
struct Spread {
    least: f64,
    most: f64,
}

impl Spread {
    const NONE: Self = Self { least: f64::INFINITY, most: f64::NEG_INFINITY };

    fn add(&mut self, other: Self) {
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
    }

    fn meet(&mut self, value: f64) {
        self.add(Self { least: value, most: value });
    }

    /// The one value that was met; zero where none was.
    fn single(&self) -> Option<f64> {
        match () {
            () if self.least > self.most => Some(0.0),
            () if self.least == self.most => Some(self.least),
            () => None,
        }
    }
}

/// Asks all levers about all customers, and watches how the resources are used.
pub(crate) fn ask(
    levers: &Levers,
    base: &CustomerBase,
    resources: &[ResourceId],
    work: &Work,
) -> Result<Answers, StrategyError> {
    let (n, width) = (base.n_customers(), levers.ids.len());
    work.begin("choosing strategies", Some(n as u64))?;
    // Without levers there is still a row for each customer.
    let stretch = width.max(1);
    let mut gains = vec![f64::NAN; n * stretch];
    let blocks = blocks::fill(&mut gains, blocks::BLOCK * stretch, work, |first, gains| {
        let rows = first / stretch..(first + gains.len()) / stretch;
        ask_block(levers, base, resources, rows, gains)
    })?;
    gains.truncate(n * width);
    let mut answers = Answers {
        rows: Vec::with_capacity(n),
        gains,
        rules: Vec::new(),
        flat: Vec::new(),
        costs: false,
        same_uses: Vec::new(),
    };
    let mut counts: BTreeMap<(usize, Ineligible), usize> = BTreeMap::new();
    let mut success = vec![Spread::NONE; width];
    let mut uses = vec![Spread::NONE; resources.len() * width];
    for block in blocks {
        let block = block?;
        answers.rows.extend(block.rows);
        answers.costs |= block.costs;
        for (lever, rule, customers) in block.rules {
            *counts.entry((lever, rule)).or_default() += customers;
        }
        success.iter_mut().zip(&block.success).for_each(|(all, more)| all.add(*more));
        uses.iter_mut().zip(&block.uses).for_each(|(all, more)| all.add(*more));
    }
    let rules = counts.into_iter().map(|((lever, rule), customers)| {
        (levers.ids[lever].clone(), rule.rule().to_owned(), customers)
    });
    answers.rules = most_frequent_first(rules.collect());
    let flat = levers.ids.iter().zip(&success).filter(|(_, met)| met.least == met.most);
    answers.flat = flat.map(|(id, _)| id.clone()).collect();
    let same = |uses: &[Spread]| uses.iter().map(Spread::single).collect();
    answers.same_uses =
        (0..resources.len()).map(|resource| same(&uses[resource * width..][..width])).collect();
    Ok(answers)
}

fn ask_block(
    levers: &Levers,
    base: &CustomerBase,
    resources: &[ResourceId],
    rows: Range<usize>,
    all_gains: &mut [f64],
) -> Result<Block, StrategyError> {
    let width = levers.ids.len();
    let mut bases = vec![Provenance::Model; width];
    let mut block = Block {
        rows: Vec::with_capacity(rows.len()),
        rules: Vec::new(),
        success: vec![Spread::NONE; width],
        costs: false,
        uses: vec![Spread::NONE; resources.len() * width],
    };
    for (row, gains) in rows.zip(all_gains.chunks_exact_mut(width.max(1))) {
        let customer = base.customer(row);
        for lever in 0..width {
            match levers.consider(lever, &customer)? {
                Ok((offer, gain)) => {
                    gains[lever] = gain.mean.amount();
                    bases[lever] = gain.provenance;
                    block.costs |= offer.spend_needed() > Money::ZERO;
                    if gain.provenance == Provenance::Assumption {
                        block.success[lever].meet(offer.success.mean());
                    } else {
                        // No assumption: never flat.
                        block.success[lever].add(Spread { least: 0.0, most: 1.0 });
                    }
                    for (place, resource) in resources.iter().enumerate() {
                        block.uses[place * width + lever].meet(offer.used(resource));
                    }
                }
                Err(rule) => count(&mut block.rules, lever, rule),
            }
        }
        let gains = &gains[..width];
        let pick = pick(gains, &levers.overlaps);
        let (first, second) = (usize::from(pick.primary), usize::from(pick.secondary));
        let basis = |lever: usize| bases.get(lever).copied().unwrap_or(Provenance::Model);
        let gain = |lever: usize| gains.get(lever).copied().unwrap_or(0.0);
        let left = match pick.secondary {
            NONE => 0.0,
            _ => levers.overlaps.behind(first)[second],
        };
        block.rows.push(Row {
            pick,
            acts: pick,
            bases: [basis(first), basis(second)],
            gains: [gain(first), left * gain(second)],
        });
    }
    Ok(block)
}

fn count(rules: &mut Vec<(usize, Ineligible, usize)>, lever: usize, rule: Ineligible) {
    match rules.iter_mut().find(|(known, same, _)| *known == lever && *same == rule) {
        Some((_, _, customers)) => *customers += 1,
        None => rules.push((lever, rule, 1)),
    }
}

/// What each lever uses of a resource, customer by customer; zero where it does not apply.
pub(crate) fn uses(
    levers: &Levers,
    base: &CustomerBase,
    resource: &ResourceId,
    work: &Work,
) -> Result<Vec<f64>, StrategyError> {
    let (n, width) = (base.n_customers(), levers.ids.len());
    let mut uses = vec![0.0; n * width];
    let blocks = blocks::fill(&mut uses, blocks::BLOCK * width.max(1), work, |first, uses| {
        for (place, used) in uses.iter_mut().enumerate() {
            let (row, lever) = ((first + place) / width, (first + place) % width);
            let offer = levers.consider(lever, &base.customer(row))?;
            *used = offer.map_or(0.0, |(offer, _)| offer.used(resource));
        }
        Ok(())
    })?;
    blocks.into_iter().collect::<Result<(), StrategyError>>()?;
    Ok(uses)
}
