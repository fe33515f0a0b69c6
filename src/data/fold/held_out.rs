//! What is held back of the fold: the days behind the observation, summed up like those within.

use crate::data::summary::Summary;
use crate::data::window::{Misfit, Window};

/// What customers did after the observation, held back to test forecasts on.
#[derive(Debug, Clone)]
pub(super) struct HeldOut {
    pub(super) until: i32,
    pub(super) window: Window,
    /// By customer; shorter than the roster where the last ones did nothing.
    pub(super) summaries: Vec<Summary>,
}

impl HeldOut {
    fn summary(&mut self, customer: u32) -> &mut Summary {
        let place = customer as usize;
        if self.summaries.len() <= place {
            self.summaries.resize(place + 1, Summary::default());
        }
        let summary = &mut self.summaries[place];
        summary.number = customer;
        summary
    }

    pub(super) fn book(&mut self, customer: u32, day: i32, minor: i64) -> Result<(), Misfit> {
        let mut summary = *self.summary(customer);
        let booked = self.window.book(&mut summary, day, minor);
        self.summaries[customer as usize] = summary;
        booked
    }

    pub(super) fn absorb(&mut self, other: &Self, numbers: &[u32]) -> Result<(), (Misfit, u32)> {
        let mut meetings = 0;
        for (place, theirs) in other.summaries.iter().enumerate() {
            let customer = numbers[place];
            let mut summary = *self.summary(customer);
            let met = self.window.absorb_summary(&mut summary, theirs, &other.window);
            meetings += usize::from(met.map_err(|misfit| (misfit, customer))?);
            self.summaries[customer as usize] = summary;
        }
        self.window.absorb(&other.window, numbers, meetings);
        Ok(())
    }
}
