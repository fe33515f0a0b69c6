//! Which products are held together: of those who hold one, the share that holds the other.
//!
//! Each row of the table is counted by itself from the holders of its product, so that threads
//! share nothing and add up no floating sums.

use crate::num::blocks;
use crate::strategy::StrategyError;
use crate::strategy::products::{FEW, Products};
use crate::work::Work;

/// Shares of holders who hold another product too, pulled towards the share of everybody.
pub(super) struct Together {
    products: usize,
    /// `(n_ij + s p_j) / (n_i + s)`, row by row; where `i` is `j` it is not used.
    shares: Vec<f64>,
    /// `p_j`: the share of all customers that holds it.
    base: Vec<f64>,
}

impl Together {
    pub(super) fn of(products: &Products, work: &Work) -> Result<Self, StrategyError> {
        let k = products.names.len();
        let customers = products.ids.len() as f64;
        let base: Vec<f64> =
            products.holders.iter().map(|&n| f64::from(n) / customers.max(1.0)).collect();
        let holders = holders(products);
        let mut shares = vec![0.0; k * k];
        blocks::fill(&mut shares, k.max(1), work, |start, row| {
            let product = start / k;
            let mut both = vec![0_u32; k];
            for &customer in &holders[product] {
                for &held in products.held(customer as usize) {
                    both[usize::from(held)] += 1;
                }
            }
            let n = f64::from(products.holders[product]);
            for (other, share) in row.iter_mut().enumerate() {
                *share = (f64::from(both[other]) + FEW * base[other]) / (n + FEW);
            }
        })?;
        Ok(Self { products: k, shares, base })
    }

    /// Of the customers who hold a product, the share that holds each other one.
    fn among_holders_of(&self, product: u16) -> &[f64] {
        &self.shares[usize::from(product) * self.products..][..self.products]
    }

    /// The share of all customers that holds each product.
    pub(super) fn base(&self) -> &[f64] {
        &self.base
    }

    /// The mean of the shares among the holders of each product held; those of everybody for who
    /// holds none.
    pub(super) fn affinities(&self, held: &[u16], into: &mut [f64]) {
        if held.is_empty() {
            into.copy_from_slice(&self.base);
            return;
        }
        into.fill(0.0);
        for &product in held {
            let shares = self.among_holders_of(product);
            into.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share);
        }
        let n = held.len() as f64;
        into.iter_mut().for_each(|sum| *sum /= n);
    }
}

/// The customers who hold each product.
fn holders(products: &Products) -> Vec<Vec<u32>> {
    let with_room = |&n: &u32| Vec::with_capacity(n as usize);
    let mut holders: Vec<Vec<u32>> = products.holders.iter().map(with_room).collect();
    for row in 0..products.ids.len() {
        for &product in products.held(row) {
            holders[usize::from(product)].push(row as u32);
        }
    }
    holders
}
