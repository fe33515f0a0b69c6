//! temp
pub mod units;
pub mod work;
mod num;
pub mod data;
pub mod value;
