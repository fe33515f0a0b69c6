//! Vector instructions that the machine has, found out at run time: the one door to them.
//!
//! Users build for the default target, which is far below what their processors can do. A kernel
//! here is a struct whose body is compiled once for each level of the instruction set, and [`run`]
//! takes the best that the machine has.
//!
//! Every level must give the same bits. That holds as long as a kernel
//!
//! - treats each lane alone (one row of customers per lane), or sums in a number of *virtual* lanes
//!   that is written in the code and is the same on every level,
//! - fuses a multiplication and an addition by [`fma`] or not at all, and
//! - takes exponentials and logarithms from [`vector`](crate::num::vector).
//!
//! Everything that a kernel calls is `#[inline(always)]`, or it is compiled for the default target.

use pulp::{Arch, WithSimd};

/// Runs a kernel with the best instructions of this machine.
#[inline]
pub(crate) fn run<K: WithSimd>(kernel: K) -> K::Output {
    Arch::new().dispatch(kernel)
}

/// `a * b + c`, rounded once. For kernels only: outside, it is a call of a slow function.
#[inline(always)]
#[expect(clippy::disallowed_methods, reason = "fused always: this is the one door, for kernels")]
pub(crate) fn fma(a: f64, b: f64, c: f64) -> f64 {
    a.mul_add(b, c)
}

/// The results of a kernel on every level of instructions that this machine has, the plain one
/// first.
#[cfg(test)]
pub(crate) fn on_every_level<K: WithSimd>(kernel: impl Fn() -> K) -> Vec<K::Output> {
    let mut results = vec![Arch::Scalar.dispatch(kernel())];
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        use pulp::x86::{V3, V4};
        results.extend(V3::try_new().map(|level| pulp::Simd::vectorize(level, kernel())));
        results.extend(V4::try_new().map(|level| pulp::Simd::vectorize(level, kernel())));
    }
    results.push(run(kernel()));
    results
}
