//! Input that nobody should have to send: every piece ends in a typed error that says where, or in
//! a counted skip.

#![allow(clippy::unwrap_used, clippy::panic)]

mod columns;
#[cfg(feature = "csv")]
mod corpus;
#[cfg(feature = "csv")]
mod csv;
#[cfg(feature = "csv")]
mod endless;
#[cfg(feature = "parallel")]
mod pool;
mod side_sources;
mod sources;
