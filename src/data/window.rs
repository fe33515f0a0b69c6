//! The aggregates of one window of time, beside the summaries of its customers.
//!
//! A log of days stands by only as long as the order of the rows is not known: a source that
//! declares its order needs memory for its customers and not for their days.

use crate::data::RowOrder;
use crate::data::days::{Count, DayLog};
use crate::data::summary::{Arrival, Overflow, Summary};

/// The logs of one window.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    order: RowOrder,
    log: DayLog,
    /// How many of the logged days belong to the first customer of a shard whose rows stand
    /// together by customer, and who may go on in the shard before.
    edge: usize,
    /// Sums of squared gaps between days of purchase, by customer, where they were asked for.
    squared_gaps: Option<Vec<u64>>,
}

/// Why a row or a summary cannot be added.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Misfit {
    /// A sum does not fit.
    Overflow,
    /// Rows were declared to come in order and do not.
    OutOfOrder,
}

impl From<Overflow> for Misfit {
    fn from(_: Overflow) -> Self {
        Self::Overflow
    }
}

impl Window {
    pub(crate) fn new(order: RowOrder, rhythm: bool) -> Self {
        Self { order, log: DayLog::default(), edge: 0, squared_gaps: rhythm.then(Vec::new) }
    }

    /// Forgets everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.log.clear();
        self.edge = 0;
        if let Some(gaps) = &mut self.squared_gaps {
            gaps.clear();
        }
    }

    /// Books a row on the summary of its customer.
    #[inline]
    pub(crate) fn book(
        &mut self,
        summary: &mut Summary,
        day: i32,
        minor: i64,
    ) -> Result<(), Misfit> {
        if minor < 0 {
            summary.take_back(minor)?;
            return Ok(());
        }
        match summary.purchase(day, minor)? {
            Arrival::SameDay => {}
            Arrival::NewDay(gap) => {
                self.add_gap(summary.number, gap, 0);
                if self.order != RowOrder::Time {
                    self.log.push(summary.number, day);
                }
            }
            Arrival::Late if self.order == RowOrder::Time => return Err(Misfit::OutOfOrder),
            Arrival::Late => self.log.push_doubtful(summary.number, day),
        }
        Ok(())
    }

    /// Adds another window's logs, after [`absorb_summary`](Self::absorb_summary) has seen its
    /// customers; so many of its days met a day that was there before.
    pub(crate) fn absorb(&mut self, other: &Self, numbers: &[u32], meetings: usize) {
        self.log.absorb(&other.log, numbers, meetings);
    }

    /// Adds the summary of one customer of another window; the answer says whether a day of it
    /// may have been there before.
    pub(crate) fn absorb_summary(
        &mut self,
        summary: &mut Summary,
        other: &Summary,
        window: &Self,
    ) -> Result<bool, Misfit> {
        let squares = window.squared_gaps_of(other.number);
        let had_purchase = summary.has_purchase();
        match summary.absorb(other)? {
            Arrival::NewDay(gap) => {
                self.add_gap(summary.number, gap, squares);
                Ok(false)
            }
            Arrival::SameDay => {
                self.add_gap(summary.number, 0, squares);
                Ok(had_purchase)
            }
            Arrival::Late if self.order == RowOrder::Time => Err(Misfit::OutOfOrder),
            Arrival::Late => Ok(true),
        }
    }

    fn add_gap(&mut self, customer: u32, gap: u32, more: u64) {
        if let Some(gaps) = &mut self.squared_gaps {
            let place = customer as usize;
            if gaps.len() <= place {
                gaps.resize(place + 1, 0);
            }
            gaps[place] += u64::from(gap) * u64::from(gap) + more;
        }
    }

    /// The sum of squared gaps of a customer; zero where they were not asked for.
    pub(crate) fn squared_gaps_of(&self, customer: u32) -> u64 {
        let gaps = self.squared_gaps.as_ref().and_then(|gaps| gaps.get(customer as usize));
        gaps.copied().unwrap_or(0)
    }

    /// Replaces the sum of squared gaps of a customer, where they were asked for.
    pub(crate) fn set_squared_gaps(&mut self, customer: u32, squares: u64) {
        if let Some(gaps) = &mut self.squared_gaps {
            let place = customer as usize;
            gaps.resize(gaps.len().max(place + 1), 0);
            gaps[place] = squares;
        }
    }

    /// Counts the days of the customers that `wanted` names, from the log.
    pub(crate) fn count(&mut self, wanted: impl Fn(u32) -> bool) -> Vec<Count> {
        let counts = self.log.count(wanted);
        if let Some(gaps) = &mut self.squared_gaps {
            for count in &counts {
                // Customers of uncounted days have had a second day, but perhaps no gap yet.
                let place = count.customer as usize;
                gaps.resize(gaps.len().max(place + 1), 0);
                gaps[place] = count.squared_gaps;
            }
        }
        counts
    }

    /// Marks what is logged so far as the days of the edge, which [`close`](Self::close) keeps.
    pub(crate) fn keep_as_edge(&mut self) {
        self.edge = self.log.len();
    }

    /// Drops the days behind the edge: their customer is complete.
    pub(crate) fn close(&mut self) {
        self.log.truncate(self.edge);
    }

    /// Keeps the days of these customers, those of the edge first.
    pub(crate) fn keep_only(&mut self, edge: u32, open: u32) {
        self.log.retain(|customer| customer == edge || customer == open);
        self.edge = self.log.count_of(edge);
    }
}
