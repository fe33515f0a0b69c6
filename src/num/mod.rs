//! Numerics without a marketing word in them: what every stage computes with.
//!
//! | item | what it is for |
//! |---|---|
//! | [`adjust`] | p-values adjusted for many tests |
//! | [`blocks`] | work and sums over fixed blocks, in block order, on any number of threads |
//! | [`correlation`] | whether two numbers go together |
//! | [`falling_sum`] | discounted sums of the powers of a beta-distributed probability |
//! | [`interval`] | intervals for shares and means |
//! | [`linear`] | small symmetric systems |
//! | [`newton`] | minimum of a smooth function of a few variables |
//! | [`quadrature`] | Gauss-Legendre nodes |
//! | [`quantile`] | order statistics |
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
pub(crate) mod falling_sum;
pub(crate) mod interval;
pub(crate) mod linear;
pub(crate) mod newton;
pub(crate) mod quadrature;
pub(crate) mod quantile;
pub(crate) mod random;
pub(crate) mod real;
pub(crate) mod sampler;
pub(crate) mod special;
pub(crate) mod two_sample;
