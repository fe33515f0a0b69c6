//! What could be done for whom: gains and uses of every offer.
//!
//! Sixteen customers lie side by side for one lever, then the same sixteen for the next: a search
//! over all customers then runs in vector registers without gathering anything.

use crate::num::blocks;
use crate::strategy::StrategyError;
use crate::work::Work;

/// Customers that lie side by side.
pub(super) const LANES: usize = 16;

/// The most levers that a table may have.
pub const MOST_LEVERS: usize = 64;

/// Numbers beyond this are no money and no minutes; they would overflow once prices multiply them.
pub(super) const LARGEST: f64 = 1e100;

/// How much of one resource the offers use.
#[derive(Debug, Clone, PartialEq)]
pub enum Uses {
    /// One number per lever, the same for all customers: a call of ten minutes.
    PerLever(Vec<f64>),
    /// One number per customer and lever, customers in rows: an incentive that grows with spend.
    /// What stands where an offer is not made is not looked at.
    PerOffer(Vec<f64>),
}

/// Uses as they are kept.
#[derive(Debug, Clone)]
pub(super) enum Kept {
    PerLever(Vec<f64>),
    /// In tiles; the smallest and the largest use of each lever beside them.
    PerOffer(Vec<f64>, Vec<[f64; 2]>),
}

/// Gains of `n` customers by `L` levers, and what the offers use of each resource.
///
/// A gain is the expected money of doing one thing for one customer, net of everything that is paid
/// for it; `None` says that the offer cannot be made. Uses are what the offer takes from resources
/// that are limited, in any unit: money, minutes, places.
///
/// # Example
///
/// ```
/// use segmentry::strategy::allocation::{OfferTable, Uses};
///
/// // Two customers, two levers: a call and a letter. The second cannot be called.
/// let table = OfferTable::new(2, [Some(30.0), Some(8.0), None, Some(5.0)])?
///     .uses("minutes", Uses::PerLever(vec![10.0, 0.0]))?;
/// assert_eq!(table.gain(0, 0), Some(30.0));
/// assert_eq!(table.gain(1, 0), None);
/// assert_eq!(table.used("minutes", 0, 0), Some(10.0));
/// # Ok::<(), segmentry::strategy::StrategyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct OfferTable {
    n: usize,
    levers: usize,
    /// In tiles; an offer that is not made, or a customer beyond the last, is NaN.
    gains: Vec<f64>,
    resources: Vec<(String, Kept)>,
}

impl OfferTable {
    /// Gains of all customers, one after the other, each with one entry per lever.
    ///
    /// # Errors
    ///
    /// [`StrategyError::OfferTable`] for more than [`MOST_LEVERS`] levers, a last customer with
    /// fewer entries than levers, or more than 4,294,967,295 customers;
    /// [`StrategyError::OfferGain`] for a gain that is not a number from -1e100 to 1e100.
    pub fn new(
        levers: usize,
        gains: impl IntoIterator<Item = Option<f64>>,
    ) -> Result<Self, StrategyError> {
        let mut refused = None;
        let gains: Vec<f64> = gains
            .into_iter()
            .enumerate()
            .map(|(place, gain)| match gain {
                Some(gain) => {
                    // NaN is in no range.
                    if !(-LARGEST..=LARGEST).contains(&gain) && refused.is_none() {
                        refused = Some(place);
                    }
                    gain
                }
                None => f64::NAN,
            })
            .collect();
        if let Some(place) = refused.filter(|_| levers > 0) {
            return Err(StrategyError::OfferGain { row: place / levers, lever: place % levers });
        }
        Self::of_gains(levers, gains)
    }

    /// The same from numbers of which NaN stands for an offer that is not made.
    pub(crate) fn of_gains(levers: usize, gains: Vec<f64>) -> Result<Self, StrategyError> {
        let fault = |what, expected, got| StrategyError::OfferTable { what, expected, got };
        if levers > MOST_LEVERS {
            return Err(fault("levers", MOST_LEVERS, levers));
        }
        let n = gains.len().checked_div(levers).unwrap_or(0);
        if gains.len() != n * levers {
            return Err(fault("gains", n * levers, gains.len()));
        }
        if u32::try_from(n).is_err() {
            return Err(fault("customers", u32::MAX as usize, n));
        }
        let gains = tiled(gains, levers);
        let table = Self { n, levers, gains, resources: Vec::new() };
        let fits = |gain: f64| gain.is_nan() || gain.abs() <= LARGEST;
        match table.first_fault(&table.gains, |gain, _| fits(gain)) {
            Some((row, lever)) => Err(StrategyError::OfferGain { row, lever }),
            None => Ok(table),
        }
    }

    /// No levers: nothing can be done for any of so many customers.
    pub fn without_levers(n: usize) -> Self {
        Self { n, levers: 0, gains: Vec::new(), resources: Vec::new() }
    }

