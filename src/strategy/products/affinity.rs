//! A caller's own affinities: how near each customer is to each product.

use std::fmt;

use crate::strategy::StrategyError;

/// How near each customer is to each product, by whatever model the caller has.
///
/// Only the order within a customer counts: affinity picks the product, and what it brings is
/// valued by the incremental probability of the lever that offers it.
#[derive(Clone, PartialEq)]
pub struct Affinity {
    products: usize,
    values: Vec<f32>,
}

impl Affinity {
    /// Affinities row by row: of the first customer to each product, then of the second.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Length`] where the values are no whole rows of `products`;
    /// [`StrategyError::ProductValue`] unless all are finite.
    ///
    /// ```
    /// use segmentry::strategy::Affinity;
    ///
    /// let near = Affinity::new(2, vec![0.1, 0.7, 0.4, 0.2])?;
    /// assert_eq!(near.of(1), [0.4, 0.2]);
    /// # Ok::<(), segmentry::strategy::StrategyError>(())
    /// ```
    pub fn new(products: usize, values: Vec<f32>) -> Result<Self, StrategyError> {
        let (rows, rest) = match products {
            0 => (0, values.len()),
            k => (values.len() / k, values.len() % k),
        };
        if rest > 0 {
            let (expected, got) = (rows * products, values.len());
            return Err(StrategyError::Length { expected, got });
        }
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(StrategyError::ProductValue {
                what: "an affinity",
                row: at / products,
                value: f64::from(values[at]),
                expected: "finite",
            });
        }
        Ok(Self { products, values })
    }

    /// How many products there are.
    pub fn n_products(&self) -> usize {
        self.products
    }

    /// How many customers there are; none where there are no products.
    pub fn n_customers(&self) -> usize {
        self.values.len().checked_div(self.products).unwrap_or(0)
    }

    /// Of the customer in a row, to each product.
    pub fn of(&self, row: usize) -> &[f32] {
        &self.values[row * self.products..][..self.products]
    }
}

impl fmt::Debug for Affinity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Affinity")
            .field("customers", &self.n_customers())
            .field("products", &self.products)
            .finish()
    }
}
