//! `segmentry` turns a company's transactions and customer attributes into segments that were
//! judged, and gives every single customer a primary and a secondary strategy valued in money.
//!
//! Segmentations usually fail after they succeed: the groups are statistically perfect and nobody
//! can act on them. So here a segmentation is never the end. Value comes first; segments must prove
//! that they are exclusive, large enough and quantified before anything trusts them, and the answer
//! can be "no"; and each customer gets a strategy that does not depend on the segments.
//!
//! # Quick start
//!
#![cfg_attr(feature = "csv", doc = "```")]
#![cfg_attr(not(feature = "csv"), doc = "```ignore")]
//! use segmentry::blueprint::Blueprint;
//! use segmentry::data::CsvTransactions;
//! use segmentry::work::Work;
//!
//! let shop = CsvTransactions::open("examples/data/cdnow.csv")?
//! .customer("customer_id")
//! .time("date")
//! .amount("amount");
//! let blueprint = Blueprint::new().build_parallel(&shop, &Work::new())?;
//!
//! println!("{}", blueprint.report().summary());
//! let best_tenth = blueprint.value().deciles().groups[0];
//! assert_eq!(best_tenth.customers, 236);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The map
//!
//! Data flow from top to bottom, and so do the imports: a module uses only those above it. Stages meet in plain data
//! types, so you can enter or leave at any of them with scores or labels of your own.
//!
//! | module | question | gives |
//! |---|---|---|
//! | [`units`], [`work`] | | the shared words; progress and cancellation |
//! | [`data`] | what happened? | [`CustomerHistory`](data::CustomerHistory), [`DataQuality`](data::DataQuality) |
//! | [`simulate`] | what if the truth were known? | [`Market`](simulate::Market), [`Truth`](simulate::Truth) |
//! | [`value`] | what were, will and could customers be worth? | [`CustomerValue`](value::CustomerValue) |
//! | [`features`] | how do they behave? | [`FeatureMatrix`](features::FeatureMatrix) |
//! | [`needs`] | what do they want? | [`Needs`](needs::Needs) |
//! | [`cluster`] | who is like whom? | [`Segmentation`](cluster::Segmentation) |
//! | [`profile`] | what sets the segments apart? | [`Profile`](profile::Profile) |
//! | [`validate`] | do the segments deserve trust? | [`Verdict`](validate::Verdict) |
//! | [`select`] | which of several segmentations, or none? | [`Choice`](select::Choice) |
//! | [`strategy`] | what to do about each customer? | [`StrategyPlan`](strategy::StrategyPlan) |
//! | [`treatment`] | when and how does each customer hear of it? | [`Schedule`](treatment::Schedule) |
//! | [`export`], [`report`] | how does it get out? | CSV, JSON, one HTML page |
//! | [`blueprint`] | all of it | [`BlueprintResult`](blueprint::BlueprintResult) |
//!
//! # Your own parts
//!
//! Ten traits are there to be implemented: [`TransactionSource`](data::TransactionSource),
//! [`AttributeSource`](data::AttributeSource) and [`EventSource`](data::EventSource) for data,
//! [`ValueModel`](value::ValueModel), [`FeatureExtractor`](features::FeatureExtractor),
//! [`Segmenter`](cluster::Segmenter), [`SegmentCheck`](validate::SegmentCheck), [`Lever`](strategy::Lever) and
//! [`StrategyAssigner`](strategy::StrategyAssigner) for methods, and [`Sink`](export::Sink) for results.
//!
//! # Promises
//!
//! - Same input, settings, seed and version: the same bits, on any number of threads, for any batching, partitioning and
//!   order of the rows.
//! - Bad data end in a typed error that says where, or in a counted skip that was chosen; every row that was read is
//!   accounted for.
//! - No I/O that was not handed in, no logging, no threads that outlive a call, no `unsafe`.
//! - Customer ids are in no error text and no debug output, and no report shows a figure of fewer than eleven customers.
//! - What rests on an assumption says so.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `csv` | yes | transactions, attributes and events from CSV |
//! | `gzip` | no | CSV files packed by gzip |
//! | `arrow` | no | transactions from Arrow record batches and Parquet files |
//! | `milp` | no | an exact solver for small allocations of budgets |
//! | `parallel` | yes | work on the threads of the caller's rayon pool; the results keep their bits |
//!
//! Without any of them the crate builds for `wasm32-unknown-unknown`.
//!
//! # What it does not do
//!
//! It opens no connections, sends no messages and draws no causal conclusions: gains rest on success rates that are
//! assumed until an experiment measures them, and every output says which. It knows one currency per data set and no
//! time zones.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod blueprint;
pub mod cluster;
pub mod data;
pub mod export;
pub mod features;
pub mod needs;
pub mod profile;
pub mod report;
pub mod select;
pub mod simulate;
pub mod strategy;
pub mod treatment;
pub mod units;
pub mod validate;
pub mod value;
pub mod work;

mod error;
mod num;
mod saved;

/// The README's example is run like any other.
#[cfg(all(doctest, feature = "csv"))]
#[doc = include_str!("../README.md")]
pub struct Readme;

pub use error::{Error, Result};