    /// Says what the offers use of a resource; a resource that was named before is replaced.
    ///
    /// # Errors
    ///
    /// [`StrategyError::OfferTable`] for the wrong number of entries; [`StrategyError::OfferUse`]
    /// for a use that is not a number from 0 to 1e100.
    pub fn uses(mut self, resource: impl Into<String>, uses: Uses) -> Result<Self, StrategyError> {
        let resource = resource.into();
        let fits = |used: f64| (0.0..=LARGEST).contains(&used);
        let length = |expected: usize, got: usize| {
            if expected == got {
                return Ok(());
            }
            Err(StrategyError::OfferTable { what: "uses", expected, got })
        };
        let kept = match uses {
            Uses::PerLever(uses) => {
                length(self.levers, uses.len())?;
                if let Some(lever) = uses.iter().position(|&used| !fits(used)) {
                    return Err(StrategyError::OfferUse { resource, row: None, lever });
                }
                Kept::PerLever(uses)
            }
            Uses::PerOffer(uses) => {
                length(self.levers * self.n, uses.len())?;
                let mut uses = tiled(uses, self.levers);
                let fault = self.first_fault(&uses, |used, gain| gain.is_nan() || fits(used));
                if let Some((row, lever)) = fault {
                    return Err(StrategyError::OfferUse { resource, row: Some(row), lever });
                }
                let extremes = self.extreme_uses(&mut uses);
                Kept::PerOffer(uses, extremes)
            }
        };
        match self.resources.iter_mut().find(|(name, _)| *name == resource) {
            Some(known) => known.1 = kept,
            None => self.resources.push((resource, kept)),
        }
        Ok(self)
    }

    /// Number of customers.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there are no customers.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Number of levers.
    pub fn levers(&self) -> usize {
        self.levers
    }

    /// Names of the resources, in the order in which they were given.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().map(|(name, _)| name.as_str())
    }

    /// The gain of an offer; `None` where it is not made or is not in the table.
    pub fn gain(&self, row: usize, lever: usize) -> Option<f64> {
        let inside = row < self.n && lever < self.levers;
        inside.then(|| self.gains[self.place(row, lever)]).filter(|gain| !gain.is_nan())
    }

    /// What an offer uses of a resource; `None` where the offer is not made or the resource has
    /// another name.
    pub fn used(&self, resource: &str, row: usize, lever: usize) -> Option<f64> {
        self.gain(row, lever)?;
        Some(match self.kept(resource)? {
            Kept::PerLever(uses) => uses[lever],
            Kept::PerOffer(uses, _) => uses[self.place(row, lever)],
        })
    }

    pub(super) fn kept(&self, resource: &str) -> Option<&Kept> {
        self.resources.iter().find(|(name, _)| name == resource).map(|(_, kept)| kept)
    }

    /// Gains in tiles.
    pub(super) fn gains(&self) -> &[f64] {
        &self.gains
    }

    /// Where an offer lies in its column of tiles.
    #[inline]
    pub(super) fn place(&self, row: usize, lever: usize) -> usize {
        (row / LANES * self.levers + lever) * LANES + row % LANES
    }

    /// The first offer, by row and then lever, whose number or gain is not as it should be.
    fn first_fault(
        &self,
        numbers: &[f64],
        fits: impl Fn(f64, f64) -> bool + Sync,
    ) -> Option<(usize, usize)> {
        let tile = self.levers * LANES;
        let firsts = blocks::map_blocks(self.n, &Work::new(), |rows| {
            let cells = rows.start * self.levers..rows.end.div_ceil(LANES) * tile;
            let pairs = numbers[cells.clone()].iter().zip(&self.gains[cells]);
            if pairs.fold(true, |all, (&number, &gain)| all & fits(number, gain)) {
                return None;
            }
            rows.flat_map(|row| (0..self.levers).map(move |lever| (row, lever))).find(|&(r, l)| {
                let place = self.place(r, l);
                !fits(numbers[place], self.gains[place])
            })
        });
        firsts.into_iter().flatten().flatten().next()
    }

    /// The smallest and the largest use of each lever; uses of offers that are not made become zero.
    fn extreme_uses(&self, uses: &mut [f64]) -> Vec<[f64; 2]> {
        let mut extremes = vec![[f64::INFINITY, 0.0]; self.levers];
        let size = blocks::BLOCK * self.levers.max(1);
        let parts = blocks::fill(uses, size, &Work::new(), |first, uses| {
            let mut extremes = vec![[f64::INFINITY, 0.0]; self.levers];
            let gains = &self.gains[first..first + uses.len()];
            let tiles = uses.chunks_exact_mut(LANES).zip(gains.chunks_exact(LANES));
            for (tile, (uses, gains)) in tiles.enumerate() {
                let [least, most] = &mut extremes[tile % self.levers];
                for (used, gain) in uses.iter_mut().zip(gains) {
                    if gain.is_nan() {
                        *used = 0.0;
                    } else {
                        *least = used.min(*least);
                        *most = used.max(*most);
                    }
                }
            }
            extremes
        });
        for part in parts.into_iter().flatten() {
            for ([least, most], [low, high]) in extremes.iter_mut().zip(part) {
                *least = low.min(*least);
                *most = high.max(*most);
            }
        }
        extremes
    }
}

/// Rows of customers laid out in tiles, in place; customers beyond the last are NaN.
fn tiled(mut numbers: Vec<f64>, levers: usize) -> Vec<f64> {
    if levers == 0 {
        return numbers;
    }
    let rows = numbers.len() / levers;
    numbers.resize(rows.div_ceil(LANES) * LANES * levers, f64::NAN);
    // The handle is our own, so that nobody cancels it.
    let _whole = blocks::fill(&mut numbers, blocks::BLOCK * levers, &Work::new(), |_, numbers| {
        let mut rows = vec![0.0; LANES * levers];
        for tile in numbers.chunks_exact_mut(LANES * levers) {
            rows.copy_from_slice(tile);
            for (lane, row) in rows.chunks_exact(levers).enumerate() {
                for (lever, &number) in row.iter().enumerate() {
                    tile[lever * LANES + lane] = number;
                }
            }
        }
    });
    numbers
}
