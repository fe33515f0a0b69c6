//! Numerics without a marketing word in them: what every stage computes with.
//!
//! | item | what it is for |
//! |---|---|
//! | [`adjust`] | p-values adjusted for many tests |
//! | [`blocks`] | work and sums over fixed blocks, in block order, on any number of threads |
//! | [`correlation`] | whether two numbers go together |
//! | [`interval`] | intervals for shares and means |
//! | [`linear`] | small symmetric systems |
//! | [`newton`] | minimum of a smooth function of a few variables |
//! | [`order_free`] | sums that do not depend on the order of their terms |
//! | [`quadrature`] | Gauss-Legendre nodes |
//! | [`quantile`] | order statistics |
//! | [`rank_groups`] | values cut into groups by rank, without a sort |
//! | [`random`] | random streams whose values never change |
//! | [`real`] | transcendental functions from one source |
//! | [`sampler`] | draws from the classical distributions |
//! | [`special`] | gamma functions and tails of distributions |
//! | [`two_sample`] | two groups compared on a number |
//!
//! Private to the crate: stages speak in their own words.

pub(crate) mod adjust;
pub(crate) mod blocks;
pub(crate) mod correlation;
pub(crate) mod interval;
pub(crate) mod linear;
pub(crate) mod newton;
pub(crate) mod order_free;
pub(crate) mod quadrature;
pub(crate) mod quantile;
pub(crate) mod random;
pub(crate) mod rank_groups;
pub(crate) mod real;
pub(crate) mod sampler;
pub(crate) mod special;
pub(crate) mod two_sample;
