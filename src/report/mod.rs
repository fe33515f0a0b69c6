//! Results for people: one HTML page that can be forwarded, and a summary that fits a screen.
//!
//! | item | what it is |
//! |---|---|
//! | [`Report`] | everything that is to be told, as [`html`](Report::html) and [`summary`](Report::summary) |
//! | [`decile_chart`], [`lorenz_chart`], [`profile_chart`], [`value_map_chart`] | the pictures of the page, each as an SVG of its own |
//! | [`tracking_chart`], [`weekly_tracking_chart`], [`calibration_chart`], [`conditional_chart`] | a forecast beside what happened |
//! | [`alive_chart`] | who counts as gone |
//! | [`frontier_chart`], [`experiences_chart`], [`sensitivity_chart`] | what a budget brings, how many experiences pay, which assumptions matter |
//! | [`migration_chart`], [`cohort_chart`] | who rose and fell, and what each cohort brings |
//!
//! The page needs no script, no network and no other file; it is readable on a phone. Names from
//! the caller's data are escaped wherever they stand. No figure of fewer than eleven customers is
//! shown, and where one is withheld, enough others are withheld that it cannot be worked out from
//! the totals.

mod alive;
mod axes;
mod calibration;
mod cohorts;
mod deciles;
mod escape;
mod experiences;
mod findings;
mod frontier;
mod lorenz;
mod map;
mod migration;
mod numbers;
mod page;
mod profile;
mod sensitivity;
mod strategy_section;
mod suppress;
mod svg;
mod text;
mod tracking;

pub use alive::alive_chart;
pub use calibration::{calibration_chart, conditional_chart};
pub use cohorts::cohort_chart;
pub use deciles::decile_chart;
pub use experiences::experiences_chart;
pub use frontier::{FrontierMark, frontier_chart};
pub use lorenz::lorenz_chart;
pub use map::value_map_chart;
pub use migration::migration_chart;
pub use page::{Report, ReportParts};
pub use profile::profile_chart;
pub use sensitivity::{SensitivityBar, sensitivity_chart};
pub use tracking::{tracking_chart, weekly_tracking_chart};
