//! temp
pub mod units;
pub mod work;
mod num;
pub mod data;
pub mod value;
pub mod features;
pub mod needs;
pub mod cluster;
pub mod profile;
pub mod validate;
pub mod strategy;
