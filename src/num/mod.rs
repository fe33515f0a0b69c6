//! Numerics without a marketing word in them: what every stage computes with.
//!
//! | item | what it is for |
//! |---|---|
//! | [`adjust`] | p-values adjusted for many tests |
//! | [`blocks`] | work and sums over fixed blocks, in block order, on any number of threads |
//! | [`chebyshev`] | smooth functions of one variable, from a few values |
//! | [`correlation`] | whether two numbers go together |
//! | [`delta`] | standard errors of predictions |
//! | [`decay`] | integrals of decaying products of powers |
//! | [`exponential_integral`] | the generalised exponential integral |
//! | [`gamma_tail`] | tails and quantiles of the gamma distribution |
//! | [`falling_sum`] | discounted sums of the powers of a beta-distributed probability |
//! | [`index`] | numbers found by hash |
//! | [`interval`] | intervals for shares and means |
//! | [`linear`] | small symmetric systems |
//! | [`newton`] | minimum of a smooth function of a few variables |
//! | [`profile`] | intervals by profile likelihood |
//! | [`quadrature`] | Gauss-Legendre nodes, expectations under a beta distribution |
//! | [`order_free`] | sums that do not depend on the order of their terms |
//! | [`quantile`] | order statistics |
//! | [`rank_groups`] | values cut into groups by rank, without a sort |
//! | [`random`] | random streams whose values never change |
//! | [`real`] | transcendental functions from one source |
//! | [`sampler`] | draws from the classical distributions |
//! | [`simd`] | the vector instructions of this machine, found at run time |
//! | [`softplus`] | the logistic curve and its integral, for many values at once |
//! | [`special`] | gamma functions and tails of distributions |
//! | [`two_sample`] | two groups compared on a number |
//! | [`vector`] | exponentials and logarithms for many values at once |
//!
//! Private to the crate: stages speak in their own words.

pub(crate) mod adjust;
pub(crate) mod blocks;
pub(crate) mod chebyshev;
pub(crate) mod correlation;
pub(crate) mod decay;
pub(crate) mod delta;
pub(crate) mod exponential_integral;
pub(crate) mod falling_sum;
pub(crate) mod gamma_tail;
pub(crate) mod index;
pub(crate) mod interval;
pub(crate) mod linear;
pub(crate) mod newton;
pub(crate) mod order_free;
pub(crate) mod profile;
pub(crate) mod quadrature;
pub(crate) mod quantile;
pub(crate) mod random;
pub(crate) mod rank_groups;
pub(crate) mod real;
pub(crate) mod sampler;
pub(crate) mod simd;
pub(crate) mod softplus;
pub(crate) mod special;
pub(crate) mod two_sample;
pub(crate) mod vector;
