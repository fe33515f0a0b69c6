//! The next product to buy: the one that a customer does not hold and is nearest to.

use crate::num::blocks;
use crate::strategy::StrategyError;
use crate::strategy::products::together::Together;
use crate::strategy::products::{Affinity, Products};
use crate::work::Work;

/// The place of no product.
const NONE: u16 = u16::MAX;

/// What every customer buys next.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Next {
    places: Vec<u16>,
    affinities: Vec<f32>,
    by_holdings: bool,
}

/// The product that a customer would buy next.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct NextProduct<'a> {
    /// Its place among the products.
    pub product: usize,
    /// Its name.
    pub name: &'a str,
    /// How near the customer is to it: by holdings the share of comparable customers who hold it,
    /// otherwise what the caller's affinities say.
    pub affinity: f64,
    /// By how much it is held more often by those who hold what the customer does than by
    /// everybody; `None` where the affinity is the caller's.
    pub lift: Option<f64>,
}

impl Products {
    /// Works out which product each customer would buy next, by what is held together.
    ///
    /// ```text
    /// P(j | i)    = (n_ij + 20 p_j) / (n_i + 20)
    /// affinity(j) = mean of P(j | i) over the products i that the customer holds
    /// ```
    ///
    /// with `n_i` holders of `i`, `n_ij` of both and `p_j` the share of all customers that holds
    /// `j`, which twenty customers' evidence is taken for. The next product is the nearest of those
    /// that the customer does not hold, that are sold with a profit, and that what they hold speaks
    /// for: those with more affinity than `p_j`. For who holds nothing the affinity is `p_j`.
    ///
    /// Say first what products are worth and their margins.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Time grows with customers × products held × products, and memory by six bytes a customer;
    /// while it works, by four bytes a holding and a table of products × products.
    ///
    /// # References
    ///
    /// Deshpande, M. & Karypis, G. (2004). Item-based top-N recommendation algorithms. *ACM
    /// Transactions on Information Systems* 22(1), 143-177: conditional probabilities between
    /// items, combined over those that a customer has. Knott, A., Hayes, A. & Neslin, S. A. (2002).
    /// Next-product-to-buy models for cross-selling applications. *Journal of Interactive
    /// Marketing* 16(3), 59-75: what is owned predicts what is bought next.
    pub fn next_to_buy(mut self, work: &Work) -> Result<Self, StrategyError> {
        work.begin("working out what is bought next", Some(self.ids.len() as u64))?;
        let together = Together::of(&self, work)?;
        let next = self.nearest(true, work, |row, affinities| {
            let held = self.held(row);
            together.affinities(held, affinities);
            if held.is_empty() {
                return;
            }
            for (affinity, &base) in affinities.iter_mut().zip(together.base()) {
                if *affinity <= base {
                    *affinity = f64::NEG_INFINITY;
                }
            }
        })?;
        self.next = Some(next);
        Ok(self)
    }

    /// Takes as the next product that which the caller's affinities say is nearest, of those that
    /// the customer does not hold and that are sold with a profit.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Length`] where the affinities are of another number of customers or
    /// products; [`StrategyError::Cancelled`].
    pub fn next_by(mut self, affinity: &Affinity, work: &Work) -> Result<Self, StrategyError> {
        work.begin("working out what is bought next", Some(self.ids.len() as u64))?;
        let (k, n) = (self.names.len(), self.ids.len());
        for (expected, got) in [(k, affinity.n_products()), (n, affinity.n_customers())] {
            if got != expected && k > 0 {
                return Err(StrategyError::Length { expected, got });
            }
        }
        let next = self.nearest(false, work, |row, affinities| {
            let own = affinity.of(row);
            affinities.iter_mut().zip(own).for_each(|(to, from)| *to = f64::from(*from));
        })?;
        self.next = Some(next);
        Ok(self)
    }

    /// The nearest product of each customer that can be sold to them; of equal ones the first.
    fn nearest(
        &self,
        by_holdings: bool,
        work: &Work,
        affinities_of: impl Fn(usize, &mut [f64]) + Sync,
    ) -> Result<Next, StrategyError> {
        let sells: Vec<usize> = (0..self.names.len()).filter(|&place| self.sells(place)).collect();
        let blocks = blocks::map_blocks(self.ids.len(), work, |rows| {
            let mut affinities = vec![0.0; self.names.len()];
            let mut nearest = Vec::with_capacity(rows.len());
            for row in rows {
                affinities_of(row, &mut affinities);
                for &held in self.held(row) {
                    affinities[usize::from(held)] = f64::NEG_INFINITY;
                }
                let mut best = (NONE, f64::NEG_INFINITY);
                for &place in &sells {
                    if affinities[place] > best.1 {
                        best = (place as u16, affinities[place]);
                    }
                }
                nearest.push(best);
            }
            nearest
        })?;
        let n = self.ids.len();
        let (mut places, mut affinities) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for (place, affinity) in blocks.into_iter().flatten() {
            places.push(place);
            affinities.push(affinity as f32);
        }
        Ok(Next { places, affinities, by_holdings })
    }

    /// Whether the next products were worked out.
    pub(crate) fn knows_next(&self) -> bool {
        self.next.is_some()
    }

    /// The place of the next product alone.
    pub(crate) fn next_place(&self, row: usize) -> Option<usize> {
        let place = self.next.as_ref()?.places[row];
        (place != NONE).then_some(usize::from(place))
    }

    /// What the customer in a row would buy next; `None` where nothing speaks for a product that
    /// they do not hold, and before it was worked out.
    pub fn next(&self, row: usize) -> Option<NextProduct<'_>> {
        let next = self.next.as_ref()?;
        let product = self.next_place(row)?;
        let affinity = f64::from(next.affinities[row]);
        let base = self.holders(product) as f64 / self.ids.len() as f64;
        let lift = (next.by_holdings && base > 0.0).then(|| affinity / base);
        Some(NextProduct { product, name: &self.names[product], affinity, lift })
    }
}
