//! What several test files share: a shop in memory, a sink in memory, and a small market.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::{self, Write};

use segmentry::data::{
    Amounts, Batch, Batches, IdColumn, ScanRequest, SourceError, Times, TransactionSource,
};
use segmentry::export::{ExportError, Sink};

/// One line of a till: customer, day number, cents, order, product, category.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub customer: String,
    pub day: i32,
    pub cents: i64,
    pub order: String,
    pub product: String,
    pub category: String,
}

impl Line {
    pub fn new(customer: impl Into<String>, day: i32, cents: i64) -> Self {
        Self {
            customer: customer.into(),
            day,
            cents,
            order: String::new(),
            product: String::new(),
            category: String::new(),
        }
    }
}

/// A shop whose lines come in any number of partitions and any size of batches.
#[derive(Debug, Clone)]
pub struct Shop {
    pub lines: Vec<Line>,
    pub partitions: usize,
    pub batch: usize,
    pub orders: bool,
    pub categories: bool,
}

impl Shop {
    pub fn new(lines: Vec<Line>) -> Self {
        Self { lines, partitions: 1, batch: 1000, orders: false, categories: false }
    }
}

impl TransactionSource for Shop {
    fn partitions(&self) -> usize {
        self.partitions
    }

    fn scan(&self, partition: usize, _: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        let mine: Vec<&Line> = self
            .lines
            .iter()
            .enumerate()
            .filter(|(i, _)| i % self.partitions == partition)
            .map(|(_, l)| l)
            .collect();
        let batches: Vec<_> = mine.chunks(self.batch).map(|lines| self.columns(lines)).collect();
        Ok(Batches::new(batches.into_iter()))
    }
}

impl Shop {
    fn columns(&self, lines: &[&Line]) -> Result<Batch<'static>, SourceError> {
        let texts = |of: fn(&Line) -> &str| lines.iter().map(|line| of(line)).collect();
        let mut batch = Batch::new(
            IdColumn::texts(texts(|line| &line.customer)),
            Times::Days(lines.iter().map(|line| line.day).collect()),
            Amounts::Minor { units: lines.iter().map(|line| line.cents).collect(), digits: 2 },
        )?;
        if self.orders {
            batch = batch.orders(IdColumn::texts(texts(|line| &line.order)))?;
            batch = batch.products(IdColumn::texts(texts(|line| &line.product)))?;
        }
        if self.categories {
            batch = batch.categories(texts(|line| &line.category))?;
        }
        Ok(batch)
    }
}

/// A sink that keeps everything in memory.
#[derive(Debug, Default, PartialEq)]
pub struct Memory {
    pub files: BTreeMap<String, Vec<u8>>,
    pub committed: bool,
}

impl Sink for Memory {
    fn write(
        &mut self,
        name: &str,
        content: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), ExportError> {
        let mut bytes = Vec::new();
        content(&mut bytes).map_err(|source| ExportError::Io { name: name.to_owned(), source })?;
        self.files.insert(name.to_owned(), bytes);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), ExportError> {
        self.committed = true;
        Ok(())
    }
}

/// Numbers that look random and are the same everywhere (a 64-bit linear congruential generator,
/// Knuth's constants).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A market of three habits: weekly small baskets of food, monthly mixed ones, and people who came
/// once or twice.
pub fn market(customers: u64) -> Vec<Line> {
    let mut dice = Dice(7);
    let mut lines = Vec::new();
    for customer in 0..customers {
        let id = format!("c{customer}");
        let (gap, basket, category, until) = match customer % 3 {
            0 => (7, 1_500, "food", 400 + dice.roll(100) as i32),
            1 => (30, 6_000, "garden", 350 + dice.roll(150) as i32),
            _ => (200, 12_000, "tools", 60 + dice.roll(250) as i32),
        };
        let mut day = dice.roll(90) as i32;
        let until = until.max(day + 1);
        while day < until {
            let cents = basket / 2 + dice.roll(basket as u64) as i64;
            let mut line = Line::new(id.as_str(), day, cents);
            line.order = format!("o{}", lines.len());
            line.product = format!("p{}", dice.roll(40));
            line.category = if dice.roll(5) == 0 { "misc".into() } else { category.into() };
            if dice.roll(25) == 0 {
                lines.push(Line { day: day + 3, cents: -cents, ..line.clone() });
            }
            lines.push(line);
            day += 1 + dice.roll(2 * gap as u64) as i32;
        }
    }
    lines
}
