//! Margins and costs to serve, where the company knows them.
//!
//! Nothing is invented: without a margin the value is one of revenue and says so, and without a
//! cost to serve no lever saves any.

use crate::data::{Attributes, DataError};
use crate::units::Money;
use crate::value::ValueError;

/// What a company knows of its costs.
///
/// ```
/// use segmentry::value::Economics;
///
/// let known = Economics::none().margin(0.35)?;
/// assert_eq!(known.margin_of(0), Some(0.35));
/// assert_eq!(known.cost_to_serve_of(0), None);
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Economics {
    margin: Margin,
    /// Per year and customer.
    cost_to_serve: Vec<Option<f64>>,
    notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Default)]
enum Margin {
    #[default]
    NotStated,
    Flat(f64),
    Each(Vec<f64>),
}

impl Economics {
    /// Nothing is known.
    pub fn none() -> Self {
        Self::default()
    }

    /// One contribution margin for all customers, as a share of spend.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless it is finite and at most 1.
    pub fn margin(mut self, margin: f64) -> Result<Self, ValueError> {
        if !(margin.is_finite() && margin <= 1.0) {
            return Err(ValueError::Param {
                name: "margin",
                value: margin,
                expected: "finite and at most 1",
            });
        }
        self.margin = Margin::Flat(margin);
        Ok(self)
    }

    /// Each customer's contribution margin, as a share of spend.
    ///
    /// # Errors
    ///
    /// [`ValueError::BadValue`] unless all are finite and at most 1.
    pub fn margins(mut self, margins: Vec<f64>) -> Result<Self, ValueError> {
        match margins.iter().position(|margin| !(margin.is_finite() && *margin <= 1.0)) {
            Some(row) => {
                Err(ValueError::BadValue { what: "margin", row, expected: "finite and at most 1" })
            }
            None => {
                self.margin = Margin::Each(margins);
                Ok(self)
            }
        }
    }

    /// Each customer's cost to serve in a year, where it is known.
    ///
    /// # Errors
    ///
    /// [`ValueError::BadValue`] unless those given are finite and not negative.
    pub fn costs_to_serve(mut self, per_year: Vec<Option<Money>>) -> Result<Self, ValueError> {
        match per_year.iter().position(|cost| cost.is_some_and(|cost| cost.amount() < 0.0)) {
            Some(row) => {
                Err(ValueError::BadValue { what: "cost to serve", row, expected: "zero or more" })
            }
            None => {
                self.cost_to_serve =
                    per_year.into_iter().map(|cost| cost.map(Money::amount)).collect();
                Ok(self)
            }
        }
    }

    /// What attributes named `margin` (a share of spend) and `cost_to_serve` (money per year) say,
    /// if there are any.
    ///
    /// A margin is used only where it is known for every customer: values in revenue and in margin
    /// do not compare.
    ///
    /// # Errors
    ///
    /// [`ValueError::Data`] where such an attribute is no number, [`ValueError::BadValue`] where a
    /// value is outside its range.
    pub fn from_attributes(attributes: &Attributes) -> Result<Self, ValueError> {
        let numbers = |name: &str| match attributes.column(name) {
            Ok(column) => column.numbers().map(Some).map_err(ValueError::Data),
            Err(DataError::NoSuchAttribute { .. }) => Ok(None),
            Err(other) => Err(ValueError::Data(other)),
        };
        let mut known = Self::none();
        let partly = |values: &[Option<f64>]| {
            let count = values.iter().flatten().count();
            (count < values.len())
                .then(|| format!("known for {count} of {} customers", values.len()))
        };
        if let Some(margins) = numbers("margin")? {
            match margins.iter().copied().collect::<Option<Vec<f64>>>() {
                Some(margins) => known = known.margins(margins)?,
                None => known.notes.extend(
                    partly(margins).map(|how| format!("the margin is {how} and was not used")),
                ),
            }
        }
        if let Some(costs) = numbers("cost_to_serve")? {
            known.notes.extend(
                partly(costs)
                    .map(|how| format!("the cost to serve is {how}, for the others it is none")),
            );
            let costs = costs.iter().map(|cost| cost.map(Money::finite)).collect();
            known = known.costs_to_serve(costs)?;
        }
        Ok(known)
    }

    /// The margin of the customer in `row`, where one was stated.
    pub fn margin_of(&self, row: usize) -> Option<f64> {
        match &self.margin {
            Margin::NotStated => None,
            Margin::Flat(margin) => Some(*margin),
            Margin::Each(margins) => margins.get(row).copied(),
        }
    }

    /// The cost to serve the customer in `row` for a year, where it is known.
    pub fn cost_to_serve_of(&self, row: usize) -> Option<Money> {
        self.cost_to_serve.get(row).copied().flatten().map(Money::finite)
    }

    /// What should be known about these figures, such as how many customers they are missing for.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether a margin was stated.
    pub(crate) fn has_margin(&self) -> bool {
        self.margin != Margin::NotStated
    }

    /// Whether a cost to serve is known of anybody.
    pub(crate) fn has_cost_to_serve(&self, n: usize) -> bool {
        (0..n).any(|row| self.cost_to_serve_of(row).is_some())
    }

    /// Checks that per-customer figures are there for each of `n` customers.
    pub(crate) fn check_length(&self, n: usize) -> Result<(), ValueError> {
        let length = |what, got| {
            if got == n { Ok(()) } else { Err(ValueError::Length { what, expected: n, got }) }
        };
        if let Margin::Each(margins) = &self.margin {
            length("the table of margins", margins.len())?;
        }
        if self.cost_to_serve.is_empty() {
            Ok(())
        } else {
            length("the table of costs to serve", self.cost_to_serve.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_outside_their_range_are_refused() {
        assert!(Economics::none().margin(f64::NAN).is_err());
        assert!(Economics::none().margin(1.2).is_err());
        assert!(matches!(
            Economics::none().margins(vec![0.2, f64::INFINITY]),
            Err(ValueError::BadValue { row: 1, .. })
        ));
        let negative = vec![None, Some(Money::finite(-1.0))];
        assert!(matches!(
            Economics::none().costs_to_serve(negative),
            Err(ValueError::BadValue { row: 1, .. })
        ));
    }

    #[test]
    fn a_table_of_the_wrong_length_is_named() {
        let known = Economics::none().margins(vec![0.2]).unwrap();
        assert!(matches!(
            known.check_length(2),
            Err(ValueError::Length { expected: 2, got: 1, .. })
        ));
    }
}
