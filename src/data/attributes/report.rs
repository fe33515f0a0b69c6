//! What a join found on both sides: every row of the source and every customer in one count each.

use std::fmt;

use serde::Serialize;

use crate::data::{Availability, Origin, OutOfDomain, RepeatedCustomers};

/// The account of one join of attributes to customers.
///
/// Every row that was read is in exactly one of `rows_matched`, `rows_repeated`, `rows_unmatched`
/// and `rows_without_id`; every customer in one of `customers_with_row` and
/// `customers_without_row`. Rows that belong to nobody are counted and not looked at further.
/// Printed, it is a few lines of text; it names fields and no customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JoinReport {
    /// Rows read from the source.
    pub rows_read: u64,
    /// Rows that were the first of their customer.
    pub rows_matched: u64,
    /// Further rows of customers who had one already.
    pub rows_repeated: u64,
    /// Rows whose id belongs to no customer of the table.
    pub rows_unmatched: u64,
    /// Rows without an id.
    pub rows_without_id: u64,
    /// Customers of the table.
    pub customers: u64,
    /// Customers for whom the source has a row.
    pub customers_with_row: u64,
    /// Customers for whom it has none.
    pub customers_without_row: u64,
    /// What became of customers with several rows.
    pub repeated_customers: RepeatedCustomers,
    /// What became of values outside their domain.
    pub out_of_domain: OutOfDomain,
    /// The fields, in the source's order.
    pub fields: Vec<FieldReport>,
}

/// What a join found in one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FieldReport {
    /// Its name.
    pub name: String,
    /// The kind of its values, in words.
    pub kind: &'static str,
    /// Who knows it, and how.
    pub origin: Origin,
    /// Whether it is there at scoring time.
    pub availability: Availability,
    /// Distinct levels or options, declared ones that never occur included; `None` for kinds
    /// without any.
    pub levels: Option<u64>,
    /// Customers of whom it is known.
    pub known: u64,
    /// Customers who have a row and no value in it.
    pub missing: u64,
    /// Values outside the domain that became missing.
    pub out_of_domain: u64,
    /// Customers whose rows contradict one another here, so that the value became missing.
    pub contradicted: u64,
}

impl JoinReport {
    /// The rows in all counts together; always `rows_read`.
    pub fn accounted_for(&self) -> u64 {
        self.rows_matched + self.rows_repeated + self.rows_unmatched + self.rows_without_id
    }

    /// Rows that found nobody, with an id or without.
    pub fn rows_of_nobody(&self) -> u64 {
        self.rows_unmatched + self.rows_without_id
    }
}

impl fmt::Display for JoinReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} rows read: {} matched, {} repeated, {} of unknown customers, {} without an id",
            self.rows_read,
            self.rows_matched,
            self.rows_repeated,
            self.rows_unmatched,
            self.rows_without_id
        )?;
        write!(
            f,
            "{} customers: {} with a row, {} without",
            self.customers, self.customers_with_row, self.customers_without_row
        )?;
        for field in &self.fields {
            write!(f, "\n{field}")?;
        }
        Ok(())
    }
}

impl fmt::Display for FieldReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}`, {}: known {}, missing {}",
            self.name, self.kind, self.known, self.missing
        )?;
        if let Some(levels) = self.levels {
            write!(f, ", levels {levels}")?;
        }
        if self.out_of_domain > 0 {
            write!(f, ", values outside the domain {}", self.out_of_domain)?;
        }
        if self.contradicted > 0 {
            write!(f, ", contradicted {}", self.contradicted)?;
        }
        Ok(())
    }
}
