//! What would be true if we knew: a market of simulated customers, as a source like any other, with
//! the truth beside it.
//!
//! No data set says who has left for good, what people need or what they would have done without
//! the letter. A method that claims to find it can only be judged where the answer was planted.
//!
//! | item | what it is |
//! |---|---|
//! | [`Market`] | the parameters; a source of transactions, attributes and events |
//! | [`Truth`], [`SimulatedCustomer`] | what is true of any customer, drawn again when asked |
//! | [`Calibration`], [`Holdout`] | what a customer did in the observation, and does after it |
//! | [`Purchasing`], [`Dropout`] | when customers buy and how they leave: BG/NBD, MBG/NBD, Pareto/NBD |
//! | [`Spending`] | how much they spend: Gamma-Gamma, or a fixed amount |
//! | [`PlantedNeed`], [`PlantedSegment`] | what customers want, which categories show it, and who is alike |
//! | [`Survey`] | what they say when asked, with yes-saying, errors and missing items |
//! | [`Treatments`], [`Occasion`] | contacts against a hold-out, responses with a known effect, consents |
//! | [`Purchase`] | one purchase of one customer |
//! | [`SimulateError`] | which parameter cannot be, and what would do |
//!
//! # A study
//!
//! Read the market as if it were a company, let a method say what it finds, and compare it with the
//! truth:
//!
//! ```
//! use segmentry::data::CustomerHistory;
//! use segmentry::simulate::{Market, Purchasing};
//! use segmentry::units::Days;
//! use segmentry::value::{BgNbd, PurchaseSummary};
//! use segmentry::work::Work;
//!
//! let market = Market::new(4000).purchasing(Purchasing::cdnow_bg_nbd()).seed(1);
//! let work = Work::new();
//! let history = CustomerHistory::read(&market, &market.history_spec()?, &work)?;
//! let base = PurchaseSummary::of(&history);
//! let model = BgNbd::new().fit(&base, &work)?;
//!
//! let horizon = Days::weeks(39);
//! let mut predicted = 0.0;
//! for &place in base.places() {
//!     predicted += model.expected_purchases(&base.distinct()[place as usize], horizon);
//! }
//! let truth = market.truth()?;
//! let happened: u32 = truth.customers().map(|customer| customer.holdout(horizon).purchases).sum();
//! assert!((predicted / f64::from(happened) - 1.0).abs() < 0.1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Conventions
//!
//! - **Same rows, always.** Each customer has random streams of their own, keyed by seed and
//!   number: partitions, batches, threads and the number of other customers change nothing. Generator,
//!   samplers and logarithms are this crate's own or have one source, so the bits are the same on
//!   every platform.
//! - **Continuous time, counted in days.** Purchases happen at any second. A history counts days
//!   with a purchase and measures ages in whole days, and [`Calibration`] and [`Holdout`] do as it
//!   does; [`SimulatedCustomer::purchases`] gives each purchase by itself.
//! - **One end.** The observation ends with the midnight after its last day. The process does not
//!   know it, so the holdout is the same process carried on.
//! - **Unchanged by additions.** Lines, returns, needs, surveys and treatments come from other
//!   streams than purchases and payments do.
//!
//! The simulated base is held against the closed-form expectations of Fader, Hardie & Lee (2005,
//! equation 9) and of Schmittlein, Morrison & Colombo (1987), the samplers against their
//! distribution functions.

mod basket;
mod customer;
mod error;
mod market;
mod planted;
mod purchasing;
mod source;
mod survey;
mod treatment;
mod truth;

pub use basket::Spending;
pub use customer::{Calibration, Holdout, Occasion, Purchase, SimulatedCustomer};
pub use error::SimulateError;
pub use market::Market;
pub use planted::{PlantedNeed, PlantedSegment};
pub use purchasing::{Dropout, Purchasing};
pub use survey::Survey;
pub use treatment::Treatments;
pub use truth::Truth;
